"""Anthropic's Messages."""

import json
from collections.abc import Iterator
from typing import Any

from tests.transcripts.dialects.dialect import Dialect, Entries, Reply, event, texts


def _entries(body: Any) -> Entries:
    found: Entries = []
    for one in body["messages"]:
        content = one["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            if block["type"] == "tool_result":
                found.append(("result", texts(block.get("content"))))
            elif block["type"] == "text":
                found.append((one["role"], block["text"]))
    return found


def _usage(reply: Reply) -> dict[str, int]:
    return {"input_tokens": reply.tokens, "output_tokens": 10}


def _message(reply: Reply, content: Any, reason: str | None) -> dict[str, Any]:
    about = {"id": f"msg_{reply.id}", "type": "message", "role": "assistant", "model": "model-1"}
    stopped = {"stop_reason": reason, "stop_sequence": None, "usage": _usage(reply)}
    return {**about, "content": content, **stopped}


def _reason(reply: Reply) -> str:
    return "tool_use" if reply.calls else "end_turn"


def _uses(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"type": "tool_use", "id": own_id, "name": tool, "input": given}
        for own_id, tool, given in reply.calls
    ]


def _whole(reply: Reply) -> Any:
    spoken = [{"type": "text", "text": reply.text}] if reply.text else []
    return _message(reply, spoken + _uses(reply), _reason(reply))


def _events(reply: Reply) -> Iterator[str | None]:
    def sent(name: str, **data: Any) -> str:
        return event({"type": name, **data}, name)

    yield sent("message_start", message=_message(reply, [], None))
    index = 0
    if reply.text:
        yield sent("content_block_start", index=0, content_block={"type": "text", "text": ""})
        first, second = ({"type": "text_delta", "text": half} for half in reply.halves)
        yield sent("content_block_delta", index=0, delta=first)
        yield None
        yield sent("content_block_delta", index=0, delta=second)
        yield sent("content_block_stop", index=0)
        index = 1
    for at, use in enumerate(_uses(reply), index):
        given = {"type": "input_json_delta", "partial_json": json.dumps(use["input"])}
        yield sent("content_block_start", index=at, content_block={**use, "input": {}})
        yield sent("content_block_delta", index=at, delta=given)
        yield sent("content_block_stop", index=at)
    stopped = {"stop_reason": _reason(reply), "stop_sequence": None}
    yield sent("message_delta", delta=stopped, usage=_usage(reply))
    yield sent("message_stop")


DIALECT = Dialect(_entries, lambda body: bool(body.get("tools")), _whole, _events)
