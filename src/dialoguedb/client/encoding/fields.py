"""Fields as the wire spells them, and none that would be lost.

The server ignores fields that it does not know, so unknown ones are refused here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from msgspec import Raw

from dialoguedb.client.inputs import MessageDict
from dialoguedb.errors import ErrorDetail, InvalidRequest

_MESSAGE_FIELDS = MessageDict.__required_keys__ | MessageDict.__optional_keys__
_SENT_AS_NULL = frozenset({"content"})
"""The server refuses both null and nothing there, but with different errors."""

_UNKNOWN_FIELD = "A message has no such field"


def wire_fields(fields: Mapping[str, Any], *, nullable: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields by their names on the wire; those that are None are left out.

    For nullable ones None is sent, which removes the stored value.
    """
    return {
        camel_case(name): _encoded(name, value)
        for name, value in fields.items()
        if value is not None or name in nullable
    }


def query_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields for a query string, where there is only text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in wire_fields(fields).items()
    }


@lru_cache
def camel_case(name: str) -> str:
    """Return a Python name as the wire spells it: `thread_of` is `threadOf`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def timestamp(time: str | date) -> str:
    """Write a time, or a day; InvalidRequest for a datetime without a time zone."""
    if isinstance(time, str):
        return time
    if not isinstance(time, datetime):
        return time.isoformat()
    if time.tzinfo is None:
        raise InvalidRequest(f"{time!r} needs a time zone, such as datetime.now(UTC)")
    return time.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def checked_message(value: object, path: str = "message") -> Mapping[str, Any]:
    """Return a message; InvalidRequest unless it is a mapping with only a message's fields."""
    if not isinstance(value, Mapping):
        raise InvalidRequest(
            f'{path} is {value!r}, and should be a dict such as {{"role": "user", "content": "Hi"}}'
        )
    unknown = [name for name in value if name not in _MESSAGE_FIELDS]
    if unknown:
        details = [ErrorDetail(f"{path}.{name}", "UNKNOWN", _UNKNOWN_FIELD) for name in unknown]
        names = ", ".join(map(repr, unknown))
        raise InvalidRequest(
            f"{path} has {names}, but a message has no such field. Keep it in its metadata, or"
            ' make the whole dict its content: {"role": …, "content": the dict}; of both, context'
            " windows know calls of tools and their results",
            details,
        )
    return value


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as a list; InvalidRequest for a text, which would be split into letters."""
    if isinstance(tags, str | Mapping) or not isinstance(tags, Iterable):
        raise InvalidRequest(f"tags should be a list of texts, not {tags!r}")
    return [*tags]


def _encoded(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return timestamp(value)
    if isinstance(value, Mapping) and name in {"filter", "source"}:
        return wire_fields(value) if name == "source" else _with_timestamps(value)
    if name == "message":
        return wire_fields(checked_message(value), nullable=_SENT_AS_NULL)
    if name == "messages" and not isinstance(value, int | Raw):  # Raw is encoded already
        return _messages(value)
    return value


def _with_timestamps(condition: Any) -> Any:
    """Return a filter's condition with its times written."""
    if isinstance(condition, date):
        return timestamp(condition)
    if isinstance(condition, Mapping):
        return {bound: _with_timestamps(time) for bound, time in condition.items()}
    return condition


def _messages(value: object) -> list[dict[str, Any]]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InvalidRequest(f"messages should be a list of dicts, not {value!r}")
    return [
        wire_fields(checked_message(message, f"messages[{index}]"), nullable=_SENT_AS_NULL)
        for index, message in enumerate(value)
    ]
