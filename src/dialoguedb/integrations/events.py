"""Events of Google's Agent Development Kit as messages, and back.

The content of a message is the event, which search and context windows read: its contents are
Gemini's.
"""

from google.adk.events.event import Event
from google.adk.sessions.state import State
from pydantic_core import to_jsonable_python

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.values.limits import NAME_CHARS_MAX

_USER = "user"


def message_from(event: Event) -> MessageDict:
    """Return the message that an event is stored as, under the event's own id."""
    role = "user" if event.author == _USER else "assistant"
    return {
        "id": event.id,
        "role": role,
        "name": event.author if 0 < len(event.author) <= NAME_CHARS_MAX else None,
        "content": {
            "type": "message",
            "role": role,
            "event": _persistent(event).model_dump(
                mode="json", by_alias=True, exclude_defaults=True
            ),
        },
    }


def event_from(record: MessageRecord) -> Event:
    """Return an event as it was appended; messages of others become events of their text."""
    content = record.content
    if isinstance(content, dict) and "event" in content:
        return Event.model_validate(content["event"])
    author = _USER if record.role == "user" else record.name or record.role
    text = content if isinstance(content, str) else str(content)
    return Event(id=record.id, author=author, content={"role": "user", "parts": [{"text": text}]})


def _persistent(event: Event) -> Event:
    """Return an event without temporary state; values that are no JSON become text."""
    changes = {
        key: to_jsonable_python(value, fallback=str)
        for key, value in event.actions.state_delta.items()
        if not key.startswith(State.TEMP_PREFIX)
    }
    actions = event.actions.model_copy(update={"state_delta": changes})
    return event.model_copy(update={"actions": actions})
