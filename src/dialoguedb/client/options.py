"""Options of a client: the server, the key, timeouts and retries."""

import math
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.errors import InvalidSetting
from dialoguedb.model.keys import KEY_PREFIX

ENDPOINT_DEFAULT = "http://127.0.0.1:8000"
TIMEOUT_S_DEFAULT = 30.0
RETRIES_DEFAULT = 4

KEY_VARIABLES = ("DIALOGUEDB_API_KEY", "DIALOGUE_DB_API_KEY")
KEY_FILE_VARIABLE = "DIALOGUEDB_API_KEY_FILE"
ENDPOINT_VARIABLE = "DIALOGUEDB_ENDPOINT"


class ConnectionOptions(Struct, frozen=True, kw_only=True):
    """How a client reaches its server."""

    endpoint: str
    api_key: str
    tls: ssl.SSLContext | None = None


def connection_options(
    api_key: str | None,
    endpoint: str | None,
    tls: ssl.SSLContext | None,
    environment: Mapping[str, str],
) -> ConnectionOptions:
    """Return the options from the arguments, else from the environment; InvalidSetting."""
    key = api_key or key_of_environment(environment)
    if key is None:
        raise InvalidSetting(
            f"A key is needed: pass api_key, or set {KEY_VARIABLES[0]} or {KEY_FILE_VARIABLE};"
            ' or pass path="./chats" to keep the data in a directory, without a server'
        )
    url = endpoint or environment.get(ENDPOINT_VARIABLE) or ENDPOINT_DEFAULT
    if not _is_endpoint(str(url)):
        raise InvalidSetting(f"{url!r} is no endpoint such as {ENDPOINT_DEFAULT}")
    if not isinstance(tls, ssl.SSLContext | None):
        raise InvalidSetting(f"tls should be an ssl.SSLContext, not {tls!r}")
    return ConnectionOptions(endpoint=url.rstrip("/"), api_key=_key(key), tls=tls)


def key_of_environment(environment: Mapping[str, str]) -> str | None:
    """Return the key that the environment holds, or names a file with; InvalidSetting."""
    key = next(filter(None, map(environment.get, KEY_VARIABLES)), None)
    file = environment.get(KEY_FILE_VARIABLE)
    if key and file:
        raise InvalidSetting(f"Set either {KEY_VARIABLES[0]} or {KEY_FILE_VARIABLE}, not both")
    return key_in_file(Path(file)) if file else key


def key_in_file(path: Path) -> str:
    """Return the key in a file; InvalidSetting when it cannot be read."""
    try:
        return private_files.read_secret(path)
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidSetting(f"{path} holds no key") from error


def _is_endpoint(url: str) -> bool:
    """Tell whether a URL names a server, without a query, a fragment or a user."""
    try:
        parts = urlsplit(url)
        names_one = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # of a port, or of brackets
        return False
    more = parts.query or parts.fragment or "@" in parts.netloc
    return parts.scheme in {"http", "https"} and names_one and not more


def check_options(namespace: object, timeout: object, retries: object) -> None:
    """Raise InvalidSetting for options that no client can work with."""
    if not isinstance(namespace, str | None):
        raise InvalidSetting(f"namespace should be a text, not {namespace!r}")
    if not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise InvalidSetting(f"timeout should be a number of seconds above 0, not {timeout!r}")
    if not isinstance(retries, int) or retries < 0:
        raise InvalidSetting(f"retries should be a whole number from 0 on, not {retries!r}")


def _key(value: object) -> str:
    """Return a key; the error does not repeat what may be another secret."""
    key = value.strip() if isinstance(value, str) else ""
    if key.lower().startswith("bearer "):
        raise InvalidSetting("Pass the key alone, without the word Bearer before it")
    if not key.startswith(KEY_PREFIX) or not key.isascii() or not key.isprintable():
        is_path = any(mark in str(value) for mark in "./\\")
        tip = '; pass path="./chats" to keep the data in a directory, without a server'
        raise InvalidSetting(
            f"That is no key: keys are texts of ASCII characters that begin with {KEY_PREFIX}"
            f"{tip if is_path else ''}"
        )
    return key
