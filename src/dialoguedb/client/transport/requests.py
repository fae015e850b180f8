"""One call of the API: the request, the response, and the transport between them."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from msgspec import Struct

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.encoding.fields import query_fields, wire_fields
from dialoguedb.errors import InvalidRequest

_HEADERS = frozenset({"if_match", "idempotency_key"})
_READ_BY_POST = frozenset({"search", "context"})
_PATH_STEPS = frozenset({"", ".", ".."})


class ApiRequest(Struct, frozen=True, kw_only=True):
    """A request as a transport carries it."""

    method: str
    target: str
    """The path below the endpoint and the query, encoded."""

    body: bytes | None = None
    headers: dict[str, str] = {}


class ApiResponse(Struct, frozen=True):
    """A response as a transport returns it."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""

    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether it is no error."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's success


class AsyncTransport(Protocol):
    """Carries requests to a server or an engine."""

    may_lose_responses: bool
    """Whether a request may have been carried out although no response came."""

    async def open(self) -> None:
        """Get ready, so that problems show now and not with the first request."""

    async def send(self, request: ApiRequest, timeout_s: float) -> ApiResponse:
        """Return the response; Unreachable when none came."""

    async def close(self) -> None:
        """Release what is held."""


class Transport(Protocol):
    """Carries requests to a server or an engine."""

    may_lose_responses: bool
    """Whether a request may have been carried out although no response came."""

    def open(self) -> None:
        """Get ready, so that problems show now and not with the first request."""

    def send(self, request: ApiRequest, timeout_s: float) -> ApiResponse:
        """Return the response; Unreachable when none came."""

    def close(self) -> None:
        """Release what is held."""


class ApiCall(Struct, frozen=True, kw_only=True):
    """A call of one endpoint, before it is encoded as a request."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Any] = {}
    body: object = None
    if_match: str | None = None
    idempotency_key: str | None = None

    @property
    def needs_idempotency_key(self) -> bool:
        """Whether carrying it out twice may differ from once."""
        if self.method == "POST":
            return self.path[-1] not in _READ_BY_POST
        return self.method in {"PUT", "PATCH"}

    def request(self) -> ApiRequest:
        """Encode it."""
        query = urlencode(query_fields(self.query), doseq=True)
        path = "".join(f"/{_segment(part)}" for part in self.path)
        headers = {"if-match": self.if_match, "idempotency-key": self.idempotency_key}
        return ApiRequest(
            method=self.method,
            target=f"{path}?{query}" if query else path,
            body=None if self.body is None else json_codec.encode(self.body),
            headers={
                name: _header(name, text) for name, text in headers.items() if text is not None
            },
        )


def _segment(part: object) -> str:
    """Encode a segment of a path; InvalidRequest for one that would lead to another path.

    Clients and proxies resolve `.` and `..`, however they are encoded.
    """
    if not isinstance(part, str) or part in _PATH_STEPS:
        raise InvalidRequest(f"{part!r} cannot be an id or a name")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest(f"{part!r} cannot be an id or a name: it is no Unicode") from None


def _header(name: str, text: object) -> str:
    """Return the value of a header; InvalidRequest for what no header can hold."""
    if isinstance(text, str) and text.isascii() and text.isprintable():
        return text
    argument = name.replace("-", "_")
    raise InvalidRequest(f"{argument} should be a text of ASCII characters, not {text!r}")


def get_call(*path: str, query: Mapping[str, Any]) -> ApiCall:
    """Return a call that reads."""
    return ApiCall(method="GET", path=path, query=query)


def delete_call(*path: str, query: Mapping[str, Any]) -> ApiCall:
    """Return a call that deletes."""
    return ApiCall(method="DELETE", path=path, query=query)


def write_call(
    method: str, *path: str, fields: Mapping[str, Any], nullable: Collection[str] = ()
) -> ApiCall:
    """Return a call that sends fields; those that are about the call itself become headers."""
    return ApiCall(
        method=method,
        path=path,
        body=wire_fields(
            {name: value for name, value in fields.items() if name not in _HEADERS},
            nullable=nullable,
        ),
        if_match=fields.get("if_match"),
        idempotency_key=fields.get("idempotency_key"),
    )
