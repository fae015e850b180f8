"""The kinds of values that settings have, and how each is read from text.

A reader raises ValueError when the text does not fit; InvalidSetting when there is more to say.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from dialoguedb import private_files
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import postgres_urls, redis_urls

PORT_MAX = postgres_urls.PORT_MAX

LogLevel = Literal["debug", "info", "warning", "error"]
EmbedderName = Literal["wordllama", "none", "openai", "sentence-transformers"]
SummarizerName = Literal["extractive", "openai", "anthropic"]
ToolNames = Literal["prefixed", "short"]
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Address:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """Write it as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Secret:
    """A text that nothing shows."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Database:
    """The address of the data: a URL whose scheme names the engine."""

    scheme: str = "sqlite"
    location: str = field(default="", repr=False)
    """What follows the scheme, as the engine reads it, without a password."""

    password: Secret | None = None
    """What stood in the URL."""

    def __str__(self) -> str:
        """Write it as it is set, but for a password."""
        return f"{self.scheme}:{self.location}"


@dataclass(frozen=True)
class RateLimitStore:
    """Where requests are counted for rate limits."""

    kind: Literal["process", "database", "redis"] = "process"
    url: str = field(default="", repr=False)
    """That of Redis, without a password."""

    password: Secret | None = None
    """What stood in the URL."""

    def __str__(self) -> str:
        """Write it as it is set, but for a password."""
        return self.url or self.kind


ENGINES = ("sqlite", "postgresql")
"""The schemes of the engines that there are."""


def read_port(text: str) -> int:
    """Read a port; 0 is one."""
    port = int(text)
    if not 0 <= port <= PORT_MAX:
        raise ValueError(text)
    return port


def read_seconds(text: str) -> int:
    """Read a whole number of seconds, 0 on."""
    seconds = int(text)
    if seconds < 0:
        raise ValueError(text)
    return seconds


def read_amount(text: str) -> int:
    """Read a whole number from 1 on."""
    amount = int(text)
    if amount < 1:
        raise ValueError(text)
    return amount


def read_host(text: str) -> str:
    """Read a name or an address, in brackets or not."""
    host = text.removeprefix("[").removesuffix("]")
    if not host or host.strip() != host:
        raise ValueError(text)
    return host


def read_address(text: str) -> Address:
    """Read a host and a port."""
    host, _, port = text.rpartition(":")
    return Address(read_host(host), read_port(port))


def read_path(text: str) -> Path:
    """Read a path; ~ is the home directory."""
    if not text:
        raise ValueError(text)
    return Path(text).expanduser()


def read_database(text: str) -> Database:
    """Read the address of a database."""
    scheme, colon, location = text.partition(":")
    if not colon:
        raise ValueError(text)
    if scheme in {"postgresql", "postgres"}:
        location, password = postgres_urls.read(location)
        return Database("postgresql", location, Secret(password) if password else None)
    if scheme not in ENGINES:
        raise unknown_engine(scheme)
    if location.startswith("//"):
        location = "/" + location.lstrip("/")
    return Database(scheme, location)


def unknown_engine(scheme: str) -> InvalidSetting:
    """Return the refusal of an address, which is not repeated: it often holds a password."""
    return InvalidSetting(
        f"a {scheme!r} database is not available in this release, only {' and '.join(ENGINES)}"
    )


def read_rate_limit_store(text: str) -> RateLimitStore:
    """Read where requests are counted."""
    if text == "process":
        return RateLimitStore("process")
    if text == "database":
        return RateLimitStore("database")
    url, password = redis_urls.read(text)
    return RateLimitStore("redis", url, Secret(password) if password else None)


def read_network(text: str) -> Network:
    """Read a range of addresses."""
    return ip_network(text, strict=False)


def read_origin(text: str) -> str:
    """Read a web page's origin, or *."""
    parts = urlsplit(text)
    whole = bool(parts.scheme and parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"
    if not (whole or text == "*"):
        raise ValueError(text)
    return text


def read_url(text: str) -> str:
    """Read the address that the paths of an API are added to."""
    parts = urlsplit(text)
    _ = parts.port  # ValueError when it is none
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(text)
    if parts.username is not None or parts.password is not None:
        raise InvalidSetting("a URL must hold no name or password")  # which is not repeated
    return text.rstrip("/")


def read_text(text: str) -> str:
    """Read any text."""
    return text


def read_name(text: str) -> str:
    """Read a name without white space around it."""
    if not text or text.strip() != text:
        raise ValueError(text)
    return text


def read_command(text: str) -> str:
    """Read a command with its arguments, quoted as in a shell."""
    if not shlex.split(text):
        raise ValueError(text)
    return text


def read_secret(text: str) -> Secret:
    """Read what has to fit into a header of HTTP."""
    if not text or not all("!" <= character <= "~" for character in text):
        raise ValueError
    return Secret(text)


def read_password(text: str) -> Secret:
    """Read a password of one line."""
    if not text or any(control in text for control in "\0\n\r"):
        raise ValueError
    return Secret(text)


def read_secret_file(read: Callable[[str], object], text: str) -> object:
    """Read the file with a secret."""
    path = read_path(text)
    try:
        return read(private_files.read_secret(path))
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}") from error


def read_level(text: str) -> str:
    """Read the name of a severity."""
    if text.lower() not in get_args(LogLevel):
        raise ValueError(text)
    return text.lower()


_SWITCH = {"true": True, "on": True, "yes": True, "1": True}
_SWITCH |= {"false": False, "off": False, "no": False, "0": False}


def read_switch(text: str) -> bool:
    """Read yes or no in any of its forms."""
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise ValueError(text) from None
