"""Answers that are errors, raised as the same classes that the server raised."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from dialoguedb.client import wire
from dialoguedb.client.patience import asked_pause_s
from dialoguedb.client.requests import Answer
from dialoguedb.errors import (
    Conflict,
    DialogueDBError,
    ErrorDetail,
    Forbidden,
    InternalError,
    InvalidRequest,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    RateLimitExceeded,
    RouteNotFound,
    ServiceUnavailable,
    Unauthorized,
    UnexpectedAnswer,
    UnreadableAnswer,
)

_FAMILIES: dict[str, type[DialogueDBError]] = {
    "validation_error": InvalidRequest,
    "authentication_error": Unauthorized,
    "authorization_error": Forbidden,
    "not_found": NotFound,
    "conflict": Conflict,
    "rate_limit": LimitExceeded,
    "server": InternalError,
    "service_unavailable": ServiceUnavailable,
}
"""What a code that is newer than this client belongs to, by the type beside it."""

_SHOWN_BYTES = 200


class _Problem(Struct, rename="camel"):
    code: str
    message: str
    type: str = ""
    details: list[ErrorDetail] = []
    request_id: str | None = None


class _ProblemBody(Struct):
    error: _Problem


def error_of(answer: Answer) -> DialogueDBError:
    """Return the error that an answer tells."""
    try:
        told = wire.decode(answer.body, _ProblemBody).error
    except msgspec.DecodeError:
        return unexpected(answer)
    kind = _CLASSES.get(told.code) or _FAMILIES.get(told.type, DialogueDBError)
    error = _made(kind, told, answer)
    error.code = told.code
    error.request_id = told.request_id
    return error


def unexpected(answer: Answer) -> UnexpectedAnswer:
    """Return the error for an answer that no server of ours gives."""
    shown = answer.body[:_SHOWN_BYTES].decode(errors="replace")
    error = UnexpectedAnswer(
        f"Status {answer.status} with an answer that is none of DialogueDB's: {shown!r}",
        answer.status,
    )
    error.request_id = answer.headers.get("x-request-id")
    return error


def unreadable(answer: Answer, why: str) -> UnreadableAnswer:
    """Return the error for a whole answer that says something else than is expected."""
    error = UnreadableAnswer(
        f"It was done, but this client cannot read the answer (status {answer.status}): {why}",
        answer.status,
    )
    error.request_id = answer.headers.get("x-request-id")
    return error


def _made(kind: type[DialogueDBError], told: _Problem, answer: Answer) -> DialogueDBError:
    if issubclass(kind, RateLimitExceeded):
        return kind(told.message, int(asked_pause_s(answer) or 1), told.details)
    if issubclass(kind, MethodNotAllowed):
        allowed = answer.headers.get("allow", "")
        return kind(told.message, [method.strip() for method in allowed.split(",")])
    return kind(told.message, told.details)


def _every(kind: type[DialogueDBError]) -> Iterator[type[DialogueDBError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _every(child)


def _by_code() -> dict[str, type[DialogueDBError]]:
    """Return the class that has each code of its own; those who share one have their parent's."""
    return {kind.code: kind for kind in _every(DialogueDBError) if "code" in vars(kind)}


_CLASSES = {code: kind for code, kind in _by_code().items() if kind is not DialogueDBError}


def is_gone(error: DialogueDBError) -> bool:
    """Tell whether an error says that a thing, not a route, is not there."""
    return isinstance(error, NotFound) and not isinstance(error, RouteNotFound)
