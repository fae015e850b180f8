"""What a server says when it takes requests."""

import logging

import click

from dialoguedb import __version__
from dialoguedb.cli.server.sockets import Listener
from dialoguedb.settings import Settings

logger = logging.getLogger(__name__)


def tell(settings: Settings, listener: Listener) -> None:
    """Say where the server is, once everything is there."""
    is_encrypted = settings.tls_self_signed or settings.tls_cert is not None
    url = f"{'https' if is_encrypted else 'http'}://{listener.address}"
    if not (is_encrypted or listener.is_local):
        logger.warning("Keys and content travel unencrypted: plain HTTP, reachable by others")
    if settings.tls_self_signed:
        from dialoguedb.cli.server import self_signed  # noqa: PLC0415 - only this option needs it

        authority = settings.data / self_signed.DIRECTORY / self_signed.AUTHORITY
        click.echo(f"Certificate authority for your clients to trust: {authority}")
    logger.info("Ready", extra={"url": url, "version": __version__})
    click.echo(f"DialogueDB ready on {url}")
