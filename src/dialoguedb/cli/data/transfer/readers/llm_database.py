"""The database of `llm`: answers as `llm logs list --json` prints them, made of rows.

Since version 0.36 a message is a row under a hash of all that is said up to it, which
conversations that begin alike share. What earlier versions wrote stays in tables of its own.
"""

from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import time_of
from dialoguedb.cli.data.transfer.lines import Line
from dialoguedb.cli.data.transfer.readers import llm
from dialoguedb.cli.data.transfer.readers.database import (
    Connection,
    DatabaseReader,
    Held,
    Row,
    decoded,
)
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine

_TURNS = "turns"
_RESPONSES = "responses"
_CONVERSATION = {
    _TURNS: "coalesce(nullif(turns.thread_id, ''), turns.id)",
    _RESPONSES: "coalesce(nullif(responses.conversation_id, ''), responses.id)",
}
_APPLICATION = "io.datasette.llm"
_ASKING = ("user", "tool")


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps its database: with the settings of applications."""
    usual = Path(click.get_app_dir(_APPLICATION))
    named = machine.named("LLM_USER_PATH")
    return [Location(named or usual, f".config/{_APPLICATION}", ("logs.db",))]


def _recognises(tables: set[str]) -> bool:
    return {_TURNS, "threads", "parts"} <= tables or {_RESPONSES, "conversations"} <= tables


def _held(database: Connection) -> Held:
    """Count conversations without reading answers, which may be long; their ids are in order."""
    present = database.tables()
    kept = [f"SELECT id FROM {one}" for one in ("threads", "conversations") if one in present]
    (row,) = database.rows(f"SELECT count(*) AS count FROM ({' UNION '.join(kept)})")
    times = [
        time
        for table in _CONVERSATION
        if table in present
        for one in database.rows(
            f"SELECT datetime_utc FROM {table} WHERE id IN"
            f" ((SELECT min(id) FROM {table}), (SELECT max(id) FROM {table}))"
        )
        if (time := time_of(one["datetime_utc"]))
    ]
    return Held(row["count"], min(times, default=None), max(times, default=None))


class _Conversation(Struct):
    """What belongs to a conversation: ids of rows, by their tables."""

    id: str
    answers: dict[str, list[str]]


def _conversations(database: Connection) -> list[_Conversation]:
    """Return what belongs together; earlier versions have no index to look it up."""
    present = database.tables()
    queries = [
        f"SELECT '{table}' AS kept_in, id, {key} AS conversation, datetime_utc FROM {table}"
        for table, key in _CONVERSATION.items()
        if table in present
    ]
    found: dict[str, _Conversation] = {}
    for row in database.rows(f"{' UNION ALL '.join(queries)} ORDER BY datetime_utc, id"):
        own_id = row["conversation"]
        conversation = found.setdefault(
            own_id, _Conversation(own_id, {one: [] for one in _CONVERSATION})
        )
        conversation.answers[row["kept_in"]].append(row["id"])
    return [*found.values()]


def _lines(database: Connection, conversation: _Conversation) -> Iterator[Line]:
    turns = dict.fromkeys(conversation.answers[_TURNS])
    earlier = [one for one in conversation.answers[_RESPONSES] if one not in turns]
    with database.one_state():
        log, before = _Log(database), _Earlier(database, database.tables())
        answers = [log.answer(one) for one in turns]
        answers += [before.answer(one) for one in earlier]
    return llm.conversation_of(conversation.id, answers)


# --- Since 0.36 ---------------------------------------------------------------------------------


class _Log(Struct):
    """Messages, each read once, by their hashes."""

    database: Connection
    _messages: dict[str, Row] = {}

    def answer(self, own_id: str) -> Row:
        """Return a turn in the shape of an answer."""
        (turn,) = self.database.rows(
            "SELECT turns.*, threads.name AS conversation_name FROM turns"
            " LEFT JOIN threads ON threads.id = turns.thread_id WHERE turns.id = ?",
            own_id,
        )
        before = self._before(turn["parent_message_hash"])
        new = self._before(turn["tip_message_hash"])[len(before) :]
        questions: list[Row] = []
        for message in reversed(before):
            if message["role"] not in _ASKING:
                break
            questions.insert(0, message)
        begins = before[:1] if before and before[0]["role"] == "system" else []
        given = self._parts(questions)
        answered = self._parts(new)
        return {
            **turn,
            "conversation_model": turn["model"],
            "prompt": _text([one for one in given if one["role"] == "user"], "text"),
            "system": _text(self._parts(begins), "text"),
            "response": _text(answered, "text"),
            "reasoning": _text(answered, "reasoning"),
            "tool_calls": [one for one in answered if one["type"] == "tool_call"],
            "tool_results": [one for one in (*given, *answered) if one["type"] == "tool_result"],
            "attachments": [self._attachment(one) for one in given if one["type"] == "attachment"],
            **self._fragments(turn),
        }

    def _before(self, tip: str | None) -> list[Row]:
        """Return the messages up to one."""
        path: list[Row] = []
        while tip is not None:
            if tip not in self._messages:
                (self._messages[tip],) = self.database.rows(
                    "SELECT hash, parent_hash, role FROM messages WHERE hash = ?", tip
                )
            path.append(self._messages[tip])
            if len(path) > len(self._messages):
                raise ValueError("messages follow each other in a circle")
            tip = path[-1]["parent_hash"]
        return path[::-1]

    def _parts(self, messages: list[Row]) -> list[Row]:
        return [
            {**self._whole(part), "type": part["type"], "role": message["role"]}
            for message in messages
            for part in self.database.rows(
                "SELECT * FROM parts WHERE message_hash = ? ORDER BY position", message["hash"]
            )
        ]

    def _whole(self, part: Row) -> Row:
        """Return a part with its text, of which fragments are kept apart."""
        payload: Row = decoded(part["payload"]) or {}
        if part["text"] is not None:
            payload["text"] = part["text"]
        elif "text_ref" in payload:
            payload["text"] = "".join(
                piece["literal"] if "literal" in piece else self._fragment(piece["fragment"])
                for piece in payload["text_ref"]
            )
        return payload

    def _fragment(self, row_id: int) -> str:
        found = self.database.rows("SELECT content FROM fragments WHERE id = ?", row_id)
        if not found:
            raise ValueError(f"the fragment {row_id} of a text is missing")
        return str(found[0]["content"])

    def _attachment(self, part: Row) -> Row:
        (found,) = self.database.rows(
            "SELECT id, type, path, url, nullif(length(content), 0) AS content_length"
            " FROM attachments WHERE id = ?",
            part["attachment"]["id"],
        )
        length = found.pop("content_length")
        return {**found, "content": bool(length) or None, "content_length": length}

    def _fragments(self, turn: Row) -> Row:
        found = self.database.rows(
            "SELECT kind, content FROM turn_fragments"
            " JOIN fragments ON fragments.id = fragment_id"
            ' WHERE turn_id = ? ORDER BY turn_fragments."order"',
            turn["id"],
        )
        return {
            f"{kind}_fragments": [one["content"] for one in found if one["kind"] == kind]
            for kind in ("prompt", "system")
        }


def _text(parts: list[Row], kind: str) -> str:
    return "".join(one["text"] for one in parts if one["type"] == kind and one["text"])


# --- Before 0.36 --------------------------------------------------------------------------------


class _Earlier(Struct):
    """Answers in the tables of earlier versions, of which some lack tables."""

    database: Connection
    present: set[str]

    def answer(self, own_id: str) -> Row:
        """Return an answer."""
        (found,) = self.database.rows(
            "SELECT responses.*, conversations.name AS conversation_name,"
            " conversations.model AS conversation_model FROM responses"
            " LEFT JOIN conversations ON conversations.id = conversation_id"
            " WHERE responses.id = ?",
            own_id,
        )
        return {**found, **self._beside(own_id)}

    def _beside(self, answer: str) -> Row:
        fragment = "SELECT content FROM {0} JOIN fragments ON fragments.id = {0}.fragment_id"
        fragments = {
            table: [
                one["content"]
                for one in self._of(table, fragment.format(table), answer, f'{table}."order"')
            ]
            for table in ("prompt_fragments", "system_fragments")
        }
        attached = (
            "SELECT attachments.id, type, path, url, length(content) AS content_length"
            " FROM attachments JOIN prompt_attachments ON attachments.id = attachment_id"
        )
        calls = self._of("tool_calls", "SELECT * FROM tool_calls", answer, "id")
        return {
            **fragments,
            "attachments": self._of("prompt_attachments", attached, answer, '"order"'),
            "tool_calls": [{**one, "arguments": decoded(one["arguments"])} for one in calls],
            "tool_results": self._of("tool_results", "SELECT * FROM tool_results", answer, "id"),
        }

    def _of(self, table: str, query: str, answer: str, order: str) -> list[Row]:
        if table not in self.present:
            return []
        return self.database.rows(f"{query} WHERE response_id = ? ORDER BY {order}", answer)


READER = DatabaseReader(_recognises, _held, _conversations, _lines)
