"""Gemini's generateContent."""

from collections.abc import Iterator
from typing import Any

from tests.transcripts.dialects.dialect import Dialect, Entries, Reply, event


def _entries(body: Any) -> Entries:
    found: Entries = []
    for one in body["contents"]:
        kind = "assistant" if one.get("role") == "model" else "user"
        for part in one["parts"]:
            if "functionResponse" in part:
                found.append(("result", str(part["functionResponse"].get("response"))))
            elif "text" in part:
                found.append((kind, part["text"]))
    return found


def _piece(reply: Reply, parts: list[Any], *, is_last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if is_last:
        candidate["finishReason"] = "STOP"
    usage = {"promptTokenCount": reply.tokens, "candidatesTokenCount": 10}
    usage["totalTokenCount"] = reply.tokens + 10
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "model-1"}


def _calls(reply: Reply) -> list[Any]:
    return [
        {"functionCall": {"id": own_id, "name": tool, "args": given}}
        for own_id, tool, given in reply.calls
    ]


def _whole(reply: Reply) -> Any:
    spoken = [{"text": reply.text}] if reply.text else []
    return _piece(reply, spoken + _calls(reply), is_last=True)


def _events(reply: Reply) -> Iterator[str | None]:
    first, second = reply.halves
    if first:
        yield event(_piece(reply, [{"text": first}], is_last=False))
    yield None
    spoken = [{"text": second}] if second else []
    yield event(_piece(reply, spoken + _calls(reply), is_last=True))


def _has_tools(body: Any) -> bool:
    return bool(body.get("tools"))


DIALECT = Dialect(_entries, _has_tools, _whole, _events)
