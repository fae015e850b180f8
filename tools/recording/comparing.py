"""Recorded exchanges played again, and what differs, as text."""

import re
from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path

from tools.recording.exchanges import Exchange, Recorded, read
from tools.recording.normaliser import UnknownPlaceholder
from tools.recording.player import NeverCame, Player
from tools.recording.server import Servers
from tools.recording.wire import WireError

_PIECE = re.compile(r"(?<=[,{\[\n])")
_NUMBERED_TIME = re.compile(r"<time \d+>")
"""Two writes may share a millisecond or not, so the numbers of times are not compared."""


def differences(path: Path, servers: Servers) -> Iterator[str]:
    """Play a file again; yields a text for each exchange that differs."""
    tape = read(path)
    with servers.serving(tape.options, alone=tape.alone) as running:
        player = Player(running)
        for number, exchange in enumerate(tape.exchanges, 2):
            if difference := _difference(player, exchange):
                yield f"{path.name}:{number} {exchange.request}\n{difference}"
        player.close()


def _difference(player: Player, exchange: Exchange) -> str:
    try:
        _, came = player.play(exchange.request)
    except UnknownPlaceholder as error:
        return f"  names {error}, which no response has given"
    except (NeverCame, WireError, ConnectionError) as error:
        return f"  {error}"
    return "\n".join(_lines(exchange.responses, came))


def _lines(expected: tuple[Recorded, ...], came: tuple[Recorded, ...]) -> Iterator[str]:
    if len(expected) != len(came):
        yield f"  {len(expected)} responses were recorded, {len(came)} came"
    for before, after in zip(expected, came, strict=False):
        yield from _changed([str(before.status)], [str(after.status)])
        yield from _changed(before.headers, after.headers)
        yield from _changed(_pieces(before.body), _pieces(after.body))


def _pieces(body: str) -> list[str]:
    return _PIECE.split(_NUMBERED_TIME.sub("<time>", body))


def _changed(before: list[str] | tuple[str, ...], after: list[str] | tuple[str, ...]) -> list[str]:
    """Return the lines that only one side has: `-` as recorded, `+` as it came."""
    if list(before) == list(after):
        return []
    return [f"  {line.rstrip()}" for line in ndiff(before, after) if line[0] in "-+?"]
