"""OpenAI's Chat Completions."""

import json
from collections.abc import Iterator
from typing import Any

from tests.transcripts.dialects.dialect import Dialect, Entries, Reply, event, texts

_KINDS = {"user": "user", "assistant": "assistant", "tool": "result"}


def _entries(body: Any) -> Entries:
    return [
        (_KINDS[one["role"]], texts(one.get("content")))
        for one in body["messages"]
        if one["role"] in _KINDS
    ]


def _about(reply: Reply, kind: str) -> dict[str, Any]:
    return {"id": f"chat-{reply.id}", "object": kind, "created": 1_790_000_000, "model": "model-1"}


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "id": own_id,
            "type": "function",
            "function": {"name": tool, "arguments": json.dumps(given)},
        }
        for own_id, tool, given in reply.calls
    ]


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": reply.tokens,
        "completion_tokens": 10,
        "total_tokens": reply.tokens + 10,
    }


def _reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _whole(reply: Reply) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.calls:
        message["tool_calls"] = _calls(reply)
    choice = {"index": 0, "finish_reason": _reason(reply), "message": message}
    return {**_about(reply, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def _events(reply: Reply) -> Iterator[str | None]:
    def chunk(delta: Any, reason: str | None = None) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
        return event({**_about(reply, "chat.completion.chunk"), "choices": choices})

    first, second = reply.halves
    yield chunk({"role": "assistant", "content": first})
    yield None
    if second:
        yield chunk({"content": second})
    for index, call in enumerate(_calls(reply)):
        yield chunk({"tool_calls": [{"index": index, **call}]})
    yield chunk({}, _reason(reply))
    about = _about(reply, "chat.completion.chunk")
    yield event({**about, "choices": [], "usage": _usage(reply)})
    yield "data: [DONE]\n\n"


DIALECT = Dialect(_entries, lambda body: bool(body.get("tools")), _whole, _events)
