"""Options of data commands for the fields of dialogues, messages and memories."""

import base64
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dialoguedb.formats.attachments.kinds import type_of_bytes
from dialoguedb.values import limits

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]


class JsonText(click.ParamType[Any]):
    """JSON in an argument, of one type if `kind` is given."""

    def __init__(self, kind: type | None = None) -> None:
        self.name = "json"
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail as a wrong use of the option."""
        if not isinstance(value, str):
            return value
        try:
            read = json.loads(value)
        except (ValueError, RecursionError) as error:
            self.fail(f"{_start(value)} is not JSON: {error}.", param, ctx)
        if self._kind and not isinstance(read, self._kind):
            expected = 'a JSON object such as {"key": "value"}'
            self.fail(f"{_start(value)} is not {expected}.", param, ctx)
        return _NULL if read is None else read


def _start(text: str) -> str:
    """Return as much of a text as an error message shows."""
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…")


_SHOWN_CHARS = 60

JSON_OBJECT = JsonText(dict)
JSON_VALUE = JsonText()

_NULL = object()
"""A null that was given; None is an option that was not given."""


def options(*chosen: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command several options, in this order."""

    def decorate(command: F) -> F:
        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate


def _split(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> list[str] | None:
    """Read tags, separated by commas or given one by one; None when there is no option at all."""
    if not values:
        return None
    return [tag for value in values for part in value.split(",") if (tag := part.strip())]


# --- One by one ---------------------------------------------------------------------------------

namespace = click.option(
    "--namespace",
    metavar="NAME",
    help="The namespace; '' is the default one, where lists otherwise show all.",
)
attachments = click.option(
    "--attachments",
    type=click.Choice(["inline", "reference"]),
    help="Show the bytes of attachments, or references to those of 4 KiB and more."
    "  [default: inline]",
)
tags = click.option(
    "--tags", multiple=True, callback=_split, metavar="TAG,…", help="Tags, separated by commas."
)
label = click.option("--label", metavar="TEXT", help="A title for people.")
metadata = click.option(
    "--metadata", type=JSON_OBJECT, metavar="JSON", help="An object to store along with it."
)
state = click.option("--state", type=JSON_OBJECT, metavar="JSON", help="State, a JSON object.")
thread_of = click.option("--thread-of", metavar="ID", help="Parent dialogue.")
own_id = click.option("--id", metavar="ID", help="Your own id.  [default: a new id]")
created_then = click.option(
    "--created", metavar="TIME", help="When it was created, if not now; UTC without a time zone."
)
as_of = click.option(
    "--as-of", metavar="TIME", help="Memories that are valid then; UTC without a time zone."
)
include = click.option(
    "--include",
    type=click.Choice(["inactive"]),
    help="Memories that are superseded, expired or not valid at the time, too.",
)
yes = click.option("--yes", is_flag=True, help="Do not ask for confirmation at a terminal.")

dialogue_fields = options(label, thread_of, state, metadata, tags, created_then, namespace)
thread_fields = options(own_id, label, state, metadata, tags, created_then, namespace)

paging = options(
    click.option(
        "--limit",
        type=click.IntRange(1, limits.PAGE_ITEMS_MAX),
        metavar="N",
        help=f"How many at most.  [default: {limits.PAGE_ITEMS_DEFAULT}]",
    ),
    click.option("--order", type=click.Choice(["asc", "desc"]), help="Oldest or newest first."),
    click.option("--next", metavar="TOKEN", help="Continue after the page that showed this token."),
)
dates = options(
    click.option(
        "--created",
        metavar="PREFIX",
        help="Only created in this time: 2026, 2026-06, 2026-06-30T14 …",
    ),
    click.option("--start-date", metavar="TIME", help="Only from this time on."),
    click.option(
        "--end-date", metavar="TIME", help="Only until this time; a date includes its whole day."
    ),
)


def order_by(*names: str) -> Callable[[F], F]:
    """Return the option that says what a list is sorted by."""
    return click.option(
        "--order-by", type=click.Choice(names), help=f"Sort by this.  [default: {names[0]}]"
    )


# --- Content ------------------------------------------------------------------------------------

from_stdin = click.option("--stdin", is_flag=True, help="Read from standard input.")

content = options(
    click.option("--content", metavar="TEXT", help="The content, as text."),
    click.option(
        "--content-json",
        type=JSON_VALUE,
        metavar="JSON",
        help="The content, as JSON, such as content blocks.",
    ),
    from_stdin,
    click.option(
        "--image",
        "images",
        multiple=True,
        metavar="PATH|URL",
        help="Add an image after the content; may be repeated.",
    ),
)
value = options(
    click.option("--value", metavar="TEXT", help="The value, as text."),
    click.option("--value-json", type=JSON_VALUE, metavar="JSON", help="The value, as JSON."),
    from_stdin,
)


def value_from(flags: dict[str, Any], *, needed: bool = True) -> Any:
    """Return the value that `--value`, `--value-json` or `--stdin` gives."""
    return _read_option(flags, "value", needed=needed)


def _read_option(flags: dict[str, Any], name: str, *, needed: bool = True) -> Any:
    """Return the value of one of `--NAME`, `--NAME-json` and `--stdin`; removes them."""
    text, parsed, stdin = (flags.pop(key) for key in (name, f"{name}_json", "stdin"))
    count = (text is not None) + (parsed is not None) + stdin
    if count > 1 or (needed and not count):
        raise click.UsageError(f"One of --{name}, --{name}-json and --stdin is required.")
    if parsed is _NULL and not needed:
        raise click.UsageError(f"--{name}-json null gives nothing; leave it out.")
    if stdin:
        return read_stdin()
    return None if parsed is _NULL else parsed if text is None else text


def read_stdin() -> str:
    """Return standard input as text, without the newline that `echo` adds."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise click.UsageError("Standard input must be UTF-8.") from None
    return text.removesuffix("\n").removesuffix("\r")


def content_from(flags: dict[str, Any]) -> Any:
    """Return the content that `--content`, `--content-json`, `--stdin` and `--image` make."""
    images: Sequence[str] = flags.pop("images")
    given = _read_option(flags, "content", needed=not images)
    if not images:
        return given
    blocks = [] if given is None else given if isinstance(given, list) else [_block(given)]
    return [*blocks, *map(_image, images)]


def _block(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {"type": "text", "text": str(given)}


def _image(named: str) -> dict[str, Any]:
    """Return an image as a content block: the bytes of a file, or only the URL."""
    if named.startswith(("http://", "https://")):
        return {"type": "image", "source": {"type": "url", "url": named}}
    data = Path(named).read_bytes()
    kind = type_of_bytes(data)
    if not kind.startswith("image/"):
        raise click.UsageError(f"{named!r} is not a JPEG, PNG, GIF or WebP image.")
    encoded = base64.b64encode(data).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": encoded}}


def required_tags(flags: dict[str, Any]) -> list[str]:
    """Return the tags, which have to be given."""
    if flags["tags"] is None:
        raise click.UsageError("--tags is needed; --tags '' removes all.")
    tags: list[str] = flags["tags"]
    return tags
