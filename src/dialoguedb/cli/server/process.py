"""One process that serves: what is opened, shown and run, in this order."""

import asyncio
import ctypes
import gc
import logging
import os
import ssl
import sys
from collections.abc import Callable, Sequence
from threading import Thread

import click
from uvicorn.loops.auto import auto_loop_factory

from dialoguedb.bootstrap.default_project import default_project_key
from dialoguedb.bootstrap.engine import data_directory
from dialoguedb.bootstrap.server import applications
from dialoguedb.cli.server import first_key, tls
from dialoguedb.cli.server.runner import Server, stopped_by_signals
from dialoguedb.cli.server.sockets import Listener
from dialoguedb.settings import Settings

logger = logging.getLogger(__name__)

_OBJECTS_PER_COLLECTION = 20_000
"""Requests leave no cycles behind, so there is little to collect."""

_MMAP_THRESHOLD = -3
_MAPPED_BYTES_MIN = 256 * 1024

_SWITCH_SECONDS = 0.0005
"""How long the event loop may keep the interpreter from the thread that is to commit."""


def run(
    settings: Settings,
    listeners: Sequence[Listener],
    when_ready: Callable[[], None],
    *,
    print_first_key: bool,
    stops: Sequence[int],
) -> None:
    """Serve at the first listener, metrics by project at the others, until a signal stops it."""
    context = tls.from_files(settings)
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(_serve(settings, context, listeners, when_ready, print_first_key, stops))


async def _serve(
    settings: Settings,
    context: ssl.SSLContext | None,
    listeners: Sequence[Listener],
    when_ready: Callable[[], None],
    print_first_key: bool,  # noqa: FBT001 - as of `run`
    stops: Sequence[int],
) -> None:
    listener, *metrics_listeners = listeners
    async with applications(settings) as served:
        if settings.tls_self_signed:
            context = _self_signed(settings)
        if key := await default_project_key(served.services):
            first_key.tell(key, data_directory(settings), printed=print_first_key)
        wait_s = settings.shutdown_timeout

        def ready() -> None:
            when_ready()
            # No daemon: stopped in the middle of loading, it would take the process down.
            Thread(target=served.warm_up, name="dialoguedb-warm-up").start()

        rate = settings.read_rate * 1024
        servers = [Server(served.api, listener, context, wait_s, ready, read_rate=rate)]
        for metrics_listener in metrics_listeners:
            click.echo(f"Metrics by project on http://{metrics_listener.address}/metrics")
            servers.append(Server(served.project_metrics, metrics_listener, None, wait_s))
        _spare_collector()
        _return_freed_memory()
        sys.setswitchinterval(_SWITCH_SECONDS)
        with stopped_by_signals(*servers, signals=stops):
            await asyncio.gather(*(server.run_until_stopped() for server in servers))
    logger.info("Stopped")


def _spare_collector() -> None:
    """Let the garbage collector come seldom, and leave alone what stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_PER_COLLECTION)


def _return_freed_memory() -> None:
    """Have large blocks of memory go back to the system as soon as they are freed.

    The GNU C library keeps ever larger ones once some were freed, so that one large answer would
    cost its memory for good. Other libraries do not know this option, nor do they do so.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if set_option is not None:
        set_option(_MMAP_THRESHOLD, _MAPPED_BYTES_MIN)


def _self_signed(settings: Settings) -> ssl.SSLContext:
    """Return the TLS side for a certificate of our own."""
    from dialoguedb.cli.server import self_signed  # noqa: PLC0415 - only this option needs it

    certificate = self_signed.certificate(settings.data, settings.host)
    return tls.load(certificate, None)
