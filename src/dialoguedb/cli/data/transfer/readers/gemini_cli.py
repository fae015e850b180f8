"""Google's Gemini CLI: a log of what changes in the list of a chat's messages.

The list is written again whenever a chat goes on, with other times, the same ids and less in it,
and taken back when a turn fails. So everything is taken from where it stands first.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import digest, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import (
    conversation,
    read_in_turn,
    read_lines,
    texts_joined,
)
from dialoguedb.cli.data.transfer.readers.locations import Location, Machine
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = "gemini-cli"

Json = dict[str, Any]

_HEADER = {"sessionId", "projectHash"}
_CHANGE = "$set"
_TALK = {"user", "gemini"}
_NOTICES = {"info", "warning", "error"}
_CONTEXT = "<session_context>"
_ID_CHARS = 8
"""The part of a session's id that is in the name of its files."""

_FILES = ("tmp/*/chats/session-*.jsonl",)


def locations(machine: Machine) -> list[Location]:
    """Return where the program keeps chats; the variable names another home."""
    return [machine.location(".gemini", _FILES, "GEMINI_CLI_HOME", below=".gemini")]


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether a file begins as a chat does."""
    return bool(first) and _is_header(first[0])


def _is_header(document: Any) -> bool:
    return isinstance(document, dict) and document.keys() >= _HEADER


def lines(content: FileContent) -> Iterator[Line]:
    """Yield the dialogue of a chat, whichever of its files this is; nothing without talk."""
    about = content.documents[0]
    log = _Log()
    read_in_turn(content, _of_all_files(content), log.read)
    if not (log.messages or log.has_unknown):
        return
    project = content.file.path.absolute().parents[1].name
    kind = about.get("kind")
    described = {
        "source": NAME,
        "model": log.model,
        "project": project if content.file.path.absolute().parent.name == "chats" else None,
        "kind": None if kind == "main" else kind,
    }
    dialogue = DialogueLine(
        id=about["sessionId"],
        created=time_of(log.started),
        metadata=json_of(pruned(described)),
    )
    yield from conversation(dialogue, log.messages.values())


def _of_all_files(content: FileContent) -> Iterator[Json]:
    """Yield the lines of a chat's files in the order of their names, which begin with a time."""
    own, session = content.file.path, content.documents[0]["sessionId"]
    for file in sorted({*own.parent.glob(f"session-*-{session[:_ID_CHARS]}.jsonl"), own}):
        documents = content.documents if file == own else read_lines(file)
        if documents and _is_header(documents[0]) and documents[0]["sessionId"] == session:
            yield from documents


class _Log(Struct):
    """What was said in a chat by now: texts, calls and results, each by what it is known by."""

    messages: dict[tuple[str, ...], MessageLine] = {}
    started: str | None = None
    model: str | None = None
    has_unknown: bool = False

    def read(self, document: Json) -> None:
        """Read a line."""
        if _is_header(document):
            leave_out(Kind.BOOKKEEPING)
            self.started = self.started or document.get("startTime")
            self._all(document.get("messages") or ())
        elif isinstance(change := document.get(_CHANGE), dict):
            leave_out(Kind.BOOKKEEPING)
            self._all(change.get("messages") or ())
        elif document.get("type") in _TALK:
            self._message(document, is_new=True)
        else:
            self._beside(document)

    def _beside(self, document: Json) -> None:
        """Count a line that nobody said."""
        if document.get("type") in _NOTICES:
            leave_out(Kind.NOTICES)
        else:
            leave_out_unknown(document.get("type"))
        self.has_unknown |= "type" not in document

    def _all(self, messages: Sequence[Json]) -> None:
        for message in messages:
            if message.get("type") in _TALK:
                self._message(message, is_new=False)
            else:
                self._beside(message)

    def _message(self, message: Json, *, is_new: bool) -> None:
        """Add what a message says and does, unless it was there before."""
        parts = message.get("content") or []
        parts = parts if isinstance(parts, list) else [parts]
        parts = [{"text": part} if isinstance(part, str) else part for part in parts]
        if message["type"] == "user" and str(parts[0].get("text") if parts else "").startswith(
            _CONTEXT
        ):
            leave_out(Kind.CONTEXT)
            return
        self.model = self.model or message.get("model")
        self._spoken(message, [*_thoughts(message), *filter(_is_spoken, parts)], is_new=is_new)
        calls = message.get("toolCalls") or ()
        if not (parts or calls or message.get("thoughts")):
            leave_out(Kind.EMPTY)
        for part in (*map(_call, calls), *parts):
            if call := part.get("functionCall"):
                self._part("assistant", part, call, message)
        for call in calls:
            for part in call.get("result") or ():
                self._result(part, {**message, "timestamp": call.get("timestamp")})
        for part in parts:
            self._result(part, message)

    def _spoken(self, message: Json, parts: Sequence[Json], *, is_new: bool) -> None:
        """Add a text; one of the same id takes its place, unless it is of a list written again."""
        key = ("said", message["type"], message["id"])
        if not parts:
            return
        line = self.messages.get(key)
        role = "user" if message["type"] == "user" else "assistant"
        content = json_of(texts_joined(list(parts)))
        if line is None:
            created = time_of(message.get("timestamp"))
            self.messages[key] = MessageLine(
                id=message["id"], role=role, content=content, created=created
            )
        elif is_new and line.content != content:
            leave_out(Kind.REPLACED)
            line.content = content
        else:
            leave_out(Kind.REPEATED)

    def _result(self, part: Any, message: Json) -> None:
        if isinstance(part, dict) and (response := part.get("functionResponse")):
            self._part("tool", part, response, message)

    def _part(self, role: str, part: Json, inner: Json, message: Json) -> None:
        """Add a call or a result, by the id of the call."""
        known = inner.get("id") or digest([message["id"], inner])
        key = (role, known)
        if key in self.messages:
            leave_out(Kind.REPEATED)
        else:
            self.messages[key] = MessageLine(
                id=known if role == "assistant" else f"{known}-result",
                role=role,
                content=json_of([part]),
                created=time_of(message.get("timestamp")),
            )


def _is_spoken(part: Json) -> bool:
    used = part.keys() & {"functionCall", "functionResponse"}
    return not used and part.get("text") != ""


def _thoughts(message: Json) -> Iterator[Json]:
    for one in message.get("thoughts") or ():
        texts = [f"**{one['subject']}**"] if one.get("subject") else []
        texts += [one["description"]] if one.get("description") else []
        if texts:
            yield {"text": "\n".join(texts), "thought": True}


def _call(call: Json) -> Json:
    kept = {name: call[name] for name in ("id", "name", "args") if name in call}
    return {"functionCall": kept}
