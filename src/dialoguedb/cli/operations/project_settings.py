"""The options of `dialoguedb projects set`, and the change they stand for."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from dialoguedb.model.projects import SettingsChange
from dialoguedb.values import decoding

F = TypeVar("F", bound=Callable[..., Any])

_NO_QUOTA = "none"


class _Quota(click.ParamType[Any]):
    """A count, or `none`."""

    name = "quota"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the count; the word for no quota stays as it is."""
        if value == _NO_QUOTA or isinstance(value, int):
            return value
        if not value.isdecimal():
            self.fail(f"{value!r} is neither a count nor {_NO_QUOTA!r}.", param, ctx)
        return int(value)


def _quota(flag: str, what: str) -> Callable[[F], F]:
    text = f"Most {what} in a calendar month (UTC), or {_NO_QUOTA}."
    return click.option(flag, type=_Quota(), metavar=f"N|{_NO_QUOTA}", help=text)


_RATE = click.IntRange(1)
_OPTIONS = (
    click.option("--rate", type=_RATE, metavar="N", help="Requests per second."),
    click.option(
        "--burst", type=_RATE, metavar="N", help="Requests in a burst, before --rate applies."
    ),
    click.option("--rate-limit/--no-rate-limit", default=None, help="Enforce the rate limit."),
    _quota("--requests-per-month", "requests"),
    _quota("--messages-per-month", "messages stored"),
    _quota("--dialogues-per-month", "dialogues created"),
    _quota("--bytes-per-month", "bytes stored"),
    click.option(
        "--immutable",
        is_flag=True,
        default=None,
        help="Forbid deleting or tagging messages and deleting dialogues; cannot be undone.",
    ),
    click.option(
        "--deletion-protection/--no-deletion-protection",
        default=None,
        help="Protect the project from deletion.",
    ),
    click.option(
        "--auto-compact-above",
        type=_Quota(),
        metavar=f"N|{_NO_QUOTA}",
        help=f"Summarize a dialogue above this many unsummarized tokens; {_NO_QUOTA}: never.",
    ),
    click.option(
        "--auto-compact-keep",
        type=click.IntRange(0),
        metavar="N",
        help="Messages at the end of a dialogue to leave out.",
    ),
    click.option(
        "--summaries-after-deletion",
        type=click.Choice(["remake", "delete"]),
        help="Make summaries that cover a deleted message again without it, or delete them.",
    ),
    click.option(
        "--allowed-ip",
        multiple=True,
        metavar="CIDR",
        help="Allow only these client addresses; may be repeated, replaces previous ones.",
    ),
    click.option("--any-ip", is_flag=True, help="Allow any client address."),
)


def change_options(command: F) -> F:
    """Give a command an option for each setting of a project."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def change_of(flags: dict[str, Any]) -> SettingsChange:
    """Return the change that the given options stand for."""
    if flags["any_ip"] and flags["allowed_ip"]:
        raise click.UsageError("Give either --allowed-ip or --any-ip.")
    change = _given(
        rateLimit=_given(
            perSecond=flags["rate"], burst=flags["burst"], enabled=flags["rate_limit"]
        ),
        quotas=_given(
            requests=flags["requests_per_month"],
            messages=flags["messages_per_month"],
            dialogues=flags["dialogues_per_month"],
            storedBytes=flags["bytes_per_month"],
        ),
        immutable=flags["immutable"],
        deletionProtection=flags["deletion_protection"],
        autoCompact=_auto_compact(flags["auto_compact_above"], flags["auto_compact_keep"]),
        summariesAfterDeletion=flags["summaries_after_deletion"],
        allowedIps=[] if flags["any_ip"] else list(flags["allowed_ip"]) or None,
    )
    if not change:
        raise click.UsageError("Say what to set; --help lists the settings.")
    return decoding.decode(SettingsChange, msgspec.json.encode(change)).validate()


def _auto_compact(above: Any, keep: Any) -> Any:
    if above == _NO_QUOTA and keep is not None:
        raise click.UsageError(f"--auto-compact-above {_NO_QUOTA} leaves nothing to keep.")
    return above if above == _NO_QUOTA else _given(aboveTokens=above, keepRecent=keep)


def _given(**members: Any) -> dict[str, Any]:
    """Leave out what was not given; `none` becomes null."""
    return {
        name: None if value == _NO_QUOTA else value
        for name, value in members.items()
        if value is not None and value != {}
    }
