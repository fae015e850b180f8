"""The operator's key of encrypted data: read from a file, or printed by a command."""

import base64
import binascii
import shlex
import subprocess
from functools import cache, partial
from pathlib import Path

from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.engine import KeySource
from dialoguedb.settings import Settings

KEY_BYTES = 32
_FILE_BYTES_MAX = 4_096
_TIMEOUT_S = 60


def encryption_key(settings: Settings) -> KeySource | None:
    """Return what reads the key that is set, None when none is; InvalidSetting when two are."""
    return key_source(settings.encryption_key_file, settings.encryption_key_command)


def key_source(file: Path | None, command: str | None) -> KeySource | None:
    """Return what reads a key from one of the two, once; InvalidSetting when both are given."""
    if file is not None and command is not None:
        raise InvalidSetting("Name the file of an encryption key or a command for it, not both")
    if file is not None:
        return cache(partial(_from_file, file))
    return None if command is None else cache(partial(_from_command, command))


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(_FILE_BYTES_MAX), str(path))
    except OSError as error:
        raise InvalidSetting(f"The encryption key {path}: {error.strerror}") from None


def _from_command(command: str) -> bytes:
    """Run the command, whose complaints go where ours go; what it prints is shown nowhere."""
    arguments = shlex.split(command)
    name = arguments[0]
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except OSError as error:
        raise InvalidSetting(f"The encryption key command {name!r}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise InvalidSetting(
            f"The encryption key command {name!r} printed nothing for {_TIMEOUT_S} seconds"
        ) from None
    except subprocess.CalledProcessError as error:
        raise InvalidSetting(
            f"The encryption key command {name!r} ended with status {error.returncode}"
        ) from None
    return _decoded(done.stdout, f"what {name!r} prints")


def _decoded(text: bytes, source: str) -> bytes:
    """Read 32 bytes from hexadecimal or base64; nothing of a bad key is repeated."""
    written = text.strip()
    for decode in (bytes.fromhex, partial(base64.b64decode, validate=True)):
        try:
            key = decode(written.decode("ascii"))
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    raise InvalidSetting(
        f"The encryption key, {source}, is not {KEY_BYTES} bytes in hexadecimal or base64;"
        " `openssl rand -hex 32` makes one"
    )
