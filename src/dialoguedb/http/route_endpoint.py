"""A route's endpoint: the function that serves it, and all that is checked and documented of it."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from msgspec import Struct

from dialoguedb.errors import DialogueDBError
from dialoguedb.http.requests import permissions
from dialoguedb.http.requests.preconditions import Versions
from dialoguedb.http.requests.queries import NoQuery
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response
from dialoguedb.model.keys import AnyPermission

RouteFunction = Callable[[Request], Awaitable[Response]]
MediaType = Literal["application/json", "text/plain", "text/html"]


class RouteEndpoint(Struct, frozen=True, kw_only=True):
    """What serves a route, what it takes, and what it returns."""

    handle: RouteFunction
    tag: str
    """The noun it is documented under."""

    permission: AnyPermission | None
    """The least permission that a key needs; None opens the route to everybody."""

    write_if: str = ""
    """The flag of the query or the body that makes a request a write."""

    query: type[Struct] = NoQuery
    body: Any = None
    """The type of the body, or a tuple of several; None when it is not read."""

    example: Any = None
    """A body to begin with, for the documentation."""

    names_in_body: bool = True
    """Whether `namespace` in the body names one, and is not just data."""

    response: Any = None
    """The type of the response, or a tuple of several."""

    status: int = 200
    """The status of a success, as documented."""

    media_type: MediaType = "application/json"
    versions: Versions | None = None
    """What the ETag of the response counts."""

    keeps_responses: bool = True
    """Whether a write answers a repeated `Idempotency-Key` with the response it has kept."""

    conditional: bool = False
    """Whether `If-Match` can expect that version."""

    errors: tuple[type[DialogueDBError], ...] = ()
    """What it may raise beside the errors of every route."""

    def permission_for(self, query_string: bytes) -> AnyPermission | None:
        """Return the least permission for a request with this query string."""
        in_query = self.write_if if self.body is None else ""
        is_write = in_query and permissions.query_sets(query_string, in_query)
        return "write" if is_write else self.permission


class Route(Struct, frozen=True):
    """A method and a path, and the endpoint that serves them."""

    method: str
    path: str
    endpoint: RouteEndpoint
    documented: bool = True
    """Whether the OpenAPI document shows it."""


def endpoint(
    tag: str, permission: AnyPermission | None, **more: Any
) -> Callable[[RouteFunction], RouteEndpoint]:
    """Make an endpoint of a function; its docstring is its documentation."""

    def make(handle: RouteFunction) -> RouteEndpoint:
        return RouteEndpoint(handle=handle, tag=tag, permission=permission, **more)

    return make
