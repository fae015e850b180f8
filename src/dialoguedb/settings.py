"""Every choice of an operator, with its default; flag, variable and file entry follow from it.

A setting comes from its flag, else its environment variable, else the TOML file, else its default.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields

from dialoguedb.errors import InvalidSetting

PREFIX = "DIALOGUEDB_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
CONFIG_DEFAULT = Path("dialoguedb.toml")
PORT_MAX = 65_535

LogLevel = Literal["debug", "info", "warning", "error"]
EmbedderName = Literal["wordllama", "none"]
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
class Database:
    """The engine's place: SQLite, in a directory of its own or in the data directory."""

    directory: Path | None = None

    def __str__(self) -> str:
        """Write it as it is set."""
        return f"sqlite:{self.directory or ''}"


# --- Reading one value from text; ValueError when it does not fit -------------------------------


def _read_port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= PORT_MAX:
        raise ValueError(text)
    return port


def _read_seconds(text: str) -> int:
    seconds = int(text)
    if seconds < 0:
        raise ValueError(text)
    return seconds


def _read_host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    if not host or host.strip() != host:
        raise ValueError(text)
    return host


def _read_address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(_read_host(host), _read_port(port))


def _read_path(text: str) -> Path:
    if not text:
        raise ValueError(text)
    return Path(text).expanduser()


def _read_database(text: str) -> Database:
    scheme, colon, place = text.partition(":")
    if not colon:
        raise ValueError(text)
    if scheme != "sqlite":  # the text is not repeated: such addresses often hold a password
        raise InvalidSetting(f"a {scheme!r} database is not available in this release, only sqlite")
    if place.startswith("//"):
        place = "/" + place.lstrip("/")
    return Database(_read_path(place) if place else None)


def _read_network(text: str) -> Network:
    return ip_network(text, strict=False)


def _read_origin(text: str) -> str:
    parts = urlsplit(text)
    whole = bool(parts.scheme and parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"
    if not (whole or text == "*"):
        raise ValueError(text)
    return text


def _read_level(text: str) -> str:
    if text.lower() not in get_args(LogLevel):
        raise ValueError(text)
    return text.lower()


def _read_embedder(text: str) -> str:
    if text not in get_args(EmbedderName):
        raise ValueError(text)
    return text


_SWITCH = {"true": True, "on": True, "yes": True, "1": True}
_SWITCH |= {"false": False, "off": False, "no": False, "0": False}


def _read_switch(text: str) -> bool:
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise ValueError(text) from None


# --- The settings -------------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """What a setting is for, and how its value is written and read."""

    purpose: str
    form: str
    """What stands for the value in help texts, such as `PORT`."""

    expected: str
    """What the value has to be, such as `a port from 0 to 65535`."""

    read: Callable[[str], object]


_NETWORK = "an address range such as 10.0.0.0/8"
_SECONDS = "a whole number of seconds"
_ON_OFF = "true or false"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be chosen when a command starts."""

    data: Annotated[
        Path,
        About("Directory that holds all data; made when absent.", "DIR", "a directory", _read_path),
    ] = Path("dialoguedb-data")
    database: Annotated[
        Database,
        About(
            "Engine and its place: sqlite: is the data directory, sqlite:DIR another one.",
            "URL",
            "a database such as sqlite:DIR",
            _read_database,
        ),
    ] = Database()
    host: Annotated[
        str,
        About(
            "Name or address to listen on; 0.0.0.0 or :: for every interface.",
            "HOST",
            "a host",
            _read_host,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        About(
            "Port to listen on; 0 takes any free one.",
            "PORT",
            f"a port from 0 to {PORT_MAX}",
            _read_port,
        ),
    ] = 8000
    tls_cert: Annotated[
        Path | None,
        About("Certificate chain (PEM); serves HTTPS.", "FILE", "a file", _read_path),
    ] = None
    tls_key: Annotated[
        Path | None,
        About("Private key of the certificate (PEM).", "FILE", "a file", _read_path),
    ] = None
    tls_self_signed: Annotated[
        bool,
        About(
            "Serve HTTPS with a certificate of our own, kept in the data directory.",
            "",
            _ON_OFF,
            _read_switch,
        ),
    ] = False
    metrics_address: Annotated[
        Address | None,
        About(
            "Serve metrics by project there, without a key; bind it where only you can reach it.",
            "HOST:PORT",
            "an address such as 127.0.0.1:9090",
            _read_address,
        ),
    ] = None
    trusted_proxy: Annotated[
        tuple[Network, ...],
        About(
            "Addresses of your proxies, whose X-Forwarded-For is believed.",
            "CIDR",
            _NETWORK,
            _read_network,
        ),
    ] = ()
    cors_origin: Annotated[
        tuple[str, ...],
        About(
            "Origins whose web pages may call the API; * for any.",
            "ORIGIN",
            "an origin such as https://app.example.com, or *",
            _read_origin,
        ),
    ] = ()
    rate_limits: Annotated[
        bool,
        About("Keep every project's rate limit.", "", _ON_OFF, _read_switch),
    ] = True
    access_log: Annotated[
        bool,
        About("Log every request, not only the failing ones.", "", _ON_OFF, _read_switch),
    ] = False
    log_level: Annotated[
        LogLevel,
        About(
            "Least severity that is logged.",
            "LEVEL",
            f"one of {', '.join(get_args(LogLevel))}",
            _read_level,
        ),
    ] = "info"
    shutdown_timeout: Annotated[
        int,
        About(
            "Seconds that requests in flight get to finish after SIGTERM.",
            "SECONDS",
            _SECONDS,
            _read_seconds,
        ),
    ] = 30

    embedder: Annotated[
        EmbedderName,
        About(
            "What turns texts into vectors; none searches by words alone.",
            "NAME",
            f"one of {', '.join(get_args(EmbedderName))}",
            _read_embedder,
        ),
    ] = "wordllama"

    @property
    def database_directory(self) -> Path:
        """Where the engine keeps its files."""
        return self.database.directory or self.data


@dataclass(frozen=True)
class Setting:
    """One field of `Settings`, with the names it has in each source."""

    name: str
    about: About
    kind: Any
    default: Any

    @property
    def flag(self) -> str:
        """Its option on the command line."""
        return "--" + self.key

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()

    @property
    def key(self) -> str:
        """Its key in the TOML file."""
        return self.name.replace("_", "-")

    @property
    def repeated(self) -> bool:
        """Whether it takes several values."""
        return get_origin(self.kind) is tuple

    def read(self, text: str, source: str) -> Any:
        """Read one value; InvalidSetting, naming the source, when it does not fit."""
        try:
            text.encode()  # no part of it may be undecodable bytes
            return self.about.read(text)
        except ValueError:
            raise InvalidSetting(f"{source}: {text!r} is not {self.about.expected}") from None
        except InvalidSetting as error:
            raise InvalidSetting(f"{source}: {error.message}") from None


def _described() -> tuple[Setting, ...]:
    return tuple(
        Setting(field.name, about, kind, field.default)
        for field in fields(Settings)
        for kind, about in [get_args(field.type)]
    )


SETTINGS = _described()

# --- Where they come from -----------------------------------------------------------------------


def load(
    flags: Mapping[str, Any], environment: Mapping[str, str], config: Path | None = None
) -> Settings:
    """Read every setting from the first source that has it; InvalidSetting names a bad one's."""
    named = environment.get(CONFIG_VARIABLE)
    file = config or (Path(named) if named else None)
    values = _from_file(file or CONFIG_DEFAULT, required=file is not None)
    values |= _from_environment(environment)
    values |= {name: value for name, value in flags.items() if value not in (None, ())}
    return Settings(**values)


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        setting.name: _read_variable(setting, environment[setting.variable])
        for setting in SETTINGS
        if environment.get(setting.variable)
    }


def _read_variable(setting: Setting, text: str) -> Any:
    if not setting.repeated:
        return setting.read(text, setting.variable)
    parts = (part.strip() for part in text.split(","))
    return tuple(setting.read(part, setting.variable) for part in parts if part)


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    if not (required or path.exists()):
        return {}
    table = _parsed(path)
    known = {setting.key: setting for setting in SETTINGS}
    for key in table.keys() - known.keys():
        near = difflib.get_close_matches(key.replace("_", "-"), known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidSetting(f"{path}: there is no setting {key!r}{hint}")
    return {known[key].name: _read_entry(known[key], entry, path) for key, entry in table.items()}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{path} is not TOML: {error}") from None


def _read_entry(setting: Setting, entry: object, path: Path) -> Any:
    if not setting.repeated:
        return _read_toml(setting, entry, path)
    if not isinstance(entry, list):
        raise InvalidSetting(f"{path}: {setting.key} has to be an array of strings")
    return tuple(_read_toml(setting, item, path) for item in entry)


def _read_toml(setting: Setting, entry: object, path: Path) -> Any:
    wanted = setting.kind if setting.kind in {bool, int} else str
    if type(entry) is not wanted:
        raise InvalidSetting(f"{path}: {setting.key} has to be {setting.about.expected}")
    return setting.read(str(entry), f"{path}: {setting.key}")
