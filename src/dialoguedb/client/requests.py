"""One call: what is asked, what is answered, and who carries it."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from msgspec import Struct, structs

from dialoguedb.client import wire
from dialoguedb.client.fields import given, in_query
from dialoguedb.errors import InvalidRequest

_HEADERS = frozenset({"if_match", "idempotency_key"})
_ONLY_ASKING = frozenset({"search", "context"})
_STEPS = frozenset({"", ".", ".."})


class Request(Struct, frozen=True, kw_only=True):
    """What is asked."""

    method: str
    target: str
    """The path below the endpoint and the query, encoded."""

    body: bytes | None = None
    headers: dict[str, str] = {}

    def with_headers(self, **headers: str) -> "Request":
        """Return the same with more headers; `_` in their names stands for `-`."""
        more = {name.replace("_", "-"): text for name, text in headers.items()}
        return structs.replace(self, headers=self.headers | more)


class Answer(Struct, frozen=True):
    """What is answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""

    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether it tells no error."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's success


class AsyncTransport(Protocol):
    """Carries requests to a server or an engine."""

    loses_answers: bool
    """Whether a request may have been carried out that has no answer."""

    async def open(self) -> None:
        """Get ready, so that what hinders is told now."""

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """Return the answer; Unreachable when none came."""

    async def close(self) -> None:
        """Release what is held."""


class Transport(Protocol):
    """Carries requests to a server or an engine."""

    loses_answers: bool
    """Whether a request may have been carried out that has no answer."""

    def open(self) -> None:
        """Get ready, so that what hinders is told now."""

    def send(self, request: Request, timeout_s: float) -> Answer:
        """Return the answer; Unreachable when none came."""

    def close(self) -> None:
        """Release what is held."""


class Call(Struct, frozen=True, kw_only=True):
    """A call of one endpoint, before it is written down as a request."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Any] = {}
    body: object = None
    if_match: str | None = None
    idempotency_key: str | None = None

    @property
    def changes(self) -> bool:
        """Whether to carry it out twice might be worse than once."""
        if self.method == "POST":
            return self.path[-1] not in _ONLY_ASKING
        return self.method in {"PUT", "PATCH"}

    def request(self) -> Request:
        """Write it down."""
        query = urlencode(in_query(self.query), doseq=True)
        path = "".join(f"/{_segment(part)}" for part in self.path)
        headers = {"if-match": self.if_match, "idempotency-key": self.idempotency_key}
        return Request(
            method=self.method,
            target=f"{path}?{query}" if query else path,
            body=None if self.body is None else wire.encode(self.body),
            headers={
                name: _header(name, text) for name, text in headers.items() if text is not None
            },
        )


def _segment(part: object) -> str:
    """Write a part of a path; InvalidRequest for what would lead to another path, or nowhere.

    Clients and proxies take `.` and `..` for steps, however they are written.
    """
    if not isinstance(part, str) or part in _STEPS:
        raise InvalidRequest(f"{part!r} cannot be an id or a name")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError:
        raise InvalidRequest(f"{part!r} cannot be an id or a name: it is no Unicode") from None


def _header(name: str, text: object) -> str:
    """Return what a header says; InvalidRequest for what has no place in one."""
    if isinstance(text, str) and text.isascii() and text.isprintable():
        return text
    spelled = name.replace("-", "_")
    raise InvalidRequest(f"{spelled} should be a text of ASCII characters, not {text!r}")


def reading(*path: str, query: Mapping[str, Any]) -> Call:
    """Return a call that only asks."""
    return Call(method="GET", path=path, query=query)


def deleting(*path: str, query: Mapping[str, Any]) -> Call:
    """Return a call that deletes."""
    return Call(method="DELETE", path=path, query=query)


def writing(
    method: str, *path: str, fields: Mapping[str, Any], nullable: Collection[str] = ()
) -> Call:
    """Return a call that sends fields; those that are about the call itself become headers."""
    return Call(
        method=method,
        path=path,
        body=given(
            {name: value for name, value in fields.items() if name not in _HEADERS},
            nullable=nullable,
        ),
        if_match=fields.get("if_match"),
        idempotency_key=fields.get("idempotency_key"),
    )
