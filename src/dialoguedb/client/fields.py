"""Fields as they are written down: by their names on the wire, and none that would be lost.

The server overlooks fields that it does not know, so what has no field is refused here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from dialoguedb.client.inputs import MessageInput
from dialoguedb.errors import ErrorDetail, InvalidRequest

_OF_A_MESSAGE = MessageInput.__required_keys__ | MessageInput.__optional_keys__
_SENT_AS_NULL = frozenset({"content"})
"""None is refused there, and what is left out, too; but not for the same reason."""


_NO_FIELD = "A message has no such field"


def given(fields: Mapping[str, Any], *, nullable: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields by their names on the wire; those that are None are left out.

    Of the nullable ones, None is sent: it takes away what is there.
    """
    return {
        camel(name): _written(name, value)
        for name, value in fields.items()
        if value is not None or name in nullable
    }


def in_query(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields for a query string, where there is only text."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in given(fields).items()
    }


def camel(name: str) -> str:
    """Return a name of Python as the wire spells it: `thread_of` is `threadOf`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def timestamp(moment: str | date) -> str:
    """Write a moment, or a day; InvalidRequest when a datetime does not say its time zone."""
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        raise InvalidRequest(f"{moment!r} needs a time zone, such as datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def message(told: object, place: str = "message") -> Mapping[str, Any]:
    """Return a message that has the fields of one; InvalidRequest for anything else."""
    if not isinstance(told, Mapping):
        raise InvalidRequest(
            f'{place} is {told!r}, and should be a dict such as {{"role": "user", "content": "Hi"}}'
        )
    unknown = [name for name in told if name not in _OF_A_MESSAGE]
    if unknown:
        faults = [ErrorDetail(f"{place}.{name}", "UNKNOWN", _NO_FIELD) for name in unknown]
        names = ", ".join(map(repr, unknown))
        raise InvalidRequest(
            f"{place} has {names}, but a message has no such field. Keep it in its metadata, or"
            ' make the whole dict its content: {"role": …, "content": the dict}; of both, context'
            " windows know calls of tools and their results",
            faults,
        )
    return told


def tags(told: Iterable[str]) -> list[str]:
    """Return tags as a list; InvalidRequest for a text, which would be taken letter by letter."""
    if isinstance(told, str | Mapping) or not isinstance(told, Iterable):
        raise InvalidRequest(f"tags should be a list of texts, not {told!r}")
    return [*told]


def _written(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return timestamp(value)
    if name == "filter" and isinstance(value, Mapping):
        return {member: _moments(wanted) for member, wanted in value.items()}
    if name == "message":
        return given(message(value), nullable=_SENT_AS_NULL)
    if name == "messages" and not isinstance(value, int):
        return _messages(value)
    return value


def _moments(wanted: Any) -> Any:
    """Write the moments in a filter's member."""
    if isinstance(wanted, date):
        return timestamp(wanted)
    if isinstance(wanted, Mapping):
        return {bound: _moments(moment) for bound, moment in wanted.items()}
    return wanted


def _messages(told: object) -> list[dict[str, Any]]:
    if isinstance(told, str | Mapping) or not isinstance(told, Iterable):
        raise InvalidRequest(f"messages should be a list of dicts, not {told!r}")
    return [
        given(message(one, f"messages[{number}]"), nullable=_SENT_AS_NULL)
        for number, one in enumerate(told)
    ]
