"""How requests name what they are about, in their query or their body."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.model.messages import AttachmentMode, AttachmentRead
from dialoguedb.values.fields import Id, Namespace


class InNamespace(Struct, rename="camel", frozen=True):
    """A request that names a thing in a namespace."""

    namespace: Namespace | UnsetType = UNSET


class OfDialogue(InNamespace, frozen=True):
    """A request about a dialogue or what is in it."""

    dialogue_id: Id | UnsetType = UNSET


Attachments = Annotated[
    AttachmentMode,
    Meta(
        description="Whether content has the bytes of attachments (`inline`, the default), or"
        " references to those of 4 KiB and more."
    ),
]


def sent_as(attachments: AttachmentMode | UnsetType) -> AttachmentRead:
    """Return how messages are read whose attachments are sent inline, or as references."""
    return "reference" if attachments == "reference" else "deferred"


class OneMessage(OfDialogue, frozen=True):
    """A request for a message."""

    attachments: Attachments | UnsetType = UNSET


class Named(Struct, rename="camel"):
    """A body that may repeat what the path and the query name."""

    id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET


class NamedInDialogue(Named, rename="camel"):
    """The same of a dialogue, or of what is in one."""

    dialogue_id: Id | UnsetType | None = UNSET
