"""What a dialogue's status and the expected version allow."""

from msgspec import Struct

from dialoguedb.errors import DialogueEnded, DialogueImmutable, DialogueNotFound, VersionConflict
from dialoguedb.model.dialogues import Action, Status

AFTER: dict[Action, Status] = {"end": "ended", "archive": "archived", "reopen": "active"}
"""The status that each action leads to."""


class DialogueHead(Struct, gc=False):
    """What an append reads and changes of a dialogue."""

    id: str
    namespace: str
    status: Status
    total_messages: int
    last_seq: int
    last_server_created: str
    """The greatest `created` that the server gave; empty when it gave none."""

    last_message_created: str
    """The greatest `created` of its messages; empty when there are none."""

    appended_tokens: int
    """The tokens of all messages that were ever appended, also of those deleted since."""

    modified: str


def check_appendable(dialogue_id: str, status: Status) -> None:
    """Refuse new messages in an archived or ended dialogue."""
    check_changeable(dialogue_id, status)
    if status == "ended":
        raise DialogueEnded(f"Dialogue '{dialogue_id}' has ended; reopen it to add messages")


def check_changeable(dialogue_id: str, status: Status) -> None:
    """Refuse any change of an archived dialogue."""
    if status == "archived":
        raise DialogueImmutable(f"Dialogue '{dialogue_id}' is archived; reopen it to change it")


def check_version(expected: int | None, stored: int) -> None:
    """Refuse an operation that expected another version; None expects nothing."""
    if expected is not None and expected != stored:
        raise VersionConflict(
            f"Version {expected} is expected, but {stored} is stored; nothing was changed"
        )


def dialogue_not_found(dialogue_id: str) -> DialogueNotFound:
    """Return the error for a dialogue that does not exist."""
    return DialogueNotFound(f"Dialogue '{dialogue_id}' not found")
