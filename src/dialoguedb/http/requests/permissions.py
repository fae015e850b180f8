"""What a key permits, where a flag makes a read a write; looked at ahead of all validation."""

import msgspec
from msgspec import Raw

from dialoguedb.errors import Forbidden
from dialoguedb.http.requests.queries import values_of
from dialoguedb.model.keys import AnyPermission
from dialoguedb.values import rawjson
from dialoguedb.values.long_values import shortened

_decode = msgspec.json.Decoder(dict[str, Raw]).decode


def missing(permission: AnyPermission, held: AnyPermission) -> Forbidden:
    """Return the refusal of a key that permits less."""
    return Forbidden(f"This needs a key of scope {permission}; the scope of this one is {held}")


def query_sets(query_string: bytes, flag: str) -> bool:
    """Tell whether a query string sets a flag."""
    return "true" in values_of(query_string, flag)


def body_sets(body: bytes, flag: str) -> bool:
    """Tell whether a body sets a flag; what is wrong with a body, the validation says."""
    try:
        value = _decode(shortened(rawjson.prepare(body))).get(flag)
    except msgspec.DecodeError:
        return False
    return value is not None and bytes(value) == b"true"
