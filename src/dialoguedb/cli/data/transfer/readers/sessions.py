"""What the readers of coding agents' sessions have in common."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, look_beside
from dialoguedb.cli.data.transfer.lines import DialogueLine, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import valid_id
from dialoguedb.cli.data.transfer.trees import Node

Json = dict[str, Any]


def objects(documents: Iterable[Any]) -> list[Json]:
    """Return lines as objects; ValueError when one is none."""
    found = list(documents)
    if not all(isinstance(one, dict) for one in found):
        raise ValueError("a line is no object")
    return found


def beside(path: Path, name: str) -> Json:
    """Return the JSON object in another file of the same directory; an empty one if none is."""
    look_beside(path.with_name(name))
    try:
        found = json.loads(path.with_name(name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def dialogue_of(own_id: Any, title: Any, created: Any, noted: Mapping[str, Any]) -> DialogueLine:
    """Return the dialogue that a session becomes."""
    return DialogueLine(
        id=valid_id(own_id),
        label=label(title),
        created=time_of(created),
        metadata=json_of(pruned(noted)),
    )


def first(values: Iterable[Any]) -> Any:
    """Return the first value that is something; None when there is none."""
    return next((one for one in values if one), None)


def last(values: Sequence[Any]) -> Any:
    """Return the last value that is something; None when there is none."""
    return first(reversed(values))


def without_silent(blocks: Iterable[Any]) -> list[Any]:
    """Return blocks or parts without the texts that say nothing, which are counted."""
    found = list(blocks)
    spoken = [one for one in found if any(one.get(name) for name in one.keys() - {"type"})]
    leave_out(Kind.EMPTY, len(found) - len(spoken))
    return spoken


def image(media_type: Any, data: Any) -> Json:
    """Return a picture as Anthropic's API has it."""
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


class Seen(Struct):
    """What stands in a session by its ids, to tell what is there twice from something else."""

    _of: dict[str, list[Any]] = {}

    def count(self, own_id: str, value: Any) -> int:
        """Return how many different values have had the id by now; 0 when this one had it."""
        known = self._of.setdefault(own_id, [])
        if value in known:
            return 0
        known.append(value)
        return len(known)


class Links(Struct, frozen=True):
    """Where the lines of a session name themselves, and the line before them."""

    own: str
    parent: str


def chained(lines: Iterable[tuple[Json, MessageLine | None]], links: Links) -> Iterator[Node]:
    """Yield the lines of a session as nodes, with ids that stay when the file grows.

    Of several lines with one id, those that come later get another, and what follows them follows
    the latest. A line that names nothing known follows the one before it.
    """
    seen, latest = Seen(), dict[str, str]()
    before: str | None = None
    for index, (line, message) in enumerate(lines):
        own_id = str(line.get(links.own) or f"line {index}")
        count = seen.count(own_id, line.get("message") or line)
        if not count:
            leave_out(Kind.REPEATED)
            continue
        parent = line.get(links.parent, before)
        if parent is not None:
            parent = latest.get(parent, before)
        before = latest[own_id] = own_id if count == 1 else f"{own_id}-{count}"
        if message:
            message.id = valid_id(before) if links.own in line else None
        yield Node(before, parent, message, (message and message.created) or "")
