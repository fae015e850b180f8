"""What commands print: tables for people at a terminal, a JSON object a line for programs."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

F = TypeVar("F", bound=Callable[..., Any])

Record = Mapping[str, Any]
"""Something to print, as the API names its fields."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z", re.ASCII)
_DAY_CHARS = len("2026-11-22")
_PADDING = (0, 2, 0, 0)

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON lines, as into a pipe."
)


def show_list(records: Iterable[Record], columns: tuple[str, ...], *, as_json: bool) -> None:
    """Print records; a table has these columns, such as `rateLimit.burst`, JSON everything."""
    if as_json or not sys.stdout.isatty():
        for record in records:
            _show_line(record)
        return
    rows = [dict(_cells(record)) for record in records]
    used = [column for column in columns if any(row.get(column) for row in rows)]
    table = Table(box=None, padding=_PADDING)
    for column in used or columns:
        table.add_column(_heading(column), no_wrap=column == "id")
    for row in rows:
        table.add_row(*(_text(_day(row.get(column))) for column in used))
    Console().print(table)


def show(record: Record, *, as_json: bool) -> None:
    """Print one record, a field a row."""
    if as_json or not sys.stdout.isatty():
        _show_line(record)
        return
    table = Table(box=None, show_header=False, padding=_PADDING)
    for name, value in _cells(record):
        table.add_row(_heading(name), _text(value))
    Console().print(table)


def _show_line(record: Record) -> None:
    click.echo(msgspec.json.encode(record).decode())


def _cells(record: Record, within: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _cells(value, f"{within}{name}.")
        else:
            yield within + name, value


def _heading(name: str) -> str:
    """Write a name such as `settings.rateLimit.perSecond` as `rate limit: per second`."""
    words = name.removeprefix("settings.").replace(".", ": ")
    return "".join(f" {char.lower()}" if char.isupper() else char for char in words)


def _day(value: Any) -> Any:
    """Cut a time to its day, which is what a list has room for."""
    is_time = isinstance(value, str) and _TIME.fullmatch(value)
    return value[:_DAY_CHARS] if is_time else value


def _text(value: Any) -> Text:
    if value is None or value == []:
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return Text(
        "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )
