"""What commands print: tables for people at a terminal, JSON for programs."""

import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidJSON
from dialoguedb.values.lists import Page

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

F = TypeVar("F", bound=Callable[..., Any])

Record = Mapping[str, Any]
"""Something to print, as the API names its fields."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z", re.ASCII)
_DAY_CHARS = len("2026-11-22")
_MINUTE_CHARS = len("2026-11-22T21:34")
_PADDING = (0, 2, 0, 0)
_PREVIEW_CHARS = 160

STYLES: Mapping[str, Mapping[str, str]] = {
    "status": {"active": "green", "ended": "yellow", "archived": "dim", "failed": "red"},
    "role": {"user": "green", "assistant": "cyan", "system": "yellow", "tool": "magenta"},
}
"""The colours of what a person looks for, by field and value."""

_UNBROKEN = frozenset({"id", "created", "lastMessageCreated", "relevance"})
_TEXTS = frozenset({"content", "value", "match"})
_WIDE = 32
_ONLY_FOR_PROGRAMS = frozenset({"requestId", "metadataLength", "metadataSHA256", "contentLength"})

_FIELD_STYLES = {"id": "bold", "tags": "blue", "created": "dim", "lastMessageCreated": "dim"}

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, as in a pipe."
)


def show_list(records: Iterable[Record], columns: tuple[str, ...], *, as_json: bool) -> None:
    """Print records; a table has these columns, such as `rateLimit.burst`, JSON everything."""
    if not is_for_people(as_json=as_json):
        for record in records:
            show_json(record)
        return
    show_table(list(records), columns, _DAY_CHARS)


def show_page(
    page: Page[Any],
    columns: tuple[str, ...],
    *,
    as_json: bool,
    preview: Callable[[Record], Record] = lambda record: record,
) -> None:
    """Print a page as the API does; at a terminal as a table, with how to get the next one.

    `worded` makes a record of the table of one of the API.
    """
    records = [plain(record) for record in page]
    if not is_for_people(as_json=as_json):
        show_json({"items": records, "next": page.next})
        return
    show_table([preview(record) for record in records], columns)
    if page.next:
        click.secho(f"More items: --next {page.next}", dim=True)


def is_for_people(*, as_json: bool) -> bool:
    """Tell whether somebody at a terminal reads what a command prints."""
    return sys.stdout.isatty() and not as_json


def show(record: Record, *, as_json: bool) -> None:
    """Print one record, a field a row."""
    if not is_for_people(as_json=as_json):
        show_json(record)
        return
    table = _table(show_header=False)
    for name, value in _cells(record):
        if name in _ONLY_FOR_PROGRAMS:
            continue
        table.add_row(_heading(name), _text(value, name))
    _print(table)


def show_json(value: object) -> None:
    """Print a value as one line of JSON; bytes, for it may hold what is no text."""
    try:
        text = json_codec.encode(value)
    except InvalidJSON:
        text = json_codec.encode(_writable(value))
    click.echo(text)


def _writable(value: Any) -> Any:
    """Return a value with numbers that are too large for Python, which reads them as infinite."""
    if isinstance(value, list):
        return [_writable(item) for item in value]
    if isinstance(value, dict):
        return {name: _writable(item) for name, item in value.items()}
    if isinstance(value, float) and math.isinf(value):
        return msgspec.Raw(b"1e999" if value > 0 else b"-1e999")
    return value


def plain(value: Any) -> Any:
    """Return an answer of the client as the API writes it: what is absent is not there."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, msgspec.Struct):
        return value
    return {
        field.encode_name: plain(held)
        for field in msgspec.structs.fields(value)
        if not ((held := getattr(value, field.name)) is None and field.default is None)
        and not _is_of_a_header(field.name, held)
    }


def _is_of_a_header(name: str, held: object) -> bool:
    """Tell whether it is the version of an ETag; that of a memory is a number of its own."""
    return name == "version" and isinstance(held, str)


def one_line(text: str) -> str:
    """Return the start of a text, as much as a table has room for."""
    words = " ".join(text.split())
    return words if len(words) <= _PREVIEW_CHARS else words[: _PREVIEW_CHARS - 1] + "…"


def printable(text: str) -> str:
    """Return a text that cannot command the terminal; its line ends stay."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def show_table(
    records: Sequence[Record], columns: tuple[str, ...], time_chars: int = _MINUTE_CHARS
) -> None:
    """Print those of the columns in which there is something."""
    rows = [dict(_cells(record)) for record in records]
    used = [column for column in columns if any(row.get(column) for row in rows)]
    table = _table(show_header=True)
    for column in used or columns:
        wide = _WIDE if column in _TEXTS else None
        table.add_column(_heading(column), no_wrap=column in _UNBROKEN, min_width=wide)
    for row in rows:
        cells = ((_cut(row.get(column), time_chars), column) for column in used)
        table.add_row(*(_text(value, column) for value, column in cells))
    _print(table)


def _table(*, show_header: bool) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - programs, which get JSON, do not wait for it

    return Table(box=None, show_header=show_header, padding=_PADDING)


def _print(table: "Table") -> None:
    from rich.console import Console  # noqa: PLC0415 - of tables alone

    Console().print(table)


def _cells(record: Record, within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from _cells(value, f"{within}{name}.")
        else:
            yield within + name, value


def _heading(name: str) -> str:
    """Write a name such as `settings.rateLimit.perSecond` as `rate limit: per second`."""
    words = name.removeprefix("settings.").replace(".", ": ")
    return "".join(f" {char.lower()}" if char.isupper() else char for char in words)


def _cut(value: Any, time_chars: int) -> Any:
    """Cut a time to what a list has room for."""
    is_time = isinstance(value, str) and _TIME.fullmatch(value)
    return value[:time_chars].replace("T", " ") if is_time else value


def _text(value: Any, name: str) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - of tables alone

    if value is None or value in ([], {}):
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    text = _words(value)
    style = STYLES.get(name, {}).get(text) or _FIELD_STYLES.get(name, "")
    return Text(printable(text), style=style)


def _words(value: Any) -> str:
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return ", ".join(value)
        return json.dumps(value, ensure_ascii=False)
    return str(value)
