"""Every error of DialogueDB.

    DialogueDBError
    ├── InvalidRequest
    │   ├── InvalidJSON
    │   ├── MethodNotAllowed
    │   └── PayloadTooLarge
    ├── Unauthorized
    ├── Forbidden
    ├── NotFound
    │   ├── DialogueNotFound
    │   ├── MessageNotFound
    │   ├── MemoryNotFound
    │   ├── SummaryNotFound
    │   ├── ContextNotFound
    │   ├── TemplateNotFound
    │   ├── ProjectNotFound
    │   ├── KeyNotFound
    │   └── RouteNotFound
    ├── Conflict
    │   ├── DialogueEnded
    │   ├── DialogueImmutable
    │   ├── DuplicateId
    │   ├── VersionConflict
    │   ├── IdempotencyKeyReused
    │   └── ProjectProtected
    ├── LimitExceeded
    │   ├── RateLimitExceeded
    │   └── QuotaExceeded
    ├── InternalError
    ├── ServiceUnavailable
    │   ├── EmbedderUnavailable
    │   ├── SummarizerUnavailable
    │   ├── SummarizerRefused
    │   └── UnreadableData
    ├── Unreachable
    │   └── TimedOut
    ├── UnexpectedAnswer
    │   └── UnreadableAnswer
    ├── Closed
    ├── InvalidSetting
    │   └── WrongDimensions
    └── DataError
        ├── NotOurData
        ├── NewerSchema
        ├── NotUnlocked
        └── DamagedData

Each class has the stable `code` that clients see; those of embedders and summarizers share their
parent's. `Unreachable`, `UnexpectedAnswer`, their children and `Closed` are raised by the client
itself. `InvalidSetting`, `DataError` and their children speak to the operator and are in no
answer.
"""

from collections.abc import Sequence

import msgspec


class ErrorDetail(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request."""

    field: str
    """The field's place, such as `messages[3].content`."""

    code: str
    """`REQUIRED`, `INVALID`, `TOO_LARGE`, `NOT_FOUND` or `UNKNOWN`."""

    message: str
    """What is wrong, as a sentence."""


class DialogueDBError(Exception):
    """The root of every error this package raises on purpose."""

    code = "INTERNAL_ERROR"
    request_id: str | None = None
    """Which request it was that a server refused."""

    def __init__(self, message: str, details: Sequence[ErrorDetail] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)


class InvalidRequest(DialogueDBError):
    """The request breaks a rule of the contract; `code` says which kind."""

    code = "VALIDATION_ERROR"

    def __init__(
        self, message: str, details: Sequence[ErrorDetail] = (), code: str | None = None
    ) -> None:
        super().__init__(message, details)
        if code is not None:
            self.code = code


class InvalidJSON(InvalidRequest):
    """The body is not JSON in UTF-8."""

    code = "INVALID_JSON"


class MethodNotAllowed(InvalidRequest):
    """The route exists, but not for this method."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class PayloadTooLarge(InvalidRequest):
    """The body is longer than the server reads."""

    code = "PAYLOAD_TOO_LARGE"


class Unauthorized(DialogueDBError):
    """The key is missing, malformed, unknown, revoked or expired."""

    code = "UNAUTHORIZED"


class Forbidden(DialogueDBError):
    """The key is known, but not allowed to do this."""

    code = "FORBIDDEN"


class NotFound(DialogueDBError):
    """The named thing does not exist, or belongs to somebody else."""

    code = "NOT_FOUND"


class DialogueNotFound(NotFound):
    """No such dialogue in this project and namespace."""

    code = "DIALOGUE_NOT_FOUND"


class MessageNotFound(NotFound):
    """No such message in this dialogue."""

    code = "MESSAGE_NOT_FOUND"


class MemoryNotFound(NotFound):
    """No such memory in this project and namespace."""

    code = "MEMORY_NOT_FOUND"


class SummaryNotFound(NotFound):
    """No such summary in this project and namespace."""

    code = "SUMMARY_NOT_FOUND"


class ContextNotFound(NotFound):
    """No such recorded context window in this project and namespace."""

    code = "CONTEXT_NOT_FOUND"


class TemplateNotFound(NotFound):
    """No such template in this project."""

    code = "TEMPLATE_NOT_FOUND"


class ProjectNotFound(NotFound):
    """No such project."""

    code = "PROJECT_NOT_FOUND"


class KeyNotFound(NotFound):
    """No such key in this project."""

    code = "KEY_NOT_FOUND"


class RouteNotFound(NotFound):
    """No such route."""

    code = "ROUTE_NOT_FOUND"


class Conflict(DialogueDBError):
    """The request is right, but what is stored stands against it."""

    code = "CONFLICT"


class DialogueEnded(Conflict):
    """The dialogue has ended and takes no more messages."""

    code = "DIALOGUE_ENDED"


class DialogueImmutable(Conflict):
    """The dialogue is archived, or its project is immutable."""

    code = "DIALOGUE_IMMUTABLE"


class DuplicateId(Conflict):
    """The id, or a project's name, is taken."""

    code = "DUPLICATE_ID"


class VersionConflict(Conflict):
    """The expected version is not the stored one."""

    code = "VERSION_CONFLICT"


class IdempotencyKeyReused(Conflict):
    """The idempotency key was used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class ProjectProtected(Conflict):
    """The project has deletion protection."""

    code = "PROJECT_PROTECTED"


class LimitExceeded(DialogueDBError):
    """Too much in a span of time."""

    code = "LIMIT_EXCEEDED"


class RateLimitExceeded(LimitExceeded):
    """More requests per second than the project may send."""

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(
        self, message: str, retry_after_s: int, details: Sequence[ErrorDetail] = ()
    ) -> None:
        super().__init__(message, details)
        self.retry_after_s = retry_after_s


class QuotaExceeded(LimitExceeded):
    """A monthly quota of the project is used up."""

    code = "QUOTA_EXCEEDED"


class InternalError(DialogueDBError):
    """A defect of the server."""

    code = "INTERNAL_ERROR"


class ServiceUnavailable(DialogueDBError):
    """The engine cannot do this now, such as with a full disk; trying again may help."""

    code = "SERVICE_UNAVAILABLE"
    retry_after_s = 1
    """When it may help."""


class EmbedderUnavailable(ServiceUnavailable):
    """Texts cannot be turned into vectors now; words are still found."""


class SummarizerUnavailable(ServiceUnavailable):
    """A summary cannot be made now; it is tried again."""

    took = (0, 0, 0)
    """Tokens that the model read and wrote, and calls, before it failed."""

    after_s: float | None = None
    """How much later it may succeed, when the provider says so."""


class SummarizerRefused(ServiceUnavailable):
    """A summary will never be made of this, or with these settings; it fails and says why."""

    took = (0, 0, 0)
    """Tokens that the model read and wrote, and calls, before it failed."""


class UnreadableData(ServiceUnavailable):
    """What is asked for is damaged on the disk and is not served; `dialoguedb check` shows it."""

    def __init__(self, message: str, position: str = "") -> None:
        super().__init__(message)
        self.position = position
        """Where it lies, for the log."""


class Unreachable(DialogueDBError):
    """No answer came from the server, in however many tries; the request may have been done."""

    code = "UNREACHABLE"


class TimedOut(Unreachable):
    """The server did not answer in time."""

    code = "TIMED_OUT"


class UnexpectedAnswer(DialogueDBError):
    """What answered is no server of ours, or only half of the answer came."""

    code = "UNEXPECTED_ANSWER"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnreadableAnswer(UnexpectedAnswer):
    """The request was done, but its answer holds what this client does not know how to read."""

    code = "UNREADABLE_ANSWER"


class Closed(DialogueDBError):
    """The client was closed before."""

    code = "CLOSED"


class InvalidSetting(DialogueDBError):
    """A flag, an environment variable or an entry of the settings file cannot be used."""

    code = "INVALID_SETTING"


class WrongDimensions(InvalidSetting):
    """An embedder's vectors are not as long as those that are asked for or stored."""

    code = "WRONG_DIMENSIONS"


class DataError(DialogueDBError):
    """A data directory cannot be used as it is."""

    code = "DATA_ERROR"


class NotOurData(DataError):
    """The directory or file holds something else."""

    code = "NOT_OUR_DATA"


class NewerSchema(DataError):
    """The data was written by a newer program."""

    code = "NEWER_SCHEMA"


class NotUnlocked(DataError):
    """The data is encrypted, and its key is missing or another one."""


class DamagedData(DataError):
    """The file is damaged."""

    code = "DAMAGED_DATA"


def defect(error: BaseException) -> BaseException | None:
    """Return an error that its message does not explain, so that a log needs where it arose."""
    is_expected = isinstance(error, DialogueDBError) and not isinstance(error, InternalError)
    return None if is_expected else error
