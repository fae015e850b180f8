"""Which acts a dialogue's status, its project and the expected version allow."""

from dialoguedb.errors import (
    DialogueEnded,
    DialogueImmutable,
    ErrorDetail,
    ProjectProtected,
    QuotaExceeded,
    VersionConflict,
)
from dialoguedb.model.dialogues import Action, Status
from dialoguedb.model.projects import Project, Quotas, Usage

AFTER: dict[Action, Status] = {"end": "ended", "archive": "archived", "reopen": "active"}
"""The status that each action leads to."""


def check_appendable(dialogue_id: str, status: Status) -> None:
    """Refuse new messages in an archived or ended dialogue."""
    check_changeable(dialogue_id, status)
    if status == "ended":
        raise DialogueEnded(f"Dialogue '{dialogue_id}' has ended; reopen it to add messages")


def check_changeable(dialogue_id: str, status: Status) -> None:
    """Refuse any change of an archived dialogue."""
    if status == "archived":
        raise DialogueImmutable(f"Dialogue '{dialogue_id}' is archived; reopen it to change it")


def check_mutable(project: Project, what: str) -> None:
    """Refuse what an immutable project never allows."""
    if project.settings.immutable:
        raise DialogueImmutable(f"The project is immutable: {what}")


def check_unprotected(project: Project) -> None:
    """Refuse to delete a protected project."""
    if project.settings.deletion_protection:
        raise ProjectProtected(f"Project '{project.name}' is protected from deletion")


def check_version(expected: int | None, stored: int) -> None:
    """Refuse an act that expected another version; None expects nothing."""
    if expected is not None and expected != stored:
        raise VersionConflict(
            f"Version {expected} is expected, but {stored} is stored; nothing was changed"
        )


def check_quotas(quotas: Quotas, used: Usage, month: Usage) -> None:
    """Refuse an operation when what it uses takes the month, itself included, over a quota."""
    for name in ("messages", "dialogues", "stored_bytes"):
        quota = getattr(quotas, name)
        if quota is not None and getattr(used, name) and getattr(month, name) > quota:
            words = name.replace("_", " ")
            raise _over(name, f"This would exceed the monthly quota of {quota} {words}")


def request_quota_exceeded() -> QuotaExceeded:
    """Return the refusal of what the monthly quota of requests leaves no room for."""
    return _over("requests", "The monthly quota of requests is used up")


def _over(name: str, message: str) -> QuotaExceeded:
    field = name.replace("_b", "B")  # its name in the settings
    return QuotaExceeded(message, [ErrorDetail(field, "TOO_LARGE", message)])
