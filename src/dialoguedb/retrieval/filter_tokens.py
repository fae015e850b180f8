"""Filter tokens: words in the index that stand for what an object can be filtered by.

Each begins with a character that no text keeps, so nobody can write one. Those of tags, roles and
metadata are checksums: they narrow down the candidates, the rows decide.
"""

import json
import zlib
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from dialoguedb.model.search import Scalar, SearchFilter

PREFIX = "\ue000"
IMAGE = PREFIX + "i"
"""Of messages that show an image; this one is exact."""

_NAMES_KEPT = 16_384
_ROLES_KEPT = 256
_VALUES_MAX = 200
"""Values up to which tokens narrow a search down; so many more would not."""


@lru_cache(_NAMES_KEPT)
def namespace_hash(project: int, namespace: str) -> int:
    """Return a number for a namespace of a project, by its row id: the same in every process."""
    digest = blake2b(namespace.encode(), digest_size=8, key=project.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big") >> 1


def project_token(project: int) -> str:
    """Return the token of all that belongs to a project."""
    return f"{PREFIX}p{project}"


def namespace_token(namespace: int) -> str:
    """Return the filter token of a namespace, by its hash."""
    return f"{PREFIX}s{namespace}"


def scope_token(project: int, namespace: int | None) -> str:
    """Return the token of all that belongs to a project, or to a namespace of it, by its hash."""
    return project_token(project) if namespace is None else namespace_token(namespace)


def tag_token(tag: str) -> str:
    """Return the token of what has a tag."""
    return f"{PREFIX}t{zlib.crc32(tag.encode())}"


@lru_cache(_ROLES_KEPT)
def role_token(role: str) -> str:
    """Return the token of messages of a role."""
    return f"{PREFIX}r{zlib.crc32(role.encode())}"


def metadata_token(key: str, value: Scalar) -> str:
    """Return the token of what has a value, or an array with it, under a key of its metadata."""
    pair = f"{key}\0{_scalar(value)}".encode("utf-8", "replace")
    return f"{PREFIX}m{zlib.crc32(pair)}"


def _scalar(value: Scalar) -> str:
    """Write a value so that equal ones are written alike: 1 as 1.0, and not as "1" or true."""
    if isinstance(value, str):
        return f'"{value}'
    if value is None or isinstance(value, bool):
        return str(value)
    try:
        return repr(float(value) + 0.0)  # no negative zero
    except OverflowError:  # digits without end
        return repr(float("inf") if value > 0 else float("-inf"))


# --- Of stored objects ----------------------------------------------------------------------------


def tag_tokens(tags: bytes) -> list[str]:
    """Return the tokens of tags as they are stored."""
    return [tag_token(tag) for tag in decoded_tags(tags)]


def decoded_tags(tags: bytes) -> list[str]:
    """Return tags that are stored as an array."""
    return [] if tags == b"[]" else msgspec.json.decode(tags, type=list[str])


def metadata_tokens(metadata: bytes) -> list[str]:
    """Return the tokens of metadata as it is stored: of its scalars, and of those in its arrays."""
    if metadata == b"{}":
        return []
    return [
        metadata_token(key, item)
        for key, value in _members(metadata).items()
        for item in (value if isinstance(value, list) else [value])
        if not isinstance(item, list | dict)
    ]


_lenient = json.JSONDecoder(strict=False, parse_int=float)  # an int may have too many digits


def _members(metadata: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(metadata, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):  # lone surrogates, numbers out of range
        pass
    try:
        members = _lenient.decode(metadata.decode("utf-8", "replace"))
    except (ValueError, RecursionError):  # damaged: no filter finds it
        return {}
    return members if isinstance(members, dict) else {}


# --- Of filters -----------------------------------------------------------------------------------

TokenGroups = list[list[str]]
"""Groups of tokens: what is found has one of each group, and little else has."""


def of_messages(filters: SearchFilter) -> TokenGroups:
    """Return the tokens of the messages that match filters."""
    return of_turns(filters) + of_fields(filters)


def of_turns(filters: SearchFilter) -> TokenGroups:
    """Return the tokens of messages by what only messages have: a role, an image."""
    groups = [] if filters.role is None else [[role_token(filters.role)]]
    return [*groups, [IMAGE]] if filters.has_image else groups


def of_fields(filters: SearchFilter) -> TokenGroups:
    """Return the tokens of any objects by their tags and metadata."""
    tags = [filters.tags.any_of or (), *((tag,) for tag in filters.tags.all_of or ())]
    groups = [[tag_token(tag) for tag in group] for group in tags]
    groups += [
        [metadata_token(condition.key, value) for value in condition.values]
        for condition in filters.metadata
        if condition.operator == "$in"
    ]
    return [group for group in groups if 0 < len(group) <= _VALUES_MAX]
