"""Dialogues as they are stored, and what creating, updating and closing them comes to."""

import hashlib
from collections.abc import Mapping

from msgspec import UNSET, Raw, Struct, UnsetType, structs

from dialoguedb.errors import DialogueNotFound, DuplicateId, ErrorDetail
from dialoguedb.model.dialogues import Action, Dialogue, DialogueUpdate, NewDialogue
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project, Usage
from dialoguedb.model.rules.messages import AppendPlan, StoredMessage, plan_append
from dialoguedb.model.rules.projects import check_mutable
from dialoguedb.model.rules.status import (
    AFTER,
    DialogueHead,
    check_changeable,
    check_version,
    dialogue_not_found,
)
from dialoguedb.model.rules.tags import encode_tags
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.writes import Versioned, WriteOptions


class StoredDialogue(DialogueHead, gc=False):
    """A dialogue as an engine keeps it; tags, metadata and state are compact JSON."""

    request_id: str
    thread_of: str | None
    label: str | None
    ended_at: str | None
    archived_at: str | None
    created: str
    revision: int
    thread_count: int
    tags: bytes
    metadata: bytes
    state: bytes

    def to_dialogue(
        self, project: Project, messages: list[Message] | UnsetType = UNSET
    ) -> Dialogue:
        """Return the dialogue for a response."""
        return Dialogue(
            id=self.id,
            project_id=project.id,
            request_id=self.request_id,
            status=self.status,
            tags=Raw(self.tags),
            metadata=Raw(self.metadata),
            metadata_length=len(self.metadata),
            metadata_sha256=hashlib.sha256(self.metadata).hexdigest(),
            state=Raw(self.state),
            total_messages=self.total_messages,
            thread_count=self.thread_count,
            last_seq=self.last_seq,
            created=self.created,
            modified=self.modified,
            namespace=self.namespace or UNSET,
            thread_of=UNSET if self.thread_of is None else self.thread_of,
            label=UNSET if self.label is None else self.label,
            ended_at=UNSET if self.ended_at is None else self.ended_at,
            archived_at=UNSET if self.archived_at is None else self.archived_at,
            last_message_created=self.last_message_created or UNSET,
            messages=messages,
        )


def dialogue_bytes(dialogue: StoredDialogue) -> int:
    """Return what a dialogue adds to a page, beside its names."""
    return len(dialogue.tags) + len(dialogue.metadata) + len(dialogue.state)


class DialoguePlan(Struct, frozen=True):
    """What a change of a dialogue writes."""

    dialogue: StoredDialogue
    """As it is then."""

    is_changed: bool
    """Whether label, status, tags or state are other than before."""

    usage: Usage
    is_indexed_again: bool = False
    """Whether it is found by other words than before."""

    append: AppendPlan | None = None
    """What is appended to it; its head in `dialogue` is the one after that."""

    def answer(self, project: Project, *, is_echoed: bool = False) -> Versioned[Dialogue]:
        """Return the dialogue for a response, with the messages that were sent if requested."""
        messages = self.append.messages if self.append and is_echoed else UNSET
        return Versioned(self.dialogue.to_dialogue(project, messages), self.dialogue.revision)


def plan_creation(
    namespace: str,
    new: NewDialogue,
    parent: StoredDialogue | None,
    options: WriteOptions,
    *,
    is_taken: bool,
) -> DialoguePlan:
    """Create a dialogue with its first messages, as a thread of its parent if there is one.

    `is_taken` tells that there is a dialogue of this id. DialogueNotFound and DialogueImmutable
    (of the parent), DuplicateId, in this order.
    """
    if new.thread_of is not None:
        _check_parent(new, parent)
    if is_taken:
        message = f"Dialogue '{new.id}' already exists"
        raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])
    empty = StoredDialogue(
        id=new.id,
        namespace=namespace,
        status="active",
        total_messages=0,
        last_seq=0,
        last_server_created="",
        last_message_created="",
        appended_tokens=0,
        modified=options.now,
        request_id=new.request_id,
        thread_of=new.thread_of,
        label=new.label,
        ended_at=None,
        archived_at=None,
        created=new.created or options.now,
        revision=1,
        thread_count=0,
        tags=encode_tags(new.tags),
        metadata=new.metadata,
        state=new.state,
    )
    append = plan_append(empty, new.messages or [], {}, WriteOptions(options.now))
    used = append.usage
    used.dialogues, used.stored_bytes = 1, new.stored_bytes
    return DialoguePlan(after_append(empty, append), is_changed=True, usage=used, append=append)


def _check_parent(new: NewDialogue, parent: StoredDialogue | None) -> None:
    if new.thread_of == new.id:
        raise DialogueNotFound(f"Dialogue '{new.thread_of}' not found; it cannot be its own parent")
    if parent is None:
        raise dialogue_not_found(new.thread_of or "")
    check_changeable(parent.id, parent.status)


def after_append(dialogue: StoredDialogue, append: AppendPlan) -> StoredDialogue:
    """Return a dialogue as it is after an append."""
    if not append.new:
        return dialogue
    return structs.replace(
        dialogue,
        total_messages=append.total_messages,
        last_seq=append.last_seq,
        last_server_created=append.last_server_created,
        last_message_created=append.last_message_created,
        appended_tokens=append.appended_tokens,
        modified=append.modified,
    )


def plan_update(
    dialogue: StoredDialogue,
    update: DialogueUpdate,
    stored: Mapping[str, StoredMessage],
    options: WriteOptions,
) -> DialoguePlan:
    """Change label, state and tags, and append messages; `stored` as for `plan_append`.

    Refusals of the append count first, then DialogueImmutable and VersionConflict; a request that
    was made before and changes nothing is refused by none. The version is the revision.
    """
    append = plan_append(dialogue, update.messages or [], stored, WriteOptions(options.now))
    used = append.usage
    is_changed = _differs(dialogue, update)
    if is_changed or append.new or not append.messages:
        if not update.leaves_all:
            check_changeable(dialogue.id, dialogue.status)
        check_version(options.expected, dialogue.revision)
    after = after_append(dialogue, append)
    if is_changed:
        if update.state is not UNSET and update.state != dialogue.state:
            used.stored_bytes += len(update.state)
        after = _revised(
            after,
            options.now,
            label=dialogue.label if update.label is UNSET else update.label,
            state=dialogue.state if update.state is UNSET else update.state,
            tags=dialogue.tags if update.tags is UNSET else encode_tags(update.tags),
        )
    is_indexed_again = (after.label, after.tags) != (dialogue.label, dialogue.tags)
    return DialoguePlan(after, is_changed, used, is_indexed_again, append)


def _differs(dialogue: StoredDialogue, update: DialogueUpdate) -> bool:
    return not (
        update.label in {UNSET, dialogue.label}
        and update.state in {UNSET, dialogue.state}
        and (update.tags is UNSET or encode_tags(update.tags) == dialogue.tags)
    )


def _revised(dialogue: StoredDialogue, now: str, **changes: object) -> StoredDialogue:
    """Return a dialogue with changes, in its next revision."""
    return structs.replace(
        dialogue,
        revision=dialogue.revision + 1,
        modified=max(dialogue.modified, now),
        **changes,
    )


def plan_status(dialogue: StoredDialogue, action: Action, options: WriteOptions) -> DialoguePlan:
    """End, archive or reopen; DialogueImmutable, VersionConflict. Repeating changes nothing."""
    used = usage_of(options)
    if dialogue.status == AFTER[action]:
        check_version(options.expected, dialogue.revision)
        return DialoguePlan(dialogue, is_changed=False, usage=used)
    if action == "end":
        check_changeable(dialogue.id, dialogue.status)
    check_version(options.expected, dialogue.revision)
    ended_at, archived_at = {
        "end": (options.now, None),
        "archive": (dialogue.ended_at, options.now),
        "reopen": (None, None),
    }[action]
    after = _revised(
        dialogue,
        options.now,
        status=AFTER[action],
        ended_at=ended_at,
        archived_at=archived_at,
    )
    return DialoguePlan(after, is_changed=True, usage=used)


def plan_state(dialogue: StoredDialogue, state: bytes, options: WriteOptions) -> DialoguePlan:
    """Give a dialogue another state; DialogueImmutable, VersionConflict."""
    check_changeable(dialogue.id, dialogue.status)
    check_version(options.expected, dialogue.revision)
    used = usage_of(options)
    if state == dialogue.state:
        return DialoguePlan(dialogue, is_changed=False, usage=used)
    return DialoguePlan(_revised(dialogue, options.now, state=state), is_changed=True, usage=used)


def check_deletable(project: Project) -> None:
    """Refuse to delete a dialogue of an immutable project."""
    check_mutable(project, "its dialogues cannot be deleted")
