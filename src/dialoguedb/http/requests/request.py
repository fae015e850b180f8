"""A request in its stages: an exchange from the start, then admitted, then whole for its route."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, msgpack

from dialoguedb.http.memory_budget import MemoryBudget, MemoryShare
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.requests import permissions
from dialoguedb.http.requests.bound_namespace import other_namespace
from dialoguedb.http.requests.incoming import (
    LARGE_BYTES,
    RequestBody,
    RequestHead,
    in_thread_if_large,
)
from dialoguedb.http.responses.response import RateLimitStatus, Response, encode, encode_long
from dialoguedb.http.responses.sealed_responses import ResponseSealer
from dialoguedb.model.keys import PERMISSION_RANK, AnyPermission, Caller
from dialoguedb.model.rules.usage import request_quota_exceeded
from dialoguedb.ports import IdempotencyRecord, WriteOptions
from dialoguedb.service import Services
from dialoguedb.values import decoding
from dialoguedb.values.fields import Id
from dialoguedb.values.long_values import joined
from dialoguedb.values.validation_errors import MISSING_PARAMETER, ValidationErrors, invalid_request
from dialoguedb.values.validators import value_or_none

T = TypeVar("T", bound=Struct)
R = TypeVar("R")

SMALL_RESPONSE_BYTES = 256 * 1024
"""A response that is no longer takes no part of the memory for answers."""

FieldValue = tuple[str, object]
"""A field of a request, by its path, and the name it holds; UNSET and None name nothing."""


class AppContext(Struct, frozen=True):
    """What the routes work with."""

    services: Services
    metrics: Metrics
    openapi_document: bytes
    forget_keys: Callable[[], None]
    """Looks up every key again, so that a change is felt on this server at once."""

    flush_request_counts: Callable[[], Awaitable[None]]
    """Writes the requests counted so far."""

    uploads: MemoryBudget
    """For the bodies of requests."""

    answers: MemoryBudget
    """For what is answered, and read for that."""

    large_work: asyncio.Semaphore
    """Large bodies are worked on one by one: that takes several times their size."""


class Exchange:
    """A request and its response; what headers, metrics and the access log tell of them.

    It keeps no scope: that leads to it, and both would wait for the garbage collector.
    """

    __slots__ = (
        "_answers",
        "answer",
        "body",
        "caller",
        "head",
        "rate_limit_status",
        "response",
        "route",
    )

    def __init__(self, head: RequestHead, answers: MemoryBudget) -> None:
        self._answers = answers
        self.answer: MemoryShare | None = None
        """What the response, and what is read for it, hold of the memory for answers."""

        self.head = head
        self.route = ""
        self.caller: Caller | None = None
        self.rate_limit_status: RateLimitStatus | None = None
        self.body: RequestBody | None = None
        self.response: Response | None = None

    async def admit_read(self, count: int) -> None:
        """Wait until so many bytes may be read for the response; ServiceUnavailable."""
        if self.answer is None:
            self.answer = self._answers.share(self.owner)
        await self.answer.grow_to(count)

    def hold_response(self, count: int) -> None:
        """Hold the bytes of the response; ServiceUnavailable.

        That of a write is answered in any case, for the write is done.
        """
        if count > SMALL_RESPONSE_BYTES or self.answer is not None:
            self.answer = self.answer or self._answers.share(self.owner)
            self.answer.set_to(count, force=self.head.method != "GET")

    def release(self) -> None:
        """Give back all memory that it holds."""
        self.response = None
        if self.body is not None:
            self.body.release()
        if self.answer is not None:
            self.answer.release()

    @property
    def owner(self) -> str:
        """Whose memory it takes: the key's."""
        return self.caller.key_id if self.caller else ""


class AdmittedRequest(Struct, frozen=True):
    """On whose behalf a request is served; open routes are served on nobody's."""

    project: Any = None
    """The project of the key; None for open routes and those of the operator."""

    namespace: str | None = None
    """The namespace that the key is bound to."""

    scope: AnyPermission = "read"
    """The scope of the key."""

    over_request_quota: bool = False
    """Whether the project has used up its requests of the month."""

    key_id: str | None = None
    """Whose request it is; None for open routes."""

    def require_write(self) -> None:
        """Refuse a key that may only read; Forbidden."""
        if PERMISSION_RANK[self.scope] < PERMISSION_RANK["write"]:
            raise permissions.missing("write", self.scope)


class Request:
    """A whole request, as its route receives it."""

    __slots__ = (
        "_sealer",
        "admitted",
        "body",
        "context",
        "expected_version",
        "head",
        "path",
        "query",
    )

    def __init__(  # noqa: PLR0913 - the parts of a request, all by name
        self,
        *,
        context: AppContext,
        head: RequestHead,
        admitted: AdmittedRequest,
        path: dict[str, str],
        query: Any,
        body: bytes,
        expected_version: int | None,
    ) -> None:
        self.context = context
        self.head = head
        self.admitted = admitted
        self.path = path
        self.query = query
        self.body = body
        self.expected_version = expected_version
        self._sealer: ResponseSealer | None = None
        """Made with the write options of a request that has an idempotency key."""

    @property
    def services(self) -> Services:
        """What the routes call."""
        return self.context.services

    @property
    def project(self) -> Any:
        """The project that the request is about."""
        return self.admitted.project

    @property
    def is_large(self) -> bool:
        """Whether the body is so long that what goes over all of it is done on a thread."""
        return len(self.body) > LARGE_BYTES

    async def in_thread_if_large(self, work: Callable[[], R]) -> R:
        """Do work that takes as long as the body is large; on a thread when the body is."""
        return await in_thread_if_large(self.body, work)

    async def decode(self, kind: type[T]) -> T:
        """Decode the body; InvalidRequest with every validation error."""
        return await self.in_thread_if_large(lambda: decoding.decode_body(kind, self.body))

    def encode(self, value: Struct | list[Any]) -> bytes:
        """Encode what answers the body, and may be as long."""
        return encode_long(value) if self.is_large else encode(value)

    # --- What is named in several places --------------------------------------------------------

    def id_in_path(self, name: str) -> str:
        """Return an id that the path names; InvalidRequest when it can be none."""
        try:
            return _id(self.path[name])
        except msgspec.ValidationError:
            raise invalid_request(name, f"{name} in the path is not a valid id") from None

    def dialogue_id(self, *fields: FieldValue, named_by: str = "dialogueId") -> str:
        """Return the dialogue that the path, the query and these fields agree on.

        Where none names it, `named_by` is the field that is missing.
        """
        path = self.id_in_path("dialogueId") if "dialogueId" in self.path else None
        in_query = ("dialogueId", self.query.dialogue_id)
        agreed = _agreed((("dialogueId", path), in_query, *fields))
        if agreed is None:
            raise invalid_request(named_by, f"{named_by} is required", MISSING_PARAMETER)
        return agreed

    def own_id(self, in_body: object, name: str = "id") -> str:
        """Return the id in the path, which the body may repeat."""
        own = self.id_in_path(name)
        _agreed(((name, own), ("id", in_body)))
        return own

    def check_new_id(self, new_id: str, *fields: FieldValue) -> None:
        """Refuse fields that name another dialogue than the one to be created."""
        _agreed((("id", new_id), *fields))

    def namespace(self, *fields: FieldValue) -> str:
        """Return the namespace that the query and these fields agree on; `""` is the default."""
        agreed = _agreed((("namespace", self.query.namespace), *fields))
        bound = self.admitted.namespace
        if bound is None:
            return agreed or ""
        if agreed not in {None, bound}:
            raise other_namespace()
        return bound

    def namespace_of_list(self) -> str | None:
        """Return the namespace that a list shows; None for all of the project."""
        named: str | UnsetType = self.query.namespace
        bound = self.admitted.namespace
        if bound is None:
            return value_or_none(named)
        if named not in {UNSET, bound}:
            raise other_namespace()
        return bound

    # --- Quotas and writes ----------------------------------------------------------------------

    def check_request_quota(self) -> None:
        """Refuse a read of a project that has used up its requests."""
        if self.admitted.over_request_quota:
            raise request_quota_exceeded()

    async def write_options(
        self, namespace: str, response: Callable[[Any], Response]
    ) -> WriteOptions:
        """Return the options of a write; `response` turns its result into what is sent back."""
        key = self.head.headers.get(b"idempotency-key")
        record = None
        if key is not None:
            record = await self.in_thread_if_large(
                lambda: self._idempotency_record(key, namespace, response)
            )
        return WriteOptions(
            self.context.services.clock(),
            record,
            self.expected_version,
            self.admitted.over_request_quota,
            key_id=self.admitted.key_id,
        )

    def delete_options(self) -> WriteOptions:
        """Return the options of a DELETE, for which no response is kept."""
        return WriteOptions(self.context.services.clock())

    def _idempotency_record(
        self, key: bytes, namespace: str, response: Callable[[Any], Response]
    ) -> IdempotencyRecord:
        head, project = self.head, self.admitted.project
        owner = project.id if project else ""
        identity = msgpack.encode([owner, head.method, head.target, namespace, key])
        parts = head.query_string.split(b"&")
        rest = sorted(part for part in parts if part and not part.startswith(b"namespace="))
        # All of `msgpack.encode([rest, self.body])` but the body, which may be long: what older
        # versions recorded has to match.
        start = msgpack.encode([rest, b""])[:-2] + _binary_head(len(self.body))
        content = hashlib.sha256(start)
        content.update(self.body)
        self._sealer = sealer = ResponseSealer(joined((identity, start, self.body)))
        return IdempotencyRecord(
            key=hashlib.sha256(identity).digest(),
            request=content.digest(),
            record=lambda result: sealer.seal(response(result)),
            namespace=namespace,
        )

    def recorded_response(self, sealed: bytes) -> Response:
        """Return the response that was recorded for the same idempotency key."""
        assert self._sealer is not None
        return self._sealer.open(sealed)


def _binary_head(length: int) -> bytes:
    """Return what MessagePack writes before so many bytes."""
    start = 0xC4 + (length > 0xFF) + (length > 0xFFFF)  # noqa: PLR2004 - of one, two or four bytes
    return bytes((start,)) + length.to_bytes(1 << (start - 0xC4))


@lru_cache(maxsize=4096)
def _id(text: str) -> str:
    return msgspec.convert(text, Id)


def _agreed(fields: Iterable[FieldValue]) -> str | None:
    """Return the one name that all fields agree on; InvalidRequest with each that does not."""
    agreed, errors = None, None
    for path, name in fields:
        if name is None or name is UNSET or name == agreed:
            continue
        if agreed is None:
            agreed = str(name)
        else:
            errors = errors or ValidationErrors()
            errors.invalid(path, f"{path} differs from the rest of the request")
    if errors:
        errors.raise_if_any()
    return agreed
