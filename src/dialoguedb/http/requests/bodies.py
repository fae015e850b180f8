"""Bodies: read as far as the limit, made ready for decoding."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from starlette.types import Receive

from dialoguedb.errors import PayloadTooLarge
from dialoguedb.http.requests.request import Call, other_namespace
from dialoguedb.values import limits, rawjson
from dialoguedb.values.fields import Id, Namespace

T = TypeVar("T")

SKIPPED_BYTES_MAX = 64 * 1024
"""A body that is not needed and longer than this costs the client its connection."""


_LARGE_BYTES = 1024 * 1024


class Named(Struct, rename="camel"):
    """A body that may repeat what the path and the query name."""

    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET


class NamedInDialogue(Named, rename="camel"):
    """The same of a dialogue, or of what is in one."""

    dialogue_id: Id | UnsetType | None = UNSET


class ClientGone(Exception):
    """The client hung up before its request was whole; nobody waits for an answer."""


def check_length(call: Call) -> None:
    """Refuse a body that says itself that it is too long."""
    if declared_bytes(call) > limits.BODY_BYTES_MAX:
        raise _too_large()


def declared_bytes(call: Call) -> int:
    """Return the length that a request gives for its body, 0 when it gives none."""
    text = call.headers.get(b"content-length", b"")
    return int(text) if text.isdigit() else 0


def is_left_unread(call: Call) -> bool:
    """Tell whether so much of the body is still to come that nobody should wait for it."""
    if call.body_read:
        return False
    return b"transfer-encoding" in call.headers or declared_bytes(call) > SKIPPED_BYTES_MAX


async def read(call: Call, receive: Receive) -> None:
    """Read the body; PayloadTooLarge as soon as it is, InvalidJSON when it is not UTF-8."""
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGone
    body = message.get("body", b"")
    if message.get("more_body"):
        body = await _read_on(call, receive, body)
    call.body_read = True
    call.body = await aside(body, lambda: rawjson.receive(body)) or b"{}"


async def aside(body: bytes, work: Callable[[], T]) -> T:
    """Do what takes as long as a body is large; when it is, on a thread."""
    return await asyncio.to_thread(work) if len(body) > _LARGE_BYTES else work()


async def _read_on(call: Call, receive: Receive, start: bytes) -> bytes:
    body = bytearray(start)
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        piece = message.get("body", b"")
        call.parts.buffer.take(len(piece))
        call.buffered_bytes += len(piece)
        body += piece
        if len(body) > limits.BODY_BYTES_MAX:
            raise _too_large()
        more = message.get("more_body", False)
    return bytes(body)


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"A request's body holds at most {limits.BODY_BYTES_MAX} bytes")


class _Naming(Struct):
    namespace: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    messages: Raw | UnsetType = UNSET


def check_namespaces(body: bytes, bound: str) -> None:
    """Forbid a body that names another namespace than the one its key is bound to.

    It looks ahead of the validation, which a body that fits no type here is left to.
    """
    pending = [body]
    while pending:
        value = pending.pop().lstrip()
        if len(value) > _LARGE_BYTES and value.count(b"{") > limits.MESSAGES_PER_REQUEST_MAX:
            return  # decoding at once could take much memory
        for naming in _namings(value):
            if _is_another(naming.namespace, bound):
                raise other_namespace()
            inside = (naming.message, naming.messages)
            pending.extend(bytes(part) for part in inside if isinstance(part, Raw))


def _namings(value: bytes) -> list[_Naming]:
    try:
        if value.startswith(b"["):
            return msgspec.json.decode(value, type=list[_Naming])
        return [msgspec.json.decode(value, type=_Naming)]
    except msgspec.ValidationError:
        return []


def _is_another(named: Raw | UnsetType, bound: str) -> bool:
    if not isinstance(named, Raw) or not bytes(named).startswith(b'"'):
        return False
    return bool(msgspec.json.decode(named) != bound)
