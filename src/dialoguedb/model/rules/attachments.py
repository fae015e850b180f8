"""Attachments cut out of the content of stored messages: put back, or referred to."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET, Raw, structs

from dialoguedb.formats.attachments import cutting, deferred
from dialoguedb.formats.attachments.cutting import CutAttachment, CutContent
from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.messages import AttachmentReference, Message, NewMessage
from dialoguedb.model.rules.messages import StoredMessage

S = TypeVar("S", bound=StoredMessage)


def cut_from(stored: S, sent: NewMessage) -> S:
    """Return a whole message as an engine may keep it that keeps attachments apart."""
    if sent.cut is None:
        return stored
    attachments = cutting.encode(sent.cut.attachments)
    return structs.replace(stored, content=sent.cut.content, attachments=attachments)


def make_whole(stored: S, base64_of: Callable[[str], bytes]) -> S:
    """Return a message as it was received; `base64_of` finds an attachment by its hash."""
    if not stored.attachments:
        return stored
    content = cutting.restore(_cut_content(stored), base64_of)
    return structs.replace(stored, content=content, attachments=b"")


def with_tokens(stored: S) -> S:
    """Return a message as it was received, with tokens in the place of its attachments."""
    if not stored.attachments:
        return stored
    lengths = {one.sha256: one.text_bytes for one in _cut_content(stored).attachments}
    return make_whole(stored, lambda sha256: deferred.token(DeferredText(sha256, lengths[sha256])))


def with_references(stored: StoredMessage, dialogue_id: str, namespace: str) -> Message:
    """Return a message for a response, with references in the place of its attachments."""
    message = stored.to_message(dialogue_id, namespace)
    if stored.attachments:
        content = _cut_content(stored)
        message.content = Raw(cutting.refer(content))
        message.attachments = [_reference(one) for one in content.attachments]
    return message


def _cut_content(stored: StoredMessage) -> CutContent:
    return CutContent(stored.content, cutting.decode(stored.attachments))


def _reference(cut: CutAttachment) -> AttachmentReference:
    return AttachmentReference(
        sha256=cut.sha256, kind=cut.kind, media_type=cut.media_type or UNSET, bytes=cut.size
    )
