"""Sessions as `opencode export` prints them: an object with messages, each with its parts."""

from collections.abc import Iterator
from typing import Any

from dialoguedb.cli.data.transfer.conversions import label, pruned, time_of
from dialoguedb.cli.data.transfer.left_out import Kind, leave_out, leave_out_unknown
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine, json_of
from dialoguedb.cli.data.transfer.readers.conversation import conversation, texts_joined

NAME = "opencode"

Json = dict[str, Any]

_MS = 1_000
_BOOKKEEPING = {"step-start", "step-finish", "snapshot", "patch", "agent", "retry", "compaction"}
_ENDINGS = {"stop", "tool-calls"}
_ENDED = {"completed", "error"}


def recognises(document: Any) -> bool:
    """Tell whether this is a session, with its messages."""
    if not isinstance(document, dict) or not isinstance(document.get("messages"), list):
        return False
    about = document.get("info")
    is_session = isinstance(about, dict) and str(about.get("id", "")).startswith("ses_")
    return is_session and all(
        isinstance(one, dict) and isinstance(one.get("info"), dict) for one in document["messages"]
    )


def lines(document: Json) -> Iterator[Line]:
    """Yield the dialogue of a session; nothing when there is no message in it."""
    if not document["messages"]:
        return
    about = document["info"]
    model = about.get("model") or {}
    described = {
        "source": NAME,
        "model": model.get("id"),
        "cwd": about.get("directory"),
        "agent": about.get("agent"),
        "version": about.get("version"),
        "parent": about.get("parentID"),
    }
    dialogue = DialogueLine(
        id=about["id"],
        label=label(about.get("title")),
        created=_time(about.get("time"), "created"),
        metadata=json_of(pruned(described)),
    )
    found = (line for one in document["messages"] for line in _messages(one))
    yield from conversation(dialogue, found)


def _messages(message: Json) -> Iterator[MessageLine]:
    """Yield what a message says, its calls each, and their results behind them.

    A call and its result are one part of the program's, which is finished later than it begins.
    """
    about = message["info"]
    if about.get("summary") is True:  # for the model alone, when a session became too long
        leave_out(Kind.SUMMARIES)
        return
    if not message["parts"]:
        leave_out(Kind.ERRORS if about.get("error") else Kind.EMPTY)
    finish = about.get("finish")
    noted = pruned({"finish": None if finish in _ENDINGS else finish})
    spoken: list[Json] = []
    results: list[MessageLine] = []
    count = 0
    created = _time(about.get("time"), "created")

    def whole() -> Iterator[MessageLine]:
        nonlocal count
        if spoken:
            count += 1
            yield MessageLine(
                id=about["id"] if count == 1 else f"{about['id']}-{count}",
                role=about["role"],
                content=json_of(texts_joined(spoken)),
                metadata=json_of(noted),
                created=created,
            )
            spoken.clear()

    for part in message["parts"]:
        if part.get("type") == "tool":
            yield from whole()
            yield _call(part, created)
            results += _result(part)
        elif (shown := _shown(part)) is not None:
            yield from results
            results.clear()
            spoken.append(shown)
    yield from results
    yield from whole()


def _shown(part: Json) -> Json | None:
    """Return a part that somebody said; None for the program's own."""
    kind = part.get("type")
    if kind in {"text", "reasoning"} and part.get("text") and not part.get("synthetic"):
        beside = pruned({"providerMetadata": part.get("metadata")}) if kind == "reasoning" else {}
        return {"type": kind, "text": part["text"], **beside}
    if kind == "file":
        kept = {"url": part.get("url"), "mediaType": part.get("mime")}
        return {"type": "file", **pruned({**kept, "filename": part.get("filename")})}
    _leave_out(kind, part)
    return None


def _leave_out(kind: Any, part: Json) -> None:
    """Count a part that nobody said."""
    if kind in {"text", "reasoning"}:
        leave_out(Kind.CONTEXT if part.get("text") else Kind.EMPTY)
    elif kind in _BOOKKEEPING:
        leave_out(Kind.BOOKKEEPING)
    else:
        leave_out_unknown(kind)


def _call(part: Json, created: str | None) -> MessageLine:
    state = part["state"]
    return MessageLine(
        id=part["id"],
        role="assistant",
        content=json_of([{"type": "tool-call", **_names(part), "input": state.get("input")}]),
        created=_time(state.get("time"), "start") or created,
    )


def _result(part: Json) -> Iterator[MessageLine]:
    state = part["state"]
    if state.get("status") not in _ENDED:
        return
    failed = state["status"] == "error"
    value = state.get("error") if failed else state.get("output")
    output = {"type": "error-text" if failed else "text", "value": value or ""}
    exit_code = (state.get("metadata") or {}).get("exit")
    yield MessageLine(
        id=f"{part['id']}-result",
        role="tool",
        content=json_of([{"type": "tool-result", **_names(part), "output": output}]),
        metadata=json_of(pruned({"title": state.get("title") or None, "exitCode": exit_code})),
        created=_time(state.get("time"), "end"),
    )


def _names(part: Json) -> Json:
    return {"toolCallId": part["callID"], "toolName": part["tool"]}


def _time(times: Any, name: str) -> str | None:
    at = times.get(name) if isinstance(times, dict) else None
    return time_of(at / _MS) if isinstance(at, int | float) else None
