"""The database of opencode, whose rows are what `opencode export` prints."""

from collections.abc import Iterator
from typing import Any

from dialoguedb.cli.data.transfer.conversions import pruned, time_of
from dialoguedb.cli.data.transfer.lines import Line
from dialoguedb.cli.data.transfer.readers import opencode
from dialoguedb.cli.data.transfer.readers.database import (
    Connection,
    DatabaseReader,
    Held,
    Row,
    decoded,
)
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine

_MS = 1_000
_FILE = "opencode*.db"

_TALKED_IN = "id IN (SELECT session_id FROM message)"


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps its database, below the directory for all data or apart."""
    usual = ".local/share/opencode"
    held = machine.location(usual, (_FILE,), "XDG_DATA_HOME", below="opencode")
    named = machine.variables.get("OPENCODE_DB", "").strip()
    if not named or named == ":memory:":
        return [held]
    file = held.directory / named
    return [Location(file.parent, usual, (file.name,))]


def _recognises(tables: set[str]) -> bool:
    return {"session", "message", "part"} <= tables


def _held(database: Connection) -> Held:
    (row,) = database.rows(
        "SELECT count(*) AS count, min(time_created) AS oldest, max(time_updated) AS newest"
        f" FROM session WHERE {_TALKED_IN}"
    )
    return Held(row["count"], _time(row["oldest"]), _time(row["newest"]))


def _time(milliseconds: Any) -> str | None:
    return None if milliseconds is None else time_of(milliseconds / _MS)


def _conversations(database: Connection) -> list[str]:
    found = database.rows(f"SELECT id FROM session WHERE {_TALKED_IN} ORDER BY time_created, id")
    return [row["id"] for row in found]


def _lines(database: Connection, session: str) -> Iterator[Line]:
    with database.one_state():
        about = database.rows("SELECT * FROM session WHERE id = ?", session)
        messages = database.rows(
            "SELECT * FROM message WHERE session_id = ? ORDER BY time_created, id", session
        )
        parts = database.rows("SELECT * FROM part WHERE session_id = ? ORDER BY id", session)
    if not about:  # deleted since
        return iter(())
    of_message: dict[str, list[Any]] = {}
    for part in parts:
        of_message.setdefault(part["message_id"], []).append(_document(part))
    held = [{"info": _document(one), "parts": of_message.get(one["id"], [])} for one in messages]
    return opencode.lines({"info": _about(about[0]), "messages": held})


def _document(row: Row) -> dict[str, Any]:
    return {**decoded(row["data"]), "id": row["id"]}


def _about(row: Row) -> dict[str, Any]:
    kept = {name: row.get(name) for name in ("id", "title", "directory", "agent", "version")}
    more = {"model": decoded(row.get("model")), "parentID": row.get("parent_id")}
    return {**pruned({**kept, **more}), "time": {"created": row["time_created"]}}


READER = DatabaseReader(_recognises, _held, _conversations, _lines)
