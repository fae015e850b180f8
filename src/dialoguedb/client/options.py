"""Where a client finds its server, and how it speaks to it."""

import ssl
from collections.abc import Mapping

from msgspec import Struct

from dialoguedb.errors import InvalidSetting

ENDPOINT_DEFAULT = "http://127.0.0.1:8000"
TIMEOUT_S_DEFAULT = 30.0
RETRIES_DEFAULT = 4

KEY_VARIABLES = ("DIALOGUEDB_API_KEY", "DIALOGUE_DB_API_KEY")
ENDPOINT_VARIABLE = "DIALOGUEDB_ENDPOINT"


class Options(Struct, frozen=True, kw_only=True):
    """Everything that can be chosen for a client of a server."""

    endpoint: str
    api_key: str
    tls: ssl.SSLContext | None = None


def chosen(
    api_key: str | None,
    endpoint: str | None,
    tls: ssl.SSLContext | None,
    environment: Mapping[str, str],
) -> Options:
    """Return the options: what is given, else what the environment says; InvalidSetting."""
    key = api_key or next(filter(None, map(environment.get, KEY_VARIABLES)), None)
    if not key:
        raise InvalidSetting(
            f"A key is needed: pass api_key, or set {KEY_VARIABLES[0]};"
            ' or pass path="./chats" to keep the data in a directory, without a server'
        )
    if not key.isascii() or not key.isprintable():
        raise InvalidSetting("The key can be none: it has other than visible ASCII characters")
    url = endpoint or environment.get(ENDPOINT_VARIABLE) or ENDPOINT_DEFAULT
    if not url.startswith(("http://", "https://")):
        raise InvalidSetting(f"{url!r} is no endpoint such as {ENDPOINT_DEFAULT}")
    return Options(endpoint=url.rstrip("/"), api_key=key.strip(), tls=tls)
