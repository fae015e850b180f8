"""Events of Google's Agent Development Kit as messages, and back.

A message says what its event does, in blocks that searches and windows know, and keeps the event
whole beside them.
"""

from collections.abc import Iterator
from typing import Any

from google.adk.events.event import Event
from google.adk.sessions.state import State
from google.genai.types import Part
from pydantic_core import to_jsonable_python

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.values.limits import NAME_CHARS_MAX

_USER = "user"


def stored_event(event: Event) -> MessageDict:
    """Return the message that an event is stored as, under the event's own id."""
    parts = (event.content.parts if event.content else None) or []
    role = "user" if event.author == _USER else "assistant"
    return {
        "id": event.id,
        "role": role,
        "name": event.author if 0 < len(event.author) <= NAME_CHARS_MAX else None,
        "content": {
            "type": "message",
            "role": role,
            "content": [block for part in parts for block in _blocks(part)],
            "event": _lasting(event).model_dump(mode="json", by_alias=True, exclude_defaults=True),
        },
    }


def restored_event(record: MessageRecord) -> Event:
    """Return an event as it was appended; what others wrote is one of its text."""
    content = record.content
    if isinstance(content, dict) and "event" in content:
        return Event.model_validate(content["event"])
    author = _USER if record.role == "user" else record.name or record.role
    text = content if isinstance(content, str) else str(content)
    return Event(id=record.id, author=author, content={"role": "user", "parts": [{"text": text}]})


def _lasting(event: Event) -> Event:
    """Return an event without the state of this moment alone; what is no JSON there as text."""
    changes = {
        key: to_jsonable_python(value, fallback=str)
        for key, value in event.actions.state_delta.items()
        if not key.startswith(State.TEMP_PREFIX)
    }
    actions = event.actions.model_copy(update={"state_delta": changes})
    return event.model_copy(update={"actions": actions})


def _blocks(part: Part) -> Iterator[dict[str, Any]]:
    if part.text and not part.thought:
        yield {"type": "text", "text": part.text}
    elif call := part.function_call:
        used = {"id": call.id or "", "name": call.name or "", "input": call.args or {}}
        yield {"type": "tool_use", **used}
    elif answer := part.function_response:
        said = [{"type": "text", "text": _told(answer.response or {})}]
        yield {"type": "tool_result", "tool_use_id": answer.id or "", "content": said}
    elif blob := part.inline_data:
        yield {"type": "text", "text": f"[{blob.mime_type or 'data'}]"}
    elif file := part.file_data:
        yield {"type": "text", "text": f"[{file.display_name or file.file_uri}]"}


def _told(response: dict[str, Any]) -> str:
    """Return what a tool answered: its text, if that is all of it."""
    result = response.get("result", response.get("output"))
    return result if isinstance(result, str) and len(response) == 1 else str(response)
