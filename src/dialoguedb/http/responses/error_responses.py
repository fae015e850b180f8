"""Errors as responses: one table of statuses and types, one shape of body."""

from collections.abc import Sequence

from msgspec import Struct

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
    PayloadTooLarge,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthorized,
)
from dialoguedb.http.responses.response import Header, Response, encode

STATUSES: dict[type[DialogueDBError], tuple[int, str]] = {
    InvalidRequest: (400, "validation_error"),
    Unauthorized: (401, "authentication_error"),
    Forbidden: (403, "authorization_error"),
    NotFound: (404, "not_found"),
    MethodNotAllowed: (405, "validation_error"),
    Conflict: (409, "conflict"),
    PayloadTooLarge: (413, "validation_error"),
    LimitExceeded: (429, "rate_limit"),
    InternalError: (500, "server"),
    ServiceUnavailable: (503, "service_unavailable"),
}
"""The status and type of each error; a class that is not named has those of its parent."""


VALIDATION_CODES = {
    "MISSING_PARAMETER": "Something required is absent.",
    "INVALID_PARAMETER": "A value is not allowed.",
    "MESSAGE_CONTENT_EMPTY": "A message says nothing.",
    "MESSAGE_TOO_LARGE": "A message's content is over its limit.",
    "STATE_TOO_LARGE": "A state is over its limit.",
    "INVALID_IMAGE_CONTENT": "An image in a message is not well-formed.",
    "VALIDATION_ERROR": "Several of these at once; `details` lists them.",
}
"""The codes of InvalidRequest."""


class Problem(Struct, rename="camel"):
    """What went wrong."""

    code: str
    message: str
    type: str
    details: Sequence[ErrorDetail]
    request_id: str
    timestamp: str


class ProblemBody(Struct):
    """The body of every answer that is not a success."""

    error: Problem


def status_of(kind: type[DialogueDBError]) -> tuple[int, str] | None:
    """Return an error's status and type; None when clients never see it."""
    return next((STATUSES[parent] for parent in kind.__mro__ if parent in STATUSES), None)


def error_response(error: DialogueDBError, request_id: str, now: str) -> Response:
    """Return the response that reports an error."""
    found = status_of(type(error))
    if found is None:
        return error_response(unexpected_error(), request_id, now)
    status, kind = found
    fields = Problem(error.code, error.message, kind, error.details, request_id, now)
    return Response(encode(ProblemBody(fields)), status=status, headers=_headers(error))


def unexpected_error() -> InternalError:
    """Return the error that stands for a defect and reveals nothing of it."""
    return InternalError("Something went wrong on our side; please quote the request id")


def _headers(error: DialogueDBError) -> tuple[Header, ...]:
    match error:
        case Unauthorized():
            return ((b"www-authenticate", b"Bearer"),)
        case MethodNotAllowed():
            return ((b"allow", ", ".join(error.allowed).encode()),)
        case RateLimitExceeded() | ServiceUnavailable():
            return ((b"retry-after", b"%d" % error.retry_after_s),)
    return ()
