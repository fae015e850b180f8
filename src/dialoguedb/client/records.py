"""What the API returns; every field as the reference describes it.

Types that `model` has are used from there. Those declared here differ: absent fields are None, JSON
is in Python's own values, and codes are open, for a newer server may have more of them.
"""

from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from dialoguedb.model.context import ContextTokens
from dialoguedb.model.dialogues import DeletedDialogue, Status
from dialoguedb.model.keys import AnyPermission
from dialoguedb.model.projects import ProjectSettings
from dialoguedb.model.summaries import SummaryStatus
from dialoguedb.values.lists import Page

S = TypeVar("S")
T = TypeVar("T")


class AttachmentRecord(Struct, rename="camel", kw_only=True):
    """An attachment that the content of a message refers to."""

    sha256: str
    """Of its base64; the content has `attachment:sha256:` and this in the place of its bytes."""

    kind: str
    """Such as `image`, `document`, `audio`, `video`, `file`."""

    media_type: str | None = None
    bytes: int
    """Its size, decoded."""


class MessageRecord(Struct, rename="camel", kw_only=True):
    """A message as it is stored."""

    id: str
    dialogue_id: str
    namespace: str | None = None
    role: str
    content: Any
    content_length: int
    token_count: int | None = None
    name: str | None = None
    tags: list[str]
    metadata: dict[str, Any]
    created: str
    modified: str
    seq: int
    attachments: list[AttachmentRecord] | None = None
    """Those that the content refers to, where references were asked for."""


class DialogueRecord(Struct, rename="camel", kw_only=True):
    """A dialogue as it is stored, with the messages that were requested or sent."""

    id: str
    project_id: str
    request_id: str
    namespace: str | None = None
    thread_of: str | None = None
    label: str | None = None
    status: Status
    ended_at: str | None = None
    archived_at: str | None = None
    tags: list[str]
    metadata: dict[str, Any]
    metadata_length: int
    metadata_sha256: str = field(name="metadataSHA256")
    state: dict[str, Any]
    total_messages: int
    thread_count: int
    last_seq: int
    last_message_created: str | None = None
    created: str
    modified: str
    messages: list[MessageRecord] | None = None
    messages_next: str | None = None
    """There when fewer messages came than requested: the token that lists those before, newest
    first."""

    version: str | None = None
    """The version that `if_match` takes; lists and searches do not have it."""


class MemorySourceRecord(Struct, rename="camel"):
    """The messages that a memory was made of."""

    dialogue_id: str
    message_ids: list[str] | None = None


class SimilarRecord(Struct, rename="camel"):
    """The memory that one which was sent is like."""

    id: str
    likeness: float
    equal: bool
    action: str
    """`returned`: what was sent is not stored; `superseded`: it is."""


class MemoryRecord(Struct, rename="camel", kw_only=True):
    """A memory as it is stored."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Any
    tags: list[str]
    metadata: dict[str, Any]
    created: str
    modified: str
    source: MemorySourceRecord | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    confidence: float | None = None
    trust: str | None = None
    supersedes: str | None = None
    superseded_by: str | None = None
    superseded_at: str | None = None
    version: int | None = None
    """Of one that was corrected; its history has the versions before."""

    similar: SimilarRecord | None = None
    """Of one that was created with `on_similar`, where there is one like it."""


class MemoryVersionRecord(Struct, rename="camel", kw_only=True):
    """What a memory said before it was corrected."""

    version: int
    label: str | None = None
    description: str | None = None
    value: Any
    metadata: dict[str, Any]
    source: MemorySourceRecord | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    confidence: float | None = None
    trust: str | None = None
    written: str
    written_by: str | None = None
    """The id of the key that wrote it."""

    replaced: str
    replaced_by: str | None = None


class StateRecord(Struct, kw_only=True):
    """The state of a dialogue."""

    value: dict[str, Any]
    version: str | None = None
    """The version that `if_match` takes."""


class DeletionResponse(Struct, Generic[T]):
    """The response to a deletion, with what was deleted along with it."""

    deleted: T | None = None


class DeletionReceipt(Struct):
    """The receipt for a deleted dialogue."""

    id: str
    deleted: DeletedDialogue | None = None
    """None when the response that counted was lost on the way, and a second try found nothing."""


class MessagePage(Page[MessageRecord]):
    """One page of a dialogue's messages."""

    version: str | None = None
    """The version that `if_match` of an append takes."""


# --- Summaries and context ----------------------------------------------------------------------


class SummaryRecord(Struct, rename="camel", kw_only=True):
    """A summary of a part of a dialogue."""

    id: str
    dialogue_id: str
    project_id: str
    namespace: str | None = None
    status: SummaryStatus
    content: str | None = None
    error: str | None = None
    provider: str | None = None
    model: str | None = None
    template: str | None = None
    instructions: str | None = None
    content_token_count: int | None = None
    from_created: str | None = None
    from_id: str | None = None
    to_created: str | None = None
    to_id: str | None = None
    message_count: int | None = None
    summarized_count: int | None = None
    skipped_count: int | None = None
    total_tokens: int | None = None
    previous_id: str | None = None
    chunks: int | None = None
    llm_input_tokens: int | None = None
    llm_output_tokens: int | None = None
    llm_total_tokens: int | None = None
    llm_call_count: int | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    created: str
    modified: str
    messages: Page[MessageRecord] | None = None
    """The messages it covers, when they were asked for."""


class IssueRecord(Struct, rename="camel"):
    """Something in a history that a model's provider would refuse."""

    code: str
    message: str
    message_id: str | None = None
    rule: str | None = None
    source: str | None = None
    """The rule of a provider that is broken, and where the provider says so."""


class HistoryCheck(Struct):
    """Whether providers would accept a dialogue as it is, and what they would refuse."""

    ok: bool
    issues: list[IssueRecord]
    omitted: int | None = None
    """Messages too old to be checked, when it was checked for a provider."""


class RepairedPartRecord(Struct, rename="camel"):
    """Something that was changed so that a provider takes the messages."""

    message: str
    message_id: str | None = None


class HistoryRepair(Struct):
    """Messages as a provider takes them, and what was changed for it; nothing is stored."""

    ok: bool
    issues: list[IssueRecord]
    repaired: list[RepairedPartRecord]
    messages: list[dict[str, Any]]
    omitted: int
    system: str | None = None
    """The system prompt, where the provider takes it apart from the messages."""


class IncludedRecord(Struct, rename="camel"):
    """What a context window is made of."""

    message_ids: list[str]
    summary_id: str | None = None
    memory_ids: list[str] = []


class ContextRecord(Struct, rename="camel"):
    """A context window on a dialogue, ready to be sent to a model."""

    messages: list[dict[str, Any]]
    tokens: ContextTokens
    included: IncludedRecord
    omitted: int
    issues: list[IssueRecord]
    system: str | None = None
    """The system prompt, where the dialect keeps it apart from the messages."""

    stable_prefix_tokens: int | None = None
    """Of a stable window: what the next one will begin with."""

    id: str | None = None
    """Of a recorded window: what it can be read by again."""


class DeletedPartsRecord(Struct, rename="camel"):
    """What a recorded window was made of and is deleted by now."""

    message_ids: list[str]
    summary_id: str | None = None
    memory_ids: list[str] = []


class WindowSettingsRecord(Struct, rename="camel", kw_only=True):
    """How a recorded window was asked for."""

    max_tokens: int
    query_sha256: str | None = field(name="querySHA256", default=None)
    format: str
    target: str
    recent: int
    summary: bool
    memories: int
    stable: bool
    unanswered: str
    as_of: str | None = None
    include: str | None = None


class ContextReceiptRecord(ContextRecord, rename="camel", kw_only=True):
    """A recorded window as the model saw it, and whether it is the same, byte for byte."""

    dialogue_id: str
    created: str
    settings: WindowSettingsRecord
    sha256: str
    verified: bool
    deleted: DeletedPartsRecord
    namespace: str | None = None
    differs: str | None = None
    """Why it is not the same."""


class TemplateRecord(Struct, rename="camel", kw_only=True):
    """The prompt that a model summarizes with."""

    name: str
    description: str | None = None
    prompt: str
    created: str
    modified: str


# --- Administration -----------------------------------------------------------------------------


class KeyRecord(Struct, rename="camel", kw_only=True):
    """A key; the secret is shown once, when it is created."""

    id: str
    prefix: str
    scope: AnyPermission
    created: str
    project_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    expires: str | None = None
    last_used: str | None = None
    revoked: str | None = None
    key: str | None = None


class ProjectRecord(Struct, rename="camel", kw_only=True):
    """A project; the secret of its first key is shown once, when it is created."""

    id: str
    name: str
    created: str
    modified: str
    settings: ProjectSettings
    key: str | None = None
