"""Answers as `llm logs list --json` prints them: an array, oldest first, of all conversations."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation, texts_joined
from dialoguedb.cli.data.transfer.readers.reader import FileContent

NAME = "llm"

Json = dict[str, Any]

_MEMBERS = {"conversation_id", "prompt", "response", "datetime_utc"}
_IMAGE = "image/"


def recognises(first: Sequence[Any]) -> bool:
    """Tell whether these are answers, each with its question."""
    return bool(first) and all(isinstance(one, dict) and one.keys() >= _MEMBERS for one in first)


def lines(content: FileContent) -> Iterator[Line]:
    """Yield a dialogue for each conversation."""
    if not recognises(content.documents):
        raise ValueError("an element is no answer")
    found: dict[str, list[Json]] = {}
    for answer in content.documents:
        found.setdefault(answer["conversation_id"] or answer["id"], []).append(answer)
    for own_id, answers in found.items():
        yield from conversation_of(own_id, answers)


def conversation_of(own_id: str, answers: Sequence[Json]) -> Iterator[Line]:
    """Yield the dialogue of a conversation with its answers, in any order."""
    answers = sorted(answers, key=lambda one: str(one["datetime_utc"]))
    first = answers[0]
    model = first.get("conversation_model") or first.get("model")
    dialogue = DialogueLine(
        id=own_id,
        label=label(first.get("conversation_name")),
        created=time_of(first["datetime_utc"]),
        metadata=json_of(pruned({"source": NAME, "model": model})),
    )
    yield from conversation(dialogue, _messages(answers))


def _messages(answers: Sequence[Json]) -> Iterator[MessageLine]:
    system = None
    for answer in answers:
        instructed = _texts(answer.get("system_fragments"), answer.get("system"))
        if instructed and instructed != system:
            yield _message(answer, "system", texts_joined(instructed))
        elif instructed:
            leave_out(Kind.REPEATED)
        system = instructed or system
        own = {call.get("tool_call_id") for call in answer.get("tool_calls") or ()}
        results = answer.get("tool_results") or ()
        yield from _results(answer, [one for one in results if one.get("tool_call_id") not in own])
        yield from _question(answer)
        yield from _answer(answer)
        yield from _results(answer, [one for one in results if one.get("tool_call_id") in own])


def _texts(fragments: Any, text: Any) -> list[Json]:
    """Return texts that were sent together, as parts.

    Since version 0.36 the text has the fragments in it; before, they stood beside it alone.
    """
    found = [
        one.get("content") if isinstance(one, dict) else one
        for one in (fragments if isinstance(fragments, list) else ())
    ]
    beside = [one for one in found if one and one not in (text or "")]
    return [{"type": "text", "text": one} for one in (*beside, text) if one]


def _question(answer: Json) -> Iterator[MessageLine]:
    attached = answer.get("attachments") or []
    parts = _texts(answer.get("prompt_fragments"), answer.get("prompt"))
    parts += [_attachment(one) for one in attached]
    if parts:
        noted = {"attachments": attached} if attached else {}
        yield _message(answer, "prompt", texts_joined(parts), noted)


def _attachment(attached: Json) -> Json:
    """Return what was sent beside a question; of a file of its own there is only the path."""
    if (url := attached.get("url")) and str(attached.get("type", "")).startswith(_IMAGE):
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": f"[{attached.get('path') or url or 'attachment'}]"}


def _answer(answer: Json) -> Iterator[MessageLine]:
    calls = [_call(call) for call in answer.get("tool_calls") or ()]
    text, thought = answer.get("response"), answer.get("reasoning")
    if calls or thought:
        whole = {"role": "assistant", "content": text or ""}
        beside = {"reasoning_content": thought or None, "tool_calls": calls or None}
        yield _message(answer, "assistant", {**whole, **pruned(beside)})
    elif text:
        yield _message(answer, "assistant", text)
    else:
        leave_out(Kind.EMPTY)


def _call(call: Json) -> Json:
    arguments = call.get("arguments")
    written = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    function = {"name": call.get("name"), "arguments": written}
    return pruned({"id": call.get("tool_call_id"), "type": "function", "function": function})


def _results(answer: Json, results: Sequence[Json]) -> Iterator[MessageLine]:
    for index, result in enumerate(results, start=1):
        failed = result.get("exception")
        whole = {
            "role": "tool",
            "tool_call_id": result.get("tool_call_id"),
            "name": result.get("name"),
            "content": result.get("output") or failed or "",
            "is_error": True if failed else None,
        }
        yield _message(answer, f"result-{index}", pruned(whole))


_ROLES = {"prompt": "user"}


def _message(answer: Json, what: str, content: Any, noted: Json | None = None) -> MessageLine:
    """Return a message of an answer; the answer itself has the id, what led to it one beside it."""
    is_answer = what == "assistant"
    role = "tool" if what.startswith("result") else _ROLES.get(what, what)
    begun = answer["datetime_utc"]
    model = {"model": answer.get("model")} if is_answer else {}
    return MessageLine(
        id=answer["id"] if is_answer else f"{answer['id']}-{what}",
        role=role,
        content=json_of(content),
        metadata=json_of(pruned({**model, **(noted or {})})),
        created=time_of(_later(begun, answer.get("duration_ms")) if is_answer else begun),
    )


def _later(begun: str, duration_ms: Any) -> str:
    if not isinstance(duration_ms, int | float):
        return begun
    return (datetime.fromisoformat(begun) + timedelta(milliseconds=duration_ms)).isoformat()
