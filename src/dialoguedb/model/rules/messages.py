"""Messages as they are stored, and what appending, tagging and deleting them comes to."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Raw, Struct, structs

from dialoguedb.errors import DuplicateId, ErrorDetail, MessageNotFound
from dialoguedb.model.messages import Message, NewMessage
from dialoguedb.model.projects import Project, Usage
from dialoguedb.model.refs import MessageRef
from dialoguedb.model.rules.projects import check_mutable
from dialoguedb.model.rules.status import (
    DialogueHead,
    check_appendable,
    check_changeable,
    check_version,
)
from dialoguedb.model.rules.tags import encode_tags
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.writes import WriteOptions

_NO_TAGS, _NO_METADATA = Raw(b"[]"), Raw(b"{}")


class StoredMessage(Struct, gc=False):
    """A message as an engine keeps it; content, tags and metadata are compact JSON."""

    created: str
    seq: int
    id: str
    role: str
    content: bytes
    content_length: int
    tags: bytes
    metadata: bytes
    modified: str
    name: str | None
    tokens: int
    token_offset: int
    """The tokens of all messages that were appended to the dialogue before it."""

    by_user: bool
    """Whether it is what a user says: a text or an attachment, not just results of tools."""

    attachments: bytes
    """Those that an engine has cut out of the content; empty when it is whole."""

    def to_message(self, dialogue_id: str, namespace: str) -> Message:
        """Return the message for a response."""
        tags, metadata, name = self.tags, self.metadata, self.name
        return Message(
            id=self.id,
            dialogue_id=dialogue_id,
            role=self.role,
            content=Raw(self.content),
            content_length=self.content_length,
            tags=_NO_TAGS if tags == b"[]" else Raw(tags),
            metadata=_NO_METADATA if metadata == b"{}" else Raw(metadata),
            created=self.created,
            modified=self.modified,
            seq=self.seq,
            token_count=self.tokens,
            namespace=namespace or UNSET,
            name=UNSET if name is None else name,
        )

    def is_same(self, new: NewMessage) -> bool:
        """Tell whether a received message is this one, sent again."""
        return (
            self.content == new.content
            and self.role == new.role
            and self.metadata == new.metadata
            and self.name == new.name
            and new.created in {None, self.created}
        )


def to_messages(stored: Iterable[StoredMessage], dialogue_id: str, namespace: str) -> list[Message]:
    """Return messages of one dialogue as they are answered."""
    return [one.to_message(dialogue_id, namespace) for one in stored]


def message_bytes(message: StoredMessage) -> int:
    """Return what a message adds to a page, beside its names; the whole of its content counts."""
    content = message.content_length if message.attachments else len(message.content)
    return content + len(message.tags) + len(message.metadata)


def cut_message_bytes(message: StoredMessage) -> int:
    """Return what a message adds to a page that refers to its attachments, beside its names."""
    return len(message.content) + len(message.tags) + len(message.metadata)


class AppendPlan(Struct, gc=False):
    """What an append writes and answers."""

    messages: list[Message]
    """All that were sent, as they are stored then, in their order."""

    new: list[StoredMessage]
    """Those to store; when there are none, the dialogue stays as it is."""

    sent: Sequence[NewMessage]
    """Those to store, as they were sent."""

    total_messages: int
    last_seq: int
    last_server_created: str
    last_message_created: str
    appended_tokens: int
    modified: str
    """What the dialogue's head holds then."""

    usage: Usage


def plan_append(
    dialogue: DialogueHead,
    new: Sequence[NewMessage],
    stored: Mapping[str, StoredMessage],
    options: WriteOptions,
) -> AppendPlan:
    """Append messages; `stored` are those of the dialogue that have an id which a sender chose.

    A stored message that is sent again is returned. Then count, in this order: DialogueImmutable,
    DialogueEnded, DuplicateId, VersionConflict.
    """
    duplicates: Mapping[int, Message] = {}
    conflict = None
    if any(message.named for message in new):
        duplicates, conflict = _duplicates(dialogue, new, stored)
    fresh = [one for index, one in enumerate(new) if index not in duplicates] if duplicates else new
    if not fresh and not conflict:
        return _unchanged(dialogue, list(duplicates.values()), options)
    check_appendable(dialogue.id, dialogue.status)
    if conflict:
        raise conflict
    check_version(options.expected, dialogue.last_seq)
    return _plan(dialogue, (new, fresh, duplicates), options)


def _plan(
    dialogue: DialogueHead,
    sent: tuple[Sequence[NewMessage], Sequence[NewMessage], Mapping[int, Message]],
    options: WriteOptions,
) -> AppendPlan:
    new, fresh, duplicates = sent
    # The server's times never run backwards among themselves, whatever senders and clocks say.
    server_created = max(options.now, dialogue.last_server_created)
    made: list[StoredMessage] = []
    offset = dialogue.appended_tokens
    for seq, one in enumerate(fresh, dialogue.last_seq + 1):
        made.append(_store(one, seq, server_created, offset))
        offset += one.tokens
    messages = to_messages(made, dialogue.id, dialogue.namespace)
    if duplicates:
        rest = iter(messages)
        messages = [duplicates.get(index) or next(rest) for index in range(len(new))]
    return AppendPlan(
        messages=messages,
        new=made,
        sent=fresh,
        total_messages=dialogue.total_messages + len(made),
        last_seq=dialogue.last_seq + len(made),
        last_server_created=server_created,
        last_message_created=max(dialogue.last_message_created, *[one.created for one in made]),
        appended_tokens=offset,
        modified=max(dialogue.modified, server_created),
        usage=usage_of(options, len(made), sum(message.stored_bytes for message in fresh)),
    )


def _store(new: NewMessage, seq: int, server_created: str, token_offset: int) -> StoredMessage:
    return StoredMessage(
        new.created or server_created,
        seq,
        new.id,
        new.role,
        new.content,
        new.content_length,
        encode_tags(new.tags) if new.tags else b"[]",
        new.metadata,
        server_created,
        new.name,
        new.tokens,
        token_offset,
        new.by_user,
        b"",
    )


def _unchanged(
    dialogue: DialogueHead, messages: list[Message], options: WriteOptions
) -> AppendPlan:
    return AppendPlan(
        messages,
        [],
        [],
        dialogue.total_messages,
        dialogue.last_seq,
        dialogue.last_server_created,
        dialogue.last_message_created,
        dialogue.appended_tokens,
        dialogue.modified,
        usage_of(options),
    )


def _duplicates(
    dialogue: DialogueHead, new: Sequence[NewMessage], stored: Mapping[str, StoredMessage]
) -> tuple[dict[int, Message], DuplicateId | None]:
    """Return the stored messages by the index of those sent again, and the first conflict."""
    duplicates: dict[int, Message] = {}
    conflict: DuplicateId | None = None
    seen: set[str] = set()
    for index, message in enumerate(new):
        if not message.named:
            continue
        existing = stored.get(message.id)
        if message.id in seen:
            conflict = conflict or _conflict(index, f"Id '{message.id}' occurs twice")
        elif existing and existing.is_same(message):
            duplicates[index] = existing.to_message(dialogue.id, dialogue.namespace)
        elif existing:
            differs = f"Message '{message.id}' already exists with different content"
            conflict = conflict or _conflict(index, differs)
        seen.add(message.id)
    return duplicates, conflict


def _conflict(index: int, message: str) -> DuplicateId:
    return DuplicateId(message, [ErrorDetail(f"messages[{index}].id", "INVALID", message)])


def message_not_found(ref: MessageRef) -> MessageNotFound:
    """Return the error for a message that does not exist, or whose dialogue does not."""
    return MessageNotFound(f"Message '{ref.id}' not found in dialogue '{ref.dialogue_id}'")


def plan_retag(
    project: Project,
    dialogue: DialogueHead,
    message: StoredMessage,
    tags: tuple[str, ...] | None,
    now: str,
) -> StoredMessage:
    """Return the message with other tags; the message itself when it stays as it is.

    None means no change, which nothing refuses. DialogueImmutable.
    """
    if tags is None:
        return message
    check_mutable(project, "its messages cannot be tagged")
    check_changeable(dialogue.id, dialogue.status)
    encoded = encode_tags(tags)
    if encoded == message.tags:
        return message
    return structs.replace(message, tags=encoded, modified=max(message.modified, now))


def plan_delete(
    project: Project, dialogue: DialogueHead, latest_created: str, now: str
) -> DialogueHead:
    """Return the dialogue's head without a message; DialogueImmutable.

    `latest_created` is the greatest `created` of the other messages, empty when there are none.
    """
    check_mutable(project, "its messages cannot be deleted")
    check_changeable(dialogue.id, dialogue.status)
    return structs.replace(
        dialogue,
        total_messages=dialogue.total_messages - 1,
        last_message_created=latest_created,
        modified=max(dialogue.modified, now),
    )
