"""A call: one request on its way from the socket to its answer."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, msgpack
from starlette.types import Scope

from dialoguedb.errors import Forbidden
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.requests.body_buffer import Buffer
from dialoguedb.http.requests.paths import normalise
from dialoguedb.http.responses.response import Answer, Standing, new_request_id
from dialoguedb.http.responses.sealed_responses import Seal
from dialoguedb.model.keys import Caller
from dialoguedb.ports import IdempotencyRecord, WriteOptions
from dialoguedb.service import Services
from dialoguedb.values import limits
from dialoguedb.values.checks import given
from dialoguedb.values.fields import Id
from dialoguedb.values.validation import MISSING, ValidationErrors, refuse

_REQUEST_ID = re.compile(rb"[\w.-]{1,%d}" % limits.REQUEST_ID_CHARS_MAX)

Claim = tuple[str, object]
"""Where in a request something is named, and by which name; UNSET and None name nothing."""


class Parts(Struct, frozen=True):
    """What endpoints work with."""

    services: Services
    metrics: Metrics
    description: bytes
    """The OpenAPI document."""

    forget_keys: Callable[[], None]
    """Looks every key up anew, so that a change is felt here at once."""

    write_activity: Callable[[], Awaitable[None]]
    """Writes down at once who asked how often."""

    buffer: Buffer
    """Where bodies wait until they are whole."""


class Call:
    """One request; the fields fill up on the way."""

    __slots__ = (
        "answer",
        "body",
        "body_read",
        "buffered_bytes",
        "caller",
        "client",
        "expected",
        "headers",
        "method",
        "parts",
        "path",
        "project",
        "query",
        "query_string",
        "raw_path",
        "request_id",
        "route",
        "seal",
        "services",
        "standing",
        "target",
    )

    def __init__(self, scope: Scope, parts: Parts) -> None:
        # It keeps no scope: that leads to it, and both would wait for the garbage collector.
        self.raw_path: bytes = scope["raw_path"]
        self.query_string: bytes = scope["query_string"]
        self.client: str = scope["client"][0] if scope["client"] else ""
        self.target = normalise(self.raw_path)
        self.parts = parts
        self.services = parts.services
        self.headers = _by_name(scope["headers"])
        self.method: str = "GET" if scope["method"] == "HEAD" else scope["method"]
        self.request_id = _request_id(self.headers.get(b"x-request-id", b""))
        self.route = ""
        self.path: dict[str, str] = {}
        self.query: Any = None
        self.body = b""
        self.body_read = False
        self.buffered_bytes = 0
        self.expected: int | None = None
        self.seal: Seal | None = None
        """Of the answer that is kept for the idempotency key, once its act is prepared."""

        self.answer: Answer | None = None
        self.standing: Standing | None = None
        self.caller: Caller | None = None
        self.project: Any = None
        """The project of the caller; only open and operator's routes are served without one."""

    @property
    def bound(self) -> str | None:
        """The namespace that the caller's key is bound to."""
        return self.caller.namespace if self.caller else None

    def id_in_path(self, name: str) -> str:
        """Return an id that the path names; InvalidRequest when it can be none."""
        try:
            return _id(self.path[name])
        except msgspec.ValidationError:
            raise refuse(name, f"{name} in the path is not a valid id") from None

    def dialogue_id(self, *claims: Claim) -> str:
        """Return the dialogue that the path, the query and these claims agree on."""
        path = self.id_in_path("dialogueId") if "dialogueId" in self.path else None
        in_query = ("dialogueId", self.query.dialogue_id)
        agreed = _agreed((("dialogueId", path), in_query, *claims))
        if agreed is None:
            raise refuse("dialogueId", "dialogueId is required", MISSING)
        return agreed

    def own_id(self, claimed: object, name: str = "id") -> str:
        """Return the id in the path, which the body may repeat."""
        own = self.id_in_path(name)
        _agreed(((name, own), ("id", claimed)))
        return own

    def check_new_id(self, new_id: str, *claims: Claim) -> None:
        """Refuse claims that name another dialogue than the one to be created."""
        _agreed((("id", new_id), *claims))

    def namespace(self, *claims: Claim) -> str:
        """Return the namespace that the query and these claims agree on; `""` is the default."""
        agreed = _agreed((("namespace", self.query.namespace), *claims))
        if self.bound is None:
            return agreed or ""
        if agreed not in {None, self.bound}:
            raise other_namespace()
        return self.bound

    def namespace_of_list(self) -> str | None:
        """Return the namespace that a list shows; None for all of the project."""
        named: str | UnsetType = self.query.namespace
        if self.bound is None:
            return given(named)
        if named not in {UNSET, self.bound}:
            raise other_namespace()
        return self.bound

    def write_options(self, namespace: str, answer: Callable[[Any], Answer]) -> WriteOptions:
        """Return the terms of the write; `answer` turns its result into what is sent back."""
        key = self.headers.get(b"idempotency-key")
        once = None if key is None else self._once(key, namespace, answer)
        return self.services.write_options(once, self.expected)

    def _once(
        self, key: bytes, namespace: str, answer: Callable[[Any], Answer]
    ) -> IdempotencyRecord:
        owner = self.project.id if self.project else ""
        place = msgpack.encode([owner, self.method, self.target, namespace, key])
        parts = self.query_string.split(b"&")
        rest = sorted(part for part in parts if part and not part.startswith(b"namespace="))
        request = msgpack.encode([rest, self.body])
        self.seal = seal = Seal(place + request)
        return IdempotencyRecord(
            key=hashlib.sha256(place).digest(),
            request=hashlib.sha256(request).digest(),
            record=lambda result: seal.close(answer(result)),
        )


@lru_cache(maxsize=4096)
def _id(text: str) -> str:
    return msgspec.convert(text, Id)


def other_namespace() -> Forbidden:
    """Return the refusal of a namespace that a key is not bound to."""
    return Forbidden("The key is bound to another namespace")


def _by_name(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; what is given twice is joined, as a list is."""
    by_name = dict(headers)
    if len(by_name) != len(headers):
        by_name = {}
        for name, value in headers:
            by_name[name] = by_name[name] + b", " + value if name in by_name else value
    return by_name


def _request_id(sent: bytes) -> str:
    return sent.decode() if _REQUEST_ID.fullmatch(sent) else new_request_id()


def _agreed(claims: Iterable[Claim]) -> str | None:
    """Return the one name that all claims agree on; InvalidRequest with each that does not."""
    agreed, errors = None, None
    for place, name in claims:
        if name is None or name is UNSET or name == agreed:
            continue
        if agreed is None:
            agreed = str(name)
        else:
            errors = errors or ValidationErrors()
            errors.invalid(place, f"{place} names another one than the rest of the request")
    if errors:
        errors.refuse()
    return agreed
