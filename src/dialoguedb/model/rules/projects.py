"""What a project's settings allow."""

from msgspec import structs

from dialoguedb.errors import (
    DialogueImmutable,
    DuplicateId,
    ErrorDetail,
    ProjectNotFound,
    ProjectProtected,
)
from dialoguedb.model.projects import Project, SettingsChange, changed_settings


def check_mutable(project: Project, what: str) -> None:
    """Refuse what an immutable project never allows."""
    if project.settings.immutable:
        raise DialogueImmutable(f"The project is immutable: {what}")


def check_unprotected(project: Project) -> None:
    """Refuse to delete a protected project."""
    if project.settings.deletion_protection:
        raise ProjectProtected(f"Project '{project.name}' is protected from deletion")


def check_name(name: str, *, is_taken: bool) -> None:
    """Refuse a new project the name of another; DuplicateId."""
    if is_taken:
        message = f"Project '{name}' already exists"
        raise DuplicateId(message, [ErrorDetail("name", "INVALID", message)])


def plan_settings(project: Project, change: SettingsChange, now: str) -> Project:
    """Return the project with changed settings; the project itself when they stay as they are."""
    settings = changed_settings(project.settings, change)
    if settings == project.settings:
        return project
    return structs.replace(project, settings=settings, modified=now)


def project_not_found(id_or_name: str) -> ProjectNotFound:
    """Return the error for a project that does not exist."""
    return ProjectNotFound(f"Project '{id_or_name}' not found")
