"""`dialoguedb serve`: by one process, or by several that share a port."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import SERVING, chosen_settings, settings_options
from dialoguedb.cli.server import logs, readiness, sockets, tls, workers
from dialoguedb.settings import Address, Settings


@click.command(
    epilog=examples(
        ("On this machine, with data in ./dialoguedb-data", "dialoguedb serve"),
        (
            "On a network, with TLS",
            "dialoguedb serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
        ),
        (
            "On a PostgreSQL database, with four processes",
            "dialoguedb serve --database postgresql://dialoguedb@db/dialoguedb --workers 4",
        ),
        ("With all that an agent writes, searchable", "dialoguedb serve --import ~/.codex"),
    )
)
@click.option(
    "--print-first-key", is_flag=True, help="Print the first key even if this is no terminal."
)
@click.option(
    "--import",
    "imported",
    type=click.Path(path_type=Path, exists=True),
    metavar="DIR",
    multiple=True,
    help="Import what programs write into a directory, as `import --follow` does, into the project"
    ' "default"; may be repeated.',
)
@settings_options(*SERVING)
def serve(*, print_first_key: bool, imported: tuple[Path, ...], **flags: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C; it finishes requests in flight before it stops.

    The first start on a directory or database creates the project "default". Its key is shown once,
    at a terminal; elsewhere it is written to the file first-key in the data directory, so that no
    log has it. Logs are JSON lines on stderr.

    With --workers, each process has metrics and connections of its own, and rate limits unless
    --rate-limit-store has them shared; a process that dies is replaced. Metrics by project are then
    on a port for each, from that of --metrics-address on.
    """
    settings = chosen_settings(flags)
    tls.from_files(settings)
    logs.configure(settings.log_level)
    served_by = workers.serve if settings.workers > 1 else _serve
    with _imports_beside(settings, imported) as begin:
        served_by(settings, begin, print_first_key=print_first_key)


@contextmanager
def _imports_beside(settings: Settings, imported: Sequence[Path]) -> Iterator[Callable[[], None]]:
    """Yield what begins to follow directories; it ends with the block."""
    if not imported:
        yield lambda: None
        return
    from dialoguedb.cli.server.imports import imports_beside  # noqa: PLC0415 - few need it

    with imports_beside(settings, imported) as beside:
        yield beside.begin


def _serve(settings: Settings, begin: Callable[[], None], *, print_first_key: bool) -> None:
    from dialoguedb.cli.server import process  # noqa: PLC0415 - workers load it, not their parent

    listeners = [sockets.listen(Address(settings.host, settings.port))]
    if settings.metrics_address:
        listeners.append(sockets.listen(settings.metrics_address))

    def ready() -> None:
        readiness.tell(settings, listeners[0])
        begin()

    process.run(
        settings,
        listeners,
        ready,
        print_first_key=print_first_key,
        stops=(signal.SIGTERM, signal.SIGINT),
    )
