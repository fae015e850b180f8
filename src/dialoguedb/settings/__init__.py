"""Every choice of an operator, with its default; flag, variable and file entry follow from it.

A setting comes from its flag, else its environment variable, else the TOML file, else its default.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from msgspec.structs import fields

from dialoguedb.errors import InvalidSetting
from dialoguedb.settings.about import About
from dialoguedb.settings.choices import Settings
from dialoguedb.settings.values import Address, Database, LogLevel, Secret, read_secret_file

__all__ = [
    "CONFIG_DEFAULT",
    "CONFIG_VARIABLE",
    "SECRET_FILES",
    "SETTINGS",
    "Address",
    "Database",
    "LogLevel",
    "Secret",
    "Setting",
    "Settings",
    "load",
]

PREFIX = "DIALOGUEDB_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
CONFIG_DEFAULT = Path("dialoguedb.toml")


@dataclass(frozen=True)
class Setting:
    """What sets a field of `Settings`, with the names it has in each source."""

    name: str
    about: About
    kind: Any
    default: Any
    field: str
    """The field that it sets; a secret has another setting that names a file with it."""

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
            raise InvalidSetting(f"{source}: {self.about.refusal(text)}") from None
        except InvalidSetting as error:
            raise InvalidSetting(f"{source}: {error.message}") from None


def _described() -> tuple[Setting, ...]:
    return tuple(
        Setting(field.name, about, _present(kind), field.default, field.name)
        for field in fields(Settings)
        for kind, about in [get_args(field.type)]
    )


def _present(kind: Any) -> Any:
    """Return the kind of a value that is there, of one that need not be."""
    kinds = [each for each in get_args(kind) if each is not NoneType]
    return kinds[0] if isinstance(kind, UnionType) and len(kinds) == 1 else kind


def _with_file(secret: Setting) -> Setting:
    about = About(
        f"File with the value of {secret.key}, which then is in no list of processes.",
        "FILE",
        f"a file with {secret.about.expected}",
        partial(read_secret_file, secret.about.read),
    )
    return Setting(f"{secret.name}_file", about, secret.kind, None, secret.name)


SETTINGS = _described()
"""One for each field."""

SECRET_FILES = tuple(_with_file(setting) for setting in SETTINGS if setting.about.is_secret)

_ALL = (*SETTINGS, *SECRET_FILES)

# --- Where they come from -----------------------------------------------------------------------


def load(
    flags: Mapping[str, Any], environment: Mapping[str, str], config: Path | None = None
) -> Settings:
    """Read every setting from the first source that has it; InvalidSetting names a bad one's."""
    named = environment.get(CONFIG_VARIABLE)
    file = config or (Path(named) if named else None)
    values = _from_file(file or CONFIG_DEFAULT, required=file is not None)
    values |= _from_environment(environment)
    values |= _from_flags(flags)
    return Settings(**values)


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    given = [setting for setting in _ALL if flags.get(setting.name) not in (None, ())]
    _check_alternatives({setting.flag: setting for setting in given})
    return {setting.field: flags[setting.name] for setting in given}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    given = [setting for setting in _ALL if environment.get(setting.variable)]
    _check_alternatives({setting.variable: setting for setting in given})
    return {
        setting.field: _read_variable(setting, environment[setting.variable]) for setting in given
    }


def _check_alternatives(given: Mapping[str, Setting]) -> None:
    """Refuse a secret with a file that holds it, too, whose names a source calls them by."""
    named: dict[str, str] = {}
    for name, setting in given.items():
        if setting.field in named:
            raise InvalidSetting(f"Choose either {named[setting.field]} or {name}, not both")
        named[setting.field] = name


def _read_variable(setting: Setting, text: str) -> Any:
    if not setting.repeated:
        return setting.read(text, setting.variable)
    parts = (part.strip() for part in text.split(","))
    return tuple(setting.read(part, setting.variable) for part in parts if part)


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    if not (required or path.exists()):
        return {}
    table = _parsed(path)
    known = {setting.key: setting for setting in _ALL}
    for key in table.keys() - known.keys():
        near = difflib.get_close_matches(key.replace("_", "-"), known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InvalidSetting(f"{path}: there is no setting {key!r}{hint}")
    _check_alternatives({f"{path}: {key}": known[key] for key in table})
    return {known[key].field: _read_entry(known[key], entry, path) for key, entry in table.items()}


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - few have a file of settings

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
    expected = setting.kind if setting.kind in {bool, int} else str
    if type(entry) is not expected:
        raise InvalidSetting(f"{path}: {setting.key} has to be {setting.about.expected}")
    return setting.read(str(entry), f"{path}: {setting.key}")
