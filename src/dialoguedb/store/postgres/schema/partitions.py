"""The key by which rows are spread over machines: what is read together has the same one."""

from functools import lru_cache
from hashlib import blake2b

_KEPT = 16_384


@lru_cache(_KEPT)
def part_of(project: int, namespace: str, object_id: str) -> int:
    """Return the partition key of a dialogue or memory; what belongs to a dialogue has its key.

    A namespace is one partition: a user's dialogues and memories lie together. The default
    namespace, which may hold a whole project, is spread by the ids of its objects.
    """
    name = f"n{namespace}" if namespace else f"o{object_id}"
    digest = blake2b(name.encode(), digest_size=8, key=project.to_bytes(8, "big"))
    return int.from_bytes(digest.digest(), "big", signed=True)


def part_of_id(project: int, kind: str, object_id: str) -> int:
    """Return the partition key of an id that is unique in a whole project."""
    return part_of(project, "", f"\0{kind}\0{object_id}")


def part_of_key(key: bytes) -> int:
    """Return the partition key of what is kept under an idempotency key, itself a digest."""
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big", signed=True)
