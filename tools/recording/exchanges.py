"""Exchanges as they stand in a file: one JSON object a line, the server's options first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request with placeholders for what earlier responses gave."""

    method: str = ""
    target: str = ""
    headers: tuple[str, ...] = ()
    body: str | None = None
    body_hex: str | None = None
    """A body that is not UTF-8."""

    raw: str | None = None
    """All of a request that is not well-formed, instead of the rest; a character is a byte."""

    count: int = 1
    """Responses that are waited for."""

    again_while: str | None = None
    """It is sent again as long as the response's body holds this."""

    again_until: str | None = None
    """It is sent again until the response's body holds this; the response is not recorded."""

    def __str__(self) -> str:
        """Name the request for people."""
        return f"{self.method} {self.target}" if self.raw is None else self.raw.partition("\r\n")[0]


@dataclass(frozen=True)
class Recorded:
    """A response with its volatile values replaced."""

    status: int
    headers: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request and what came back: one response, unless several were waited for."""

    request: Request
    responses: tuple[Recorded, ...] = ()


@dataclass(frozen=True)
class Tape:
    """All exchanges of a topic, and the options of the server that they are for."""

    options: tuple[str, ...] = ()
    alone: bool = False
    """Whether it tells what else the server holds, so that no other may be played on it."""

    exchanges: list[Exchange] = field(default_factory=list)


def write(tape: Tape, path: Path) -> None:
    """Write a file, a line for each exchange."""
    lines: list[dict[str, Any]] = [{"options": list(tape.options), "alone": tape.alone}]
    for exchange in tape.exchanges:
        responses = [_fields_of(response) for response in exchange.responses]
        lines.append({"request": _fields_of(exchange.request), "responses": responses})
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines))


def read(path: Path) -> Tape:
    """Read a file that `write` wrote."""
    first, *rest = map(json.loads, path.read_text().strip().split("\n"))
    return Tape(tuple(first["options"]), first["alone"], [_exchange(line) for line in rest])


def _fields_of(part: Request | Recorded) -> dict[str, Any]:
    """Return the fields that differ from their defaults; a status always does."""
    blank = Request() if isinstance(part, Request) else Recorded(0)
    return {name: value for name, value in vars(part).items() if value != getattr(blank, name)}


def _exchange(line: dict[str, Any]) -> Exchange:
    request = Request(**_frozen(line["request"]))
    return Exchange(request, tuple(Recorded(**_frozen(response)) for response in line["responses"]))


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for name, value in fields.items()
    }
