"""URLs of PostgreSQL databases, as libpq reads them; what is refused is not repeated.

A password that stands in one is taken out, so that nothing that shows the address shows it.
"""

from urllib.parse import parse_qs, quote, unquote, urlsplit

from dialoguedb.errors import InvalidSetting

PORT_MAX = 65_535

_PARAMETERS = frozenset(
    {
        *("host", "port", "user", "dbname", "passfile", "service", "target_session_attrs"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "gsslib"),
    }
)
"""Those of libpq that the driver knows; it would make others settings of the session."""

_SECRET_PARAMETERS = frozenset({"password", "sslpassword"})
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def read(location: str) -> tuple[str, str | None]:
    """Read what follows the scheme; returns it without the password, and the password."""
    if not location.startswith("//"):
        raise _refusal("it begins with postgresql://")
    try:
        parts = urlsplit(f"postgresql:{location}")
        parameters = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise _refusal("its form is postgresql://user@host:5432/name?sslmode=verify-full") from None
    if parts.fragment or location.endswith("#"):
        raise _refusal("a # is written as %23")
    _check(parameters)
    user_info, at, hosts = parts.netloc.rpartition("@")
    for host in hosts.split(","):
        _check_port(host)
    user, colon, password = user_info.partition(":")
    query = f"?{parts.query}" if parts.query else ""
    plain = f"//{user}{at}{hosts}{parts.path}{query}"
    return plain, unquote(password) if colon and password else None


def with_password(url: str, password: str) -> str:
    """Return a URL that has no password with one."""
    scheme, _, rest = url.partition("://")
    user, at, hosts = rest.partition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    return f"{scheme}://{user}:{quote(password, safe='')}@{hosts if at else rest}"


def _check(parameters: dict[str, list[str]]) -> None:
    for name in parameters:
        if name in _SECRET_PARAMETERS:
            raise _refusal(f"{name} is no part of it; a password comes from a file or a variable")
        if name not in _PARAMETERS:
            raise _refusal(f"it has a parameter {name!r}, which is none of ours")
    for mode in parameters.get("sslmode", ()):
        if mode not in _SSL_MODES:
            raise _refusal(f"sslmode is one of {', '.join(_SSL_MODES)}")


def _check_port(host: str) -> None:
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= PORT_MAX):
        raise _refusal(f"its port is a number up to {PORT_MAX}")


def _refusal(why: str) -> InvalidSetting:
    return InvalidSetting(f"this is no URL of a PostgreSQL database: {why}")
