"""Memories as they are stored, and what creating, correcting and superseding them comes to."""

from typing import NamedTuple

from msgspec import UNSET, Raw, Struct, UnsetType, structs

from dialoguedb.errors import DuplicateId, ErrorDetail, MemoryNotFound
from dialoguedb.model.memories import (
    FoundSimilar,
    Memory,
    MemoryUpdate,
    MemoryVersion,
    NewMemory,
    NewVersion,
    SimilarMemory,
)
from dialoguedb.model.memory_details import NO_DETAILS, Details, check_details, decode_details
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.model.rules.tags import encode_tags
from dialoguedb.model.search import Inactive
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values.validation_errors import invalid_request

_LINK_STAYS = (
    "supersedes cannot be changed after creation; store a memory that supersedes the other"
)
NEVER = "~"
"""The end of what has none; later than any timestamp."""


class StoredMemory(Struct, gc=False):
    """A memory as an engine keeps it; value, tags, metadata and details are compact JSON."""

    id: str
    namespace: str
    value: bytes
    label: str | None
    description: str | None
    tags: bytes
    metadata: bytes
    created: str
    modified: str
    details: bytes
    version: int
    """1, and one more with each correction."""

    written: str
    """When this version was written; empty where that was before versions were kept."""

    written_by: str | None
    """The id of the key that wrote it."""

    supersedes: str | None
    """The memory that this one supersedes, while that is there."""

    superseded_by: str | None
    superseded_at: str | None
    starts: str
    """Since when it is active; empty is from ever."""

    ends: str
    """Until when it is active, exclusive."""

    def to_memory(self) -> Memory:
        """Return the memory for a response."""
        memory = Memory(
            id=self.id,
            value=Raw(self.value),
            tags=Raw(self.tags),
            metadata=Raw(self.metadata),
            created=self.created,
            modified=self.modified,
            namespace=self.namespace or UNSET,
            label=_shown(self.label),
            description=_shown(self.description),
            superseded_by=_shown(self.superseded_by),
            superseded_at=_shown(self.superseded_at),
            version=UNSET if self.version == 1 else self.version,
        )
        if self.details != NO_DETAILS:
            for name, value in decode_details(self.details).shown().items():
                setattr(memory, name, value)
        return memory

    def is_same(self, new: NewMemory) -> bool:
        """Tell whether a received memory is this one, sent again."""
        return _says_the_same(self, new) and new.created in {None, self.created}


class StoredVersion(Struct, gc=False):
    """A former version as an engine keeps it."""

    version: int
    value: bytes
    label: str | None
    description: str | None
    metadata: bytes
    details: bytes
    written: str
    written_by: str | None
    replaced: str
    replaced_by: str | None

    def to_version(self) -> MemoryVersion:
        """Return the version for a response."""
        return MemoryVersion(
            version=self.version,
            value=Raw(self.value),
            metadata=Raw(self.metadata),
            label=_shown(self.label),
            description=_shown(self.description),
            written=self.written,
            written_by=_shown(self.written_by),
            replaced=self.replaced,
            replaced_by=_shown(self.replaced_by),
            **decode_details(self.details).shown(),
        )


def _shown(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _says_the_same(stored: StoredMemory | StoredVersion, new: NewMemory | NewVersion) -> bool:
    details = decode_details(stored.details)
    if new.details.supersedes is None:  # the service may have chosen what it supersedes
        details = details.without_link()
    return (
        stored.value == new.value
        and stored.metadata == new.metadata
        and (stored.label, stored.description) == (new.label, new.description)
        and details == new.details
    )


def memory_bytes(memory: StoredMemory) -> int:
    """Return what a memory adds to a page, beside its names."""
    values = len(memory.value) + len(memory.metadata) + len(memory.tags) + len(memory.details)
    return values + len(memory.description or "") * ESCAPED_BYTES


def version_bytes(version: StoredVersion) -> int:
    """Return what a version adds to a page, beside its names."""
    values = len(version.value) + len(version.metadata) + len(version.details)
    return values + len(version.description or "") * ESCAPED_BYTES


# --- Creating -----------------------------------------------------------------------------------


def answer_stored(
    new: NewMemory, existing: StoredMemory, first: StoredVersion | None
) -> StoredMemory:
    """Return the existing memory of the same id when this is it, sent again; DuplicateId.

    One that was corrected since is told by its first version.
    """
    is_first = (
        first is not None
        and _says_the_same_first(existing, first, new)
        and new.created in {None, existing.created}
    )
    if new.named and (existing.is_same(new) or is_first):
        return existing
    message = f"Memory '{new.id}' already exists with different content"
    raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])


def _says_the_same_first(existing: StoredMemory, first: StoredVersion, new: NewMemory) -> bool:
    link = decode_details(existing.details).supersedes
    if new.details.supersedes not in {None, link}:
        return False
    return _says_the_same(first, structs.replace(new, details=new.details.without_link()))


def plan_new(
    namespace: str, new: NewMemory, like: StoredMemory | None, options: WriteOptions
) -> StoredMemory:
    """Return the memory to store; it supersedes what it names, or the one that it is like."""
    superseded = new.details.supersedes or (like.id if like else None)
    details, created = structs.replace(new.details, supersedes=superseded), new.created
    memory = StoredMemory(
        id=new.id,
        namespace=namespace,
        value=new.value,
        label=new.label,
        description=new.description,
        tags=encode_tags(new.tags),
        metadata=new.metadata,
        created=created or options.now,
        modified=options.now,
        details=details.encoded(),
        version=1,
        written=options.now,
        written_by=options.key_id,
        supersedes=superseded,
        superseded_by=None,
        superseded_at=None,
        starts="",
        ends=NEVER,
    )
    return with_validity(memory)


def answer_similar(memory: StoredMemory, similar: FoundSimilar) -> Memory:
    """Return a memory for a response that tells what the one sent is like."""
    answer = memory.to_memory()
    answer.similar = SimilarMemory(
        id=similar.id,
        likeness=similar.likeness,
        equal=similar.equal,
        action="returned" if similar.policy == "return" else "superseded",
    )
    return answer


def is_quoted(new: NewMemory, answer: Memory) -> bool:
    """Tell whether a response repeats what was stored before, beside its request."""
    return answer.id != new.id or answer.version is not UNSET


# --- Changing -----------------------------------------------------------------------------------


class PlannedUpdate(NamedTuple):
    """What an update comes to."""

    memory: StoredMemory
    """The one that was there when nothing changes."""

    former: StoredVersion | None
    """What it said before, if it says something else now."""

    stored_bytes: int = 0
    """Bytes that count against a quota."""


def plan_update(memory: StoredMemory, update: MemoryUpdate, options: WriteOptions) -> PlannedUpdate:
    """Return the memory with other tags, or corrected; InvalidRequest."""
    before = decode_details(memory.details)
    if update.supersedes not in {UNSET, before.supersedes}:
        raise invalid_request("supersedes", _LINK_STAYS)
    details = structs.replace(before, **update.details)
    after = structs.replace(
        memory,
        tags=memory.tags if update.tags is None else encode_tags(update.tags),
        value=memory.value if update.value is None else update.value,
        label=memory.label if update.label is UNSET else update.label,
        description=memory.description if update.description is UNSET else update.description,
        metadata=memory.metadata if update.metadata is None else update.metadata,
        details=details.encoded(),
    )
    if after == memory:
        return PlannedUpdate(memory, None)
    after.modified = max(memory.modified, options.now)
    if structs.replace(after, tags=memory.tags, modified=memory.modified) == memory:
        return PlannedUpdate(after, None)
    check_details(details)
    after.version = memory.version + 1
    after.written, after.written_by = after.modified, options.key_id
    former = former_version(memory, after)
    return PlannedUpdate(with_validity(after), former, len(after.value) + len(after.metadata))


def former_version(memory: StoredMemory, after: StoredMemory) -> StoredVersion:
    """Return what a memory said before it was corrected."""
    return StoredVersion(
        version=memory.version,
        value=memory.value,
        label=memory.label,
        description=memory.description,
        metadata=memory.metadata,
        details=decode_details(memory.details).without_link().encoded(),
        written=memory.written or memory.created,
        written_by=memory.written_by,
        replaced=after.written,
        replaced_by=after.written_by,
    )


def plan_version(
    new: NewVersion, existing: StoredVersion | None, options: WriteOptions
) -> StoredVersion:
    """Return the former version to store, or the existing one when it is the same; DuplicateId."""
    if existing is None:
        return StoredVersion(
            version=new.version,
            value=new.value,
            label=new.label,
            description=new.description,
            metadata=new.metadata,
            details=new.details.encoded(),
            written=new.written,
            written_by=options.key_id,
            replaced=new.replaced,
            replaced_by=None,
        )
    times = (existing.written, existing.replaced)
    if _says_the_same(existing, new) and times == (new.written, new.replaced):
        return existing
    message = f"Version {new.version} is there already with different content"
    raise DuplicateId(message, [ErrorDetail("version", "INVALID", message)])


def with_version_before(memory: StoredMemory, version: int, now: str) -> StoredMemory:
    """Return a memory that comes after a version."""
    if memory.version > version:
        return memory
    return structs.replace(memory, version=version + 1, modified=max(memory.modified, now))


def version_at(memory: StoredMemory, former: StoredVersion | None) -> StoredMemory:
    """Return a memory with what a window shows of a former version, if one is given."""
    if former is None:
        return memory
    return structs.replace(
        memory, value=former.value, label=former.label, description=former.description
    )


# --- When it is active --------------------------------------------------------------------------


def with_validity(memory: StoredMemory) -> StoredMemory:
    """Return a memory with the times between which it is active.

    One that supersedes another begins when it was created, unless it tells since when it is true.
    """
    details = decode_details(memory.details)
    begin = memory.created if details.supersedes else ""
    ends = [end for end in (*_ends_of(details), memory.superseded_at) if end]
    return structs.replace(
        memory, starts=details.valid_from or begin, ends=min(ends, default=NEVER)
    )


def _ends_of(details: Details) -> tuple[str | None, str | None]:
    return details.valid_to, details.expires_at


def plan_superseded(memory: StoredMemory, by: tuple[str, str] | None, now: str) -> StoredMemory:
    """Return a memory that the first of those that supersede it ends: its start and its id.

    With none left, it is superseded no more.
    """
    at, by_id = by or (None, None)
    if (memory.superseded_at, memory.superseded_by) == (at, by_id):
        return memory
    after = structs.replace(
        memory, superseded_at=at, superseded_by=by_id, modified=max(memory.modified, now)
    )
    return with_validity(after)


def inactive_reason(memory: Memory, as_of: str) -> Inactive | UnsetType:
    """Return why a memory is left out at a time; UNSET when it is not."""
    if memory.superseded_at is not UNSET and memory.superseded_at <= as_of:
        return "superseded"
    if memory.expires_at is not UNSET and memory.expires_at <= as_of:
        return "expired"
    if memory.valid_to is not UNSET and memory.valid_to <= as_of:
        return "ended"
    begin = memory.created if memory.supersedes is not UNSET else ""
    start = begin if memory.valid_from is UNSET else memory.valid_from
    return "not yet valid" if start > as_of else UNSET


def memory_not_found(memory_id: str) -> MemoryNotFound:
    """Return the error for a memory that does not exist."""
    return MemoryNotFound(f"Memory '{memory_id}' not found")
