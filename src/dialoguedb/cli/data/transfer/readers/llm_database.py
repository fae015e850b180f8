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


def _answers_of(database: Connection) -> str:
    """Return a query of all answers, each with its conversation."""
    present = database.tables()
    queries = [
        f"SELECT id, {key} AS conversation, datetime_utc FROM {table}"
        for table, key in _CONVERSATION.items()
        if table in present
    ]
    return " UNION ALL ".join(queries)


def _held(database: Connection) -> Held:
    (row,) = database.rows(
        "SELECT count(DISTINCT conversation) AS count,"
        " min(datetime_utc) AS oldest, max(datetime_utc) AS newest"
        f" FROM ({_answers_of(database)})"
    )
    return Held(row["count"], time_of(row["oldest"]), time_of(row["newest"]))


def _conversations(database: Connection) -> list[str]:
    found = database.rows(
        f"SELECT conversation FROM ({_answers_of(database)})"
        " GROUP BY conversation ORDER BY min(datetime_utc), conversation"
    )
    return [row["conversation"] for row in found]


def _lines(database: Connection, conversation: str) -> Iterator[Line]:
    with database.one_state():
        present = database.tables()
        answers = list(_turns(database, conversation)) if _TURNS in present else []
        if _RESPONSES in present:
            known = {answer["id"] for answer in answers}
            earlier = _Earlier(database, present)
            answers += [one for one in earlier.answers(conversation) if one["id"] not in known]
    return llm.conversation_of(conversation, answers)


# --- Since 0.36 ---------------------------------------------------------------------------------


def _turns(database: Connection, conversation: str) -> Iterator[Row]:
    log = _Log(database)
    for turn in database.rows(
        "SELECT turns.*, threads.name AS conversation_name FROM turns"
        " LEFT JOIN threads ON threads.id = turns.thread_id"
        f" WHERE {_CONVERSATION[_TURNS]} = ? ORDER BY turns.id",
        conversation,
    ):
        yield log.answer(turn)


class _Log(Struct):
    """Messages, each read once, by their hashes."""

    database: Connection
    _messages: dict[str, Row] = {}

    def answer(self, turn: Row) -> Row:
        """Return a turn in the shape of an answer."""
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
        return found[0]["content"] if found else ""

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

    def answers(self, conversation: str) -> list[Row]:
        """Return the answers of a conversation."""
        found = self.database.rows(
            "SELECT responses.*, conversations.name AS conversation_name,"
            " conversations.model AS conversation_model FROM responses"
            " LEFT JOIN conversations ON conversations.id = conversation_id"
            f" WHERE {_CONVERSATION[_RESPONSES]} = ? ORDER BY responses.id",
            conversation,
        )
        return [{**one, **self._beside(one["id"])} for one in found]

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
