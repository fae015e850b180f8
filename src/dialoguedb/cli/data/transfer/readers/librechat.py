"""LibreChat's export of a conversation: a tree, as a list with parents or one within the other.

A message has a text, or parts of which a call holds its result. It becomes as many messages as it
has answers to calls in between, one after the other.
"""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from dialoguedb.cli.data.transfer.conversions import digest, label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import texts_joined, valid_id
from dialoguedb.cli.data.transfer.trees import Branches, Node, TreeLine, arranged

NAME = "librechat"

Json = dict[str, Any]

_EXPORTED = {"exportAt", "branches", "recursive"}
_LISTS = ("messages", "messagesTree")
_NOTED = (
    "model",
    "endpoint",
    "unfinished",
    "isEdited",
    "finish_reason",
    "feedback",
    "files",
    "attachments",
    "quotes",
    "plugin",
    "plugins",
    "manualSkills",
    "metadata",
)
_LEFT_OUT = {
    "agent_update": Kind.BOOKKEEPING,
    "summary": Kind.SUMMARIES,
    "error": Kind.ERRORS,
}
_ATTACHED = {"image_url", "video_url", "input_audio"}


def recognises(document: Any) -> bool:
    """Tell whether this is a conversation: exports say how they were made, messages who wrote."""
    if not isinstance(document, dict):
        return False
    found = _messages(document)
    first = found[0] if found else None
    is_message = isinstance(first, dict) and {"messageId", "isCreatedByUser"} <= first.keys()
    return found is not None and (is_message or document.keys() >= _EXPORTED)


def _messages(document: Json) -> list[Any] | None:
    return next((document[name] for name in _LISTS if isinstance(document.get(name), list)), None)


def lines(document: Json, branches: Branches = "threads") -> Iterator[Line]:
    """Yield a conversation; an export may hold other branches than the one before it did."""
    written = [*_flat(_messages(document) or [], None)]
    options = document.get("options") or {}
    noted = {
        "source": NAME,
        "endpoint": document.get("endpoint"),
        "model": options.get("model"),
        "system": options.get("promptPrefix") or None,
    }
    ids = (document.get("conversationId"), *(one.get("conversationId") for one, _ in written))
    own_id = next((one for one in ids if one), None) or f"{NAME}-{digest(document)}"
    times = (time for one, _ in written if (time := time_of(one.get("createdAt"))))
    dialogue = DialogueLine(
        id=valid_id(own_id),
        label=label(document.get("title")),
        created=min(times, default=None),
        metadata=json_of(pruned(noted)),
    )
    tree = TreeLine(**structs.asdict(dialogue))
    yield from arranged(tree, _linked(written), None, branches)


def _linked(written: list[tuple[Json, str | None]]) -> list[Node]:
    """Return the nodes of messages; the first of each follows the last of the one before."""
    if not any(parent for _, parent in written):
        ids: list[str | None] = [None, *(one["messageId"] for one, _ in written)]
        written = [(one, before) for (one, _), before in zip(written, ids, strict=False)]
    every = [[*_nodes(one, parent)] for one, parent in written]
    last = {nodes[0].id: nodes[-1].id for nodes in every}
    for nodes in every:
        nodes[0].parent = last.get(nodes[0].parent or "", nodes[0].parent)
    return [node for nodes in every for node in nodes]


def _flat(messages: list[Json], parent: str | None) -> Iterator[tuple[Json, str | None]]:
    """Yield messages, each with the one before it, and those within it behind it."""
    waiting = [(one, parent) for one in reversed(messages)]
    while waiting:
        message, above = waiting.pop()
        yield message, above or message.get("parentMessageId")
        children = message.get("children") or []
        waiting += [(one, message["messageId"]) for one in reversed(children)]


def _nodes(message: Json, before: str | None) -> Iterator[Node]:
    """Yield the nodes of a message, each behind the one before."""
    own_id = message["messageId"]
    created = time_of(message.get("createdAt"))
    spoken = [*_spoken(message)]
    if not spoken:
        yield Node(own_id, before, None, created or "")
    for count, (role, content) in enumerate(spoken, start=1):
        at = own_id if count == 1 else f"{own_id}-{count}"
        noted = {name: message.get(name) or None for name in _NOTED} if count == 1 else {}
        line = MessageLine(
            id=valid_id(at),
            role=role,
            content=json_of(content),
            metadata=json_of(pruned(noted)),
            created=created,
        )
        yield Node(at, before, line, created or "")
        before = at


def _spoken(message: Json) -> Iterator[tuple[str, Any]]:
    """Yield what a message says: who, and the content."""
    if message.get("error"):
        leave_out(Kind.ERRORS)
        return
    if message.get("isCreatedByUser"):
        yield from _typed(message)
        return
    found = _Parts(message["messageId"])
    for part in message.get("content") or ():
        found.add(part)
    found.end()
    if not found.spoken and (text := _text(message.get("text"))):
        found.spoken.append(("assistant", text))
    if not found.spoken:
        leave_out(Kind.EMPTY)
    yield from found.spoken


def _typed(message: Json) -> Iterator[tuple[str, Any]]:
    """Yield what a user typed; of what was attached, whose bytes are elsewhere, the names alone."""
    text = _text(message.get("text"))
    names = [f"[{one.get('filename') or 'file'}]" for one in message.get("files") or ()]
    shown = [part for part in map(_shown, message.get("content") or ()) if part]
    if shown:
        has_text = any(part["type"] == "text" for part in shown)
        before = [] if has_text or not text else [{"type": "text", "text": text}]
        yield "user", texts_joined([*before, *shown])
    elif text or names:
        yield "user", text or " ".join(names)
    else:
        leave_out(Kind.EMPTY)


class _Parts(Struct):
    """The parts of an answer, of which calls that follow each other are answered together."""

    own_id: str
    spoken: list[tuple[str, Any]] = []
    _shown_parts: list[Json] = []
    _results: list[Json] = []
    _calls: int = 0

    def add(self, part: Any) -> None:
        """Add a part; null stands where nothing was written yet."""
        if isinstance(part, dict) and isinstance(call := part.get("tool_call"), dict):
            self._add_call(call)
        elif shown := _shown(part):
            if self._results:
                self.end()
            self._shown_parts.append(shown)

    def _add_call(self, call: Json) -> None:
        self._calls += 1
        read = _Call.of(call, f"{self.own_id}-call-{self._calls}")
        names = {"toolCallId": read.id, "toolName": read.name}
        self._shown_parts.append({"type": "tool-call", **names, "input": read.input})
        if read.output is not None:
            output = {"type": "text", "value": read.output}
            self._results.append({"type": "tool-result", **names, "output": output})

    def end(self) -> None:
        """End what is said, and what it is answered."""
        if self._shown_parts:
            self.spoken.append(("assistant", texts_joined(self._shown_parts)))
        self.spoken += [("tool", [result]) for result in self._results]
        self._shown_parts, self._results = [], []


class _Call(Struct):
    """A call of an agent, or of one of the three kinds of OpenAI's assistants."""

    id: str
    name: str
    input: Any
    output: str | None

    @classmethod
    def of(cls, call: Json, own_id: str) -> "_Call":
        kind = str(call.get("type"))
        inside = call.get(kind)
        about = inside if isinstance(inside, dict) else call
        given = about.get("args", about.get("arguments", about.get("input")))
        outputs = about.get("outputs")
        output = about.get("output") if outputs is None else json.dumps(outputs)
        return cls(
            call.get("id") or own_id,
            about.get("name") or kind,
            _arguments(given),
            output if output is None or isinstance(output, str) else json.dumps(output),
        )


def _arguments(given: Any) -> Any:
    """Return the arguments of a call as an object, if they are the text of one."""
    if not isinstance(given, str):
        return given or {}
    try:
        found = json.loads(given or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"input": given}


def _shown(part: Any) -> Json | None:
    """Return a part that somebody wrote; None for what nobody did."""
    if not isinstance(part, dict):
        return None
    kind = part.get("type")
    if kind in {"text", "think"}:
        text = _text(part.get(kind))
        if text:
            return {"type": "text" if kind == "text" else "reasoning", "text": text}
        leave_out(Kind.EMPTY)
    elif kind in _ATTACHED:
        return part
    elif kind == "image_file":
        return {"type": "text", "text": f"[{part[kind].get('filename') or 'image'}]"}
    elif kind in _LEFT_OUT:
        leave_out(_LEFT_OUT[kind])
    else:
        leave_out_unknown(kind)
    return None


def _text(value: Any) -> str:
    """Return a text, which may stand beside its citations."""
    return str((value.get("value") if isinstance(value, dict) else value) or "")
