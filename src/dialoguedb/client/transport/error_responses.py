"""Error responses, raised as the same classes that the server raised."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.transport.requests import ApiResponse
from dialoguedb.client.transport.retries import retry_after_s
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
"""The class for a code that is newer than this client, by the type beside it."""

_SHOWN_BYTES = 200


class _ErrorObject(Struct, rename="camel"):
    code: str
    message: str
    type: str = ""
    details: list[ErrorDetail] = []
    request_id: str | None = None


class _ErrorBody(Struct):
    error: _ErrorObject


def error_from(response: ApiResponse) -> DialogueDBError:
    """Return the error that a response describes."""
    try:
        described = json_codec.decode(response.body, _ErrorBody).error
    except msgspec.DecodeError:
        return unexpected_response(response)
    kind = _CLASSES.get(described.code) or _FAMILIES.get(described.type, DialogueDBError)
    error = _create(kind, described, response)
    error.code = described.code
    error.request_id = described.request_id
    return error


def unexpected_response(response: ApiResponse) -> UnexpectedAnswer:
    """Return the error for a response that no DialogueDB server gives."""
    shown = response.body[:_SHOWN_BYTES].decode(errors="replace")
    error = UnexpectedAnswer(
        f"Status {response.status} with an answer that is none of DialogueDB's: {shown!r}",
        response.status,
    )
    error.request_id = response.headers.get("x-request-id")
    return error


def unreadable_response(response: ApiResponse, why: str) -> UnreadableAnswer:
    """Return the error for a whole response that this client cannot read."""
    error = UnreadableAnswer(
        f"It was done, but this client cannot read the answer (status {response.status}): {why}",
        response.status,
    )
    error.request_id = response.headers.get("x-request-id")
    return error


def _create(
    kind: type[DialogueDBError], described: _ErrorObject, response: ApiResponse
) -> DialogueDBError:
    if issubclass(kind, RateLimitExceeded):
        return kind(described.message, int(retry_after_s(response) or 1), described.details)
    if issubclass(kind, MethodNotAllowed):
        allowed = response.headers.get("allow", "")
        return kind(described.message, [method.strip() for method in allowed.split(",")])
    return kind(described.message, described.details)


def _subclasses(kind: type[DialogueDBError]) -> Iterator[type[DialogueDBError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _subclasses(child)


def _by_code() -> dict[str, type[DialogueDBError]]:
    """Return the class that declares each code; classes that share one inherit it."""
    return {kind.code: kind for kind in _subclasses(DialogueDBError) if "code" in vars(kind)}


_CLASSES = {code: kind for code, kind in _by_code().items() if kind is not DialogueDBError}


def is_gone(error: DialogueDBError) -> bool:
    """Tell whether an object, and not a route, was not found."""
    return isinstance(error, NotFound) and not isinstance(error, RouteNotFound)
