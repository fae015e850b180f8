"""OpenAI's Responses."""

import json
from collections.abc import Iterator
from typing import Any

from tests.transcripts.dialects.dialect import Dialect, Entries, Reply, event, texts


def _entries(body: Any) -> Entries:
    given = body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    found: Entries = []
    for one in items:
        if one.get("role") in {"user", "assistant"}:
            found.append((one["role"], texts(one.get("content"))))
        elif one.get("type") == "function_call_output":
            found.append(("result", texts(one.get("output"))))
    return found


def _items(reply: Reply) -> list[dict[str, Any]]:
    done = {"status": "completed"}
    spoken = {"type": "output_text", "text": reply.text, "annotations": []}
    about = {"type": "message", "id": f"msg_{reply.id}", "role": "assistant", **done}
    messages: list[dict[str, Any]] = [{**about, "content": [spoken]}] if reply.text else []
    return messages + [
        {
            "type": "function_call",
            "id": f"fc_{own_id}",
            "call_id": own_id,
            "name": tool,
            "arguments": json.dumps(given),
            **done,
        }
        for own_id, tool, given in reply.calls
    ]


def _whole(reply: Reply) -> Any:
    usage = {
        "input_tokens": reply.tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": reply.tokens + 10,
    }
    about = {"id": f"resp_{reply.id}", "object": "response", "created_at": 1_790_000_000}
    done = {"status": "completed", "model": "model-1", "usage": usage}
    return {**about, **done, "output": _items(reply)}


def _events(reply: Reply) -> Iterator[str | None]:
    def sent(name: str, **data: Any) -> str:
        return event({"type": name, **data}, name)

    whole = _whole(reply)
    yield sent("response.created", response={**whole, "status": "in_progress", "output": []})
    for index, item in enumerate(_items(reply)):
        position = {"output_index": index}
        opened = {**item, "status": "in_progress"}
        opened["content" if "content" in item else "arguments"] = [] if "content" in item else ""
        yield sent("response.output_item.added", **position, item=opened)
        if "content" in item:
            at = {**position, "item_id": item["id"], "content_index": 0}
            empty = {"type": "output_text", "text": "", "annotations": []}
            yield sent("response.content_part.added", **at, part=empty)
            first, second = reply.halves
            yield sent("response.output_text.delta", **at, delta=first)
            yield None
            yield sent("response.output_text.delta", **at, delta=second)
            yield sent("response.output_text.done", **at, text=reply.text)
            yield sent("response.content_part.done", **at, part=item["content"][0])
        else:
            given = {"item_id": item["id"], **position, "arguments": item["arguments"]}
            yield sent("response.function_call_arguments.done", **given)
        yield sent("response.output_item.done", **position, item=item)
    yield sent("response.completed", response=whole)


DIALECT = Dialect(_entries, lambda body: bool(body.get("tools")), _whole, _events)
