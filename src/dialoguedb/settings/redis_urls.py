"""URLs of Redis; what is refused is not repeated.

A password that stands in one is taken out, so that nothing that shows the address shows it.
"""

from urllib.parse import parse_qs, unquote, urlsplit

from dialoguedb.errors import InvalidSetting

SCHEMES = ("redis", "rediss", "unix")

_PARAMETERS = frozenset(
    {"db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"}
)


def read(text: str) -> tuple[str, str | None]:
    """Read a URL; returns it without the password, and the password. ValueError, InvalidSetting."""
    scheme, colon, _ = text.partition("://")
    if not colon:
        raise ValueError(text)
    if scheme not in SCHEMES:
        raise _refusal(f"it begins with {':// or '.join(SCHEMES)}://")
    try:
        parts = urlsplit(text)
        parameters = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
        _ = parts.port  # ValueError when it is none
    except ValueError:
        raise _refusal("its form is redis://user@host:6379/0") from None
    if parts.fragment or text.endswith("#"):
        raise _refusal("a # is written as %23")
    _check(parts.scheme, parts.netloc, parts.path)
    for name in parameters:
        if name not in _PARAMETERS:
            raise _refusal(f"it has a parameter {name!r}, which is none of ours")
    user_info, at, host = parts.netloc.rpartition("@")
    user, _, password = user_info.partition(":")
    query = f"?{parts.query}" if parts.query else ""
    plain = f"{parts.scheme}://{user}{at if user else ''}{host}{parts.path}{query}"
    return plain, unquote(password) or None


def _check(scheme: str, netloc: str, path: str) -> None:
    if scheme == "unix":
        if not path.strip("/"):
            raise _refusal("its form is unix:///path/of/socket?db=0")
    elif not netloc.rpartition("@")[2]:
        raise _refusal("it names no host")
    elif path.strip("/") and not path.strip("/").isdecimal():
        raise _refusal("the database after the host is a number")


def _refusal(why: str) -> InvalidSetting:
    return InvalidSetting(f"this is no URL of Redis: {why}")
