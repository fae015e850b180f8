"""What a server needs to speak TLS."""

import ssl
from pathlib import Path

from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Settings


def from_files(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS side for the operator's own certificate, None when there is none."""
    if settings.tls_self_signed and (settings.tls_cert or settings.tls_key):
        raise InvalidSetting("Choose either tls-self-signed or a certificate of your own, not both")
    if settings.tls_key and not settings.tls_cert:
        raise InvalidSetting("tls-key is of no use without tls-cert")
    return load(settings.tls_cert, settings.tls_key) if settings.tls_cert else None


def load(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Read a certificate chain and its key; without a key file, both are in the first."""
    for path in (certificate, key or certificate):
        _check_readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password="")  # never asks on the terminal
    except (ssl.SSLError, ValueError) as error:
        files = f"{certificate} and {key}" if key else str(certificate)
        raise InvalidSetting(
            f"{files}: no certificate with its unencrypted key in PEM form ({error})"
        ) from error
    return context


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}") from error
