"""What a key that is bound to one namespace may name, looked at ahead of all validation."""

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import Forbidden
from dialoguedb.http.requests.queries import values_of
from dialoguedb.values import limits
from dialoguedb.values.long_values import shortened

_LARGE_BYTES = 1024 * 1024


class _BodyNames(Struct):
    namespace: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    messages: Raw | UnsetType = UNSET


class _Metadata(Struct):
    namespace: str | UnsetType = UNSET


class _SearchNames(Struct):
    metadata: _Metadata
    namespace: UnsetType | None = UNSET


def other_namespace() -> Forbidden:
    """Return the refusal of a namespace that a key is not bound to."""
    return Forbidden("The key is bound to another namespace")


def check_query(query_string: bytes, bound: str) -> None:
    """Forbid a query that names another namespace than the key's."""
    if b"namespace" in query_string and values_of(query_string, "namespace") - {bound}:
        raise other_namespace()


def check_body(body: bytes, bound: str) -> None:
    """Forbid a body that names another namespace than the key's.

    A body that fits no type here is left to the validation.
    """
    pending = [shortened(body)]
    while pending:
        value = pending.pop().lstrip()
        if len(value) > _LARGE_BYTES and value.count(b"{") > limits.MESSAGES_PER_REQUEST_MAX:
            return  # decoding at once could take much memory
        for names in _names(value):
            if _is_another(names.namespace, bound):
                raise other_namespace()
            inside = (names.message, names.messages)
            pending.extend(bytes(part) for part in inside if isinstance(part, Raw))


def check_search(body: bytes, bound: str) -> None:
    """Forbid a search whose metadata names another namespace than the key's."""
    try:
        named = msgspec.json.decode(shortened(body), type=_SearchNames).metadata.namespace
    except msgspec.DecodeError:
        return  # it names none, or the validation says what is wrong with it
    if named not in {UNSET, bound}:
        raise other_namespace()


def _names(value: bytes) -> list[_BodyNames]:
    try:
        if value.startswith(b"["):
            return msgspec.json.decode(value, type=list[_BodyNames])
        return [msgspec.json.decode(value, type=_BodyNames)]
    except msgspec.ValidationError:
        return []


def _is_another(named: Raw | UnsetType, bound: str) -> bool:
    if not isinstance(named, Raw) or not bytes(named).startswith(b'"'):
        return False
    return bool(msgspec.json.decode(named) != bound)
