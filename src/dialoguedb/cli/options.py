"""The settings as options of a command: flags, help and checks follow from `settings`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dialoguedb import settings
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import SECRET_FILES, SETTINGS, Database, Setting, Settings

F = TypeVar("F", bound=Callable[..., Any])

STORAGE = (
    *("data", "database", "database_password", "database_password_file", "pooled"),
    *("encryption_key_file", "encryption_key_command"),
)
"""The settings of a command that only works on the data."""

OPTIONS = tuple(
    option
    for setting in SETTINGS
    for option in (setting, *(one for one in SECRET_FILES if one.field == setting.name))
)
"""Everything that can be given as an option, in the order of help texts."""

DATABASE = next(option for option in OPTIONS if option.name == "database")
PASSWORD_FILE = next(option for option in OPTIONS if option.name == "database_password_file")
TOOL_NAMES = next(option for option in OPTIONS if option.name == "tool_names")

EMBEDDING = tuple(option.name for option in OPTIONS if option.name.startswith("embedder"))
"""The settings of a command that embeds."""

SERVING = tuple(option.name for option in OPTIONS if option is not TOOL_NAMES)
"""The settings of a server, which offers no tools."""

CONFIG_HELP = (
    f"TOML file with settings. [env var: {settings.CONFIG_VARIABLE};"
    f" default: {settings.CONFIG_DEFAULT}, if it exists]"
)


class _Value(click.ParamType[Any]):
    """Reads the text of an option as its setting does."""

    def __init__(self, setting: Setting) -> None:
        self.name = setting.about.form.lower()
        self._setting = setting

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the setting's value, or fail as a wrong use of the option."""
        try:
            return self._setting.about.read(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"{self._setting.about.refusal(value)}.", param, ctx)
        except InvalidSetting as error:
            self.fail(f"{error.message}.", param, ctx)


def settings_options(*names: str) -> Callable[[F], F]:
    """Give a command an option for each named setting (all, when none is), and `--config`."""
    chosen = [option for option in OPTIONS if not names or option.name in names]

    def decorate(command: F) -> F:
        for setting in reversed(chosen):
            command = setting_option(setting)(command)
        path = click.Path(path_type=Path, dir_okay=False)
        return click.option("--config", type=path, metavar="FILE", help=CONFIG_HELP)(command)

    return decorate


def setting_option(setting: Setting) -> Callable[[F], F]:
    """Give a command the option of one setting."""
    about = setting.about
    text = f"{about.purpose} [env var: {setting.variable}{default_note(setting)}]"
    if setting.kind is bool:
        return click.option(
            f"{setting.flag}/--no-{setting.key}", setting.name, default=None, help=text
        )
    return click.option(
        setting.flag,
        setting.name,
        type=_Value(setting),
        metavar=about.form,
        multiple=setting.repeated,
        help=text,
    )


def warn_of_secret(flag: str, variable: str, file: str | None = None) -> None:
    """Warn of a secret on the command line, which the system shows to every user."""
    click.echo(
        f"Warning: other users of this machine can see {flag} in the list of processes;"
        f" use {variable} or {file or flag + '-file'}",
        err=True,
    )


def warn_of_url(database: Database, flag: str = "--database") -> None:
    """Warn of a password in a URL on the command line."""
    if database.password is not None:
        warn_of_secret(f"the password in {flag}", "PGPASSWORD", f"{flag}-password-file")


def default_note(setting: Setting) -> str:
    """Return how a help text ends that names a default, empty for a setting without one."""
    if setting.repeated:
        return "; may be repeated"
    if setting.default is None or setting.default == "":
        return ""
    text = str(setting.default)
    if setting.kind is bool:
        text = "on" if setting.default else "off"
    return f"; default: {text}"


def chosen_settings(flags: dict[str, Any]) -> Settings:
    """Read all settings, those of the flags first; takes the settings' flags out of `flags`."""
    config = flags.pop("config", None)
    given = {option.name: flags.pop(option.name, None) for option in OPTIONS}
    for setting in SETTINGS:
        if setting.about.is_secret and given[setting.name] is not None:
            warn_of_secret(setting.flag, setting.variable)
    if given["database"] is not None:
        warn_of_url(given["database"])
    store = given["rate_limit_store"]
    if store is not None and store.password is not None:
        warn_of_secret(
            "the password in --rate-limit-store",
            "DIALOGUEDB_REDIS_PASSWORD",
            "--redis-password-file",
        )
    return settings.load(given, os.environ, config)
