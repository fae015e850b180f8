"""Templates as they are stored, and what creating and changing them comes to."""

from msgspec import UNSET, Struct, structs

from dialoguedb.errors import DuplicateId, ErrorDetail, TemplateNotFound
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.model.templates import NewTemplate, Template, TemplateChange


class StoredTemplate(Struct, gc=False):
    """A template as an engine keeps it."""

    name: str
    prompt: str
    description: str | None
    created: str
    modified: str

    def to_template(self) -> Template:
        """Return the template for a response."""
        return Template(
            name=self.name,
            prompt=self.prompt,
            description=UNSET if self.description is None else self.description,
            created=self.created,
            modified=self.modified,
        )


def template_bytes(template: StoredTemplate) -> int:
    """Return what a template adds to a page, beside its names."""
    return (len(template.prompt) + len(template.description or "")) * ESCAPED_BYTES


def plan_creation(new: NewTemplate, existing: StoredTemplate | None, now: str) -> StoredTemplate:
    """Return the template to store, or the existing one when it is the same; DuplicateId."""
    if existing is None:
        return StoredTemplate(new.name, new.prompt, new.description, now, now)
    if (existing.prompt, existing.description) != (new.prompt, new.description):
        message = f"Template '{new.name}' already exists with different content"
        raise DuplicateId(message, [ErrorDetail("name", "INVALID", message)])
    return existing


def plan_update(template: StoredTemplate, change: TemplateChange, now: str) -> StoredTemplate:
    """Return the template after a change; the template itself when it stays as it is."""
    prompt = change.prompt or template.prompt
    description = template.description if change.description is UNSET else change.description
    if (prompt, description) == (template.prompt, template.description):
        return template
    return structs.replace(
        template, prompt=prompt, description=description, modified=max(template.modified, now)
    )


def template_not_found(name: str) -> TemplateNotFound:
    """Return the error for a template that does not exist."""
    return TemplateNotFound(f"Template '{name}' not found")
