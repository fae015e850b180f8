"""Endpoints: a function that answers a call, with all that is served and documented of it."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from msgspec import Struct

from dialoguedb.errors import DialogueDBError
from dialoguedb.http.requests.queries import NoQuery
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.etags import Versions
from dialoguedb.http.responses.response import Answer
from dialoguedb.model.keys import AnyScope

Handle = Callable[[Call], Awaitable[Answer]]
Media = Literal["application/json", "text/plain", "text/html"]


class Endpoint(Struct, frozen=True, kw_only=True):
    """What answers a call, and what it expects and says."""

    handle: Handle
    tag: str
    """The noun it is documented under."""

    scope: AnyScope | None
    """The least scope of the key that opens it; None opens it to everybody."""

    query: type[Struct] = NoQuery
    body: Any = None
    """The type of the body, or a tuple of several; None when it is not read."""

    example: Any = None
    """A body to begin with, for the documentation."""

    names_in_body: bool = True
    """Whether `namespace` in the body names one, and is not just data."""

    answer: Any = None
    """The type of the answer, or a tuple of several."""

    status: int = 200
    """Of the answer, as the documentation says it."""

    media: Media = "application/json"
    versions: Versions | None = None
    """What the ETag of the answer counts."""

    conditional: bool = False
    """Whether `If-Match` can expect that version."""

    errors: tuple[type[DialogueDBError], ...] = ()
    """What else it may refuse with, beside what every endpoint may."""


def endpoint(tag: str, scope: AnyScope | None, **more: Any) -> Callable[[Handle], Endpoint]:
    """Make an endpoint of a function; its docstring is its documentation."""

    def make(handle: Handle) -> Endpoint:
        return Endpoint(handle=handle, tag=tag, scope=scope, **more)

    return make
