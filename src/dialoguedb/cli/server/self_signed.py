"""A certificate of our own for local use, kept in the data directory with its authority."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from dialoguedb import private_files
from dialoguedb.cli.server import tls
from dialoguedb.errors import DataError, InvalidSetting

DIRECTORY = "tls"
AUTHORITY = "ca.pem"
"""What clients are given to trust: `curl --cacert`."""

CERTIFICATE = "server.pem"
"""The server's certificate with its key; the authority's own key is never kept."""

# With the wildcards, for they are in the address that a server shows, and may be copied.
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - named, not bound
_HANDSHAKE_STEPS = 4
_DAYS_VALID = 820
"""Some systems refuse certificates for more than 825 days; the first start after that renews."""


def certificate(data: Path, host: str) -> Path:
    """Return the certificate in a data directory, made again unless it fits this host."""
    directory = data / DIRECTORY
    for path in (directory, directory / CERTIFICATE, directory / AUTHORITY):
        private_files.close_to_others(path)
    names = list(dict.fromkeys((*_LOCAL, host)))
    if not all(_is_trusted(directory, name) for name in names):
        try:
            _make(directory, names)
        except ValueError as error:
            raise InvalidSetting(f"No certificate can name the host {host!r}: {error}") from error
    return directory / CERTIFICATE


def _make(directory: Path, names: list[str]) -> None:
    authority = trustme.CA(organization_name="DialogueDB, self-signed")
    now = datetime.now(UTC)
    issued = authority.issue_cert(
        *names,
        organization_name="DialogueDB",
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=_DAYS_VALID),
    )
    try:
        private_files.make_directory(directory)
        private_files.replace(
            directory / CERTIFICATE, issued.private_key_and_cert_chain_pem.bytes()
        )
        private_files.replace(directory / AUTHORITY, authority.cert_pem.bytes())
    except OSError as error:
        raise DataError(f"{directory} cannot be written: {error.strerror}") from error


def _is_trusted(directory: Path, name: str) -> bool:
    """Tell whether a client that trusts the authority accepts the certificate for a name."""
    try:
        server = tls.load(directory / CERTIFICATE, None)
        client = ssl.create_default_context(cafile=directory / AUTHORITY)
        return _shake_hands(client, server, name)
    except (InvalidSetting, OSError, ValueError):  # ssl.SSLError is an OSError
        return False


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    """Do a handshake in memory; False, or SSLError, when it fails."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(up, down, server_side=True)
    theirs = client.wrap_bio(down, up, server_hostname=name)
    for _ in range(_HANDSHAKE_STEPS):
        done = [_step(side) for side in (theirs, ours)]
        if all(done):
            return True
    return False


def _step(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
