"""Projects, the tenants of a server, and what an operator may set for each."""

import ipaddress
import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.values import limits
from dialoguedb.values.fields import Id, Timestamp
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request

S = TypeVar("S", bound=Struct)

RATE_PER_SECOND_DEFAULT = 20_000
RATE_BURST_DEFAULT = 20_000
ABOVE_TOKENS_DEFAULT = 16_000
KEEP_RECENT_DEFAULT = 8

AfterDeletion = Literal["remake", "delete"]
"""What becomes of summaries that cover a deleted message: they are made again without it, or
deleted."""

Count = Annotated[int, Meta(ge=0, le=2**53)]
Rate = Annotated[int, Meta(ge=1, le=1_000_000_000)]
AboveTokens = Annotated[
    int,
    Meta(ge=1, le=2**53, description="Tokens of a dialogue that no summary needs to cover."),
]
KeepRecent = Annotated[
    int,
    Meta(ge=0, le=limits.PAGE_ITEMS_MAX, description="Last messages that stay outside."),
]
ProjectName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.NAME_CHARS_MAX,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(?![\s\S])",
        description="Letters, digits, `.`, `_` and `-`.",
        examples=["support-bot"],
    ),
]
AllowedIps = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(max_length=limits.ALLOWED_IPS_MAX, examples=[["10.0.0.0/8"]]),
]


class RateLimit(Struct, rename="camel", frozen=True):
    """Requests per second, refilling a burst."""

    enabled: bool = True
    per_second: Rate = RATE_PER_SECOND_DEFAULT
    burst: Rate = RATE_BURST_DEFAULT


class Quotas(Struct, rename="camel", frozen=True):
    """The most a project may use in a calendar month (UTC); null means no quota.

    Stored bytes are those of content, metadata, state and memory values.
    """

    requests: Count | None = None
    messages: Count | None = None
    dialogues: Count | None = None
    stored_bytes: Count | None = None


class AutoCompact(Struct, rename="camel", frozen=True):
    """When a dialogue is summarized by itself: all of it but the last messages."""

    above_tokens: AboveTokens = ABOVE_TOKENS_DEFAULT
    keep_recent: KeepRecent = KEEP_RECENT_DEFAULT


class ProjectSettings(Struct, rename="camel", frozen=True):
    """Everything that can be set for one project."""

    rate_limit: RateLimit = RateLimit()
    quotas: Quotas = Quotas()
    immutable: bool = False
    deletion_protection: bool = False
    allowed_ips: AllowedIps = []
    summaries_after_deletion: AfterDeletion = "delete"
    auto_compact: AutoCompact | None = None
    """Null means that dialogues are summarized only when somebody asks for it."""


class RateLimitChange(Struct, rename="camel", forbid_unknown_fields=True):
    """A change of the rate limit; null means the default."""

    enabled: bool | UnsetType | None = UNSET
    per_second: Rate | UnsetType | None = UNSET
    burst: Rate | UnsetType | None = UNSET


class QuotasChange(Struct, rename="camel", forbid_unknown_fields=True):
    """A change of the quotas; null means no quota."""

    requests: Count | UnsetType | None = UNSET
    messages: Count | UnsetType | None = UNSET
    dialogues: Count | UnsetType | None = UNSET
    stored_bytes: Count | UnsetType | None = UNSET


class AutoCompactChange(Struct, rename="camel", forbid_unknown_fields=True):
    """A change of the compaction by itself; null means the default."""

    above_tokens: AboveTokens | UnsetType | None = UNSET
    keep_recent: KeepRecent | UnsetType | None = UNSET


class SettingsChange(Struct, rename="camel", forbid_unknown_fields=True):
    """A change of a project's settings: what is left out stays, null means the default."""

    rate_limit: RateLimitChange | UnsetType | None = UNSET
    quotas: QuotasChange | UnsetType | None = UNSET
    immutable: bool | UnsetType | None = UNSET
    deletion_protection: bool | UnsetType | None = UNSET
    allowed_ips: AllowedIps | UnsetType | None = UNSET
    summaries_after_deletion: AfterDeletion | UnsetType | None = UNSET
    auto_compact: AutoCompactChange | UnsetType | None = UNSET
    """An object switches it on; null, off."""

    def validate(self) -> "SettingsChange":
        """Check the values that a type cannot; InvalidRequest with every error."""
        errors = ValidationErrors()
        ranges = self.allowed_ips if isinstance(self.allowed_ips, list) else []
        for index, text in enumerate(ranges):
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                where = f"allowedIps[{index}]"
                errors.invalid(
                    where, f"{where}: {text!r} is not an address range such as 10.0.0.0/8"
                )
        errors.raise_if_any()
        return self


def changed_settings(settings: ProjectSettings, change: SettingsChange) -> ProjectSettings:
    """Return the settings after a change; immutable never goes back."""
    if settings.immutable and (change.immutable is None or change.immutable is False):
        raise invalid_request("immutable", "immutable can only be switched on, never off again")
    return _overlaid(settings, change)


def _overlaid(value: S, change: Struct) -> S:
    defaults = type(value)()
    parts: dict[str, object] = {}
    for name in change.__struct_fields__:
        new = getattr(change, name)
        if new is None:
            parts[name] = getattr(defaults, name)
        elif isinstance(new, Struct):
            stored = getattr(value, name) or AutoCompact()  # the one that may be off
            parts[name] = _overlaid(stored, new)
        elif new is not UNSET:
            parts[name] = new
    return msgspec.structs.replace(value, **parts)


class Project(Struct, rename="camel"):
    """A project."""

    id: Id
    name: ProjectName
    created: Timestamp
    modified: Timestamp
    settings: ProjectSettings


class ProjectInput(Struct, rename="camel"):
    """A project as it is received."""

    name: ProjectName
    settings: SettingsChange | UnsetType | None = UNSET


def looks_like_id(name: str) -> bool:
    """Tell whether a name could be the id of a project, which is as good as its name."""
    return bool(_ULID.fullmatch(name))


_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)


class Usage(Struct, rename="camel"):
    """What a project has used in a calendar month."""

    month: Annotated[str, Meta(examples=["2026-11"])]
    requests: int = 0
    messages: int = 0
    dialogues: int = 0
    stored_bytes: int = 0


class DeletedProject(Struct):
    """What deleting a project took with it."""

    dialogues: int
    messages: int
    memories: int
    summaries: int = 0
