"""Summaries as they are stored, and what having one made comes to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import (
    DuplicateId,
    ErrorDetail,
    MessageNotFound,
    SummaryNotFound,
    TemplateNotFound,
    VersionConflict,
)
from dialoguedb.model.dialogues import Status
from dialoguedb.model.projects import Project
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.rules.auto_compact import Tail
from dialoguedb.model.rules.dialogues import StoredDialogue
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.model.rules.status import check_changeable, check_version
from dialoguedb.model.rules.tags import encode_tags
from dialoguedb.model.summaries import NewSummary, Position, Summary, SummaryStatus
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values.validation_errors import invalid_request

T = TypeVar("T")


class StoredSummary(Struct, gc=False):
    """A summary as an engine keeps it, which is the job of making it as well."""

    created: str
    id: str
    dialogue_id: str
    namespace: str
    dialogue_status: Status
    dialogue_last_seq: int
    """The dialogue's, as they are now."""

    status: SummaryStatus
    start_id: str | None
    end_id: str | None
    rebuild: bool
    template: str | None
    prompt: str | None
    """The template's, as it was when the summary was asked for."""

    instructions: str | None
    provider: str
    model: str | None
    tags: bytes
    metadata: bytes
    from_created: str | None
    from_seq: int | None
    from_id: str | None
    to_created: str | None
    to_seq: int | None
    to_id: str | None
    """The ends of its range; None when it covers no message."""

    last_seq: int
    """Messages of the range with a higher `seq` came later, and are not covered."""

    messages: int
    seq_sum: int
    """The number of messages and the sum of their seqs: whether they are still the same."""

    tokens: int
    content: str | None
    content_tokens: int | None
    summarized: int | None
    skipped: int | None
    chunks: int | None
    previous: str | None
    error: str | None
    input_tokens: int
    output_tokens: int
    calls: int
    modified: str
    due: str
    """When it is to be made, or tried again."""

    completed_seq: int | None
    """The last seq of its dialogue when it was completed."""

    attempts: int
    lease: str | None
    leased_until: str

    def to_summary(self, project: Project) -> Summary:
        """Return the summary for a response."""
        is_done = self.status != "processing"
        return Summary(
            id=self.id,
            dialogue_id=self.dialogue_id,
            project_id=project.id,
            namespace=self.namespace or UNSET,
            status=self.status,
            content=self.content,
            error=_set(self.error),
            provider=self.provider,
            model=_set(self.model),
            template=_set(self.template),
            instructions=_set(self.instructions),
            content_token_count=_set(self.content_tokens),
            from_created=_set(self.from_created),
            from_id=_set(self.from_id),
            to_created=_set(self.to_created),
            to_id=_set(self.to_id),
            message_count=self.messages,
            summarized_count=_set(self.summarized),
            skipped_count=_set(self.skipped),
            total_tokens=self.tokens,
            previous_id=_set(self.previous),
            chunks=_set(self.chunks),
            llm_input_tokens=self.input_tokens if is_done else UNSET,
            llm_output_tokens=self.output_tokens if is_done else UNSET,
            llm_total_tokens=self.input_tokens + self.output_tokens if is_done else UNSET,
            llm_call_count=self.calls if is_done else UNSET,
            metadata=Raw(self.metadata),
            tags=Raw(self.tags),
            created=self.created,
            modified=self.modified,
        )

    @property
    def end(self) -> Position:
        """Where its range ends."""
        return (self.to_created or "", self.to_seq or 0)


def _set(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def summary_bytes(summary: StoredSummary) -> int:
    """Return what a summary adds to a page, beside its names."""
    texts = (summary.content, summary.instructions, summary.error)
    chars = sum(len(text or "") for text in texts)
    return len(summary.metadata) + len(summary.tags) + chars * ESCAPED_BYTES


class MessageEnd(NamedTuple):
    """A message at an end of a range."""

    created: str
    seq: int
    id: str


class Range(Struct, frozen=True):
    """The messages that a summary covers."""

    ends: tuple[MessageEnd, MessageEnd] | None
    """The first and the last of them; None when there are none."""

    last_seq: int
    messages: int = 0
    seq_sum: int = 0
    tokens: int = 0


def range_ends(
    new: NewSummary, start: MessageEnd | None, end: MessageEnd | None
) -> tuple[MessageEnd, MessageEnd] | None:
    """Return the ends of the range asked for; None when the dialogue is empty.

    `start` and `end` are the messages named, or the dialogue's first and last when none is.
    MessageNotFound, InvalidRequest.
    """
    for field, named, found in (("startId", new.start_id, start), ("endId", new.end_id, end)):
        if named is not None and found is None:
            message = f"Message '{named}' not found in this dialogue"
            raise MessageNotFound(message, [ErrorDetail(field, "NOT_FOUND", message)])
    if start is None or end is None:
        return None
    if start[:2] > end[:2]:
        raise invalid_request(
            "startId", "startId names a message that comes after the one of endId"
        )
    return start, end


def prompt_of(new: NewSummary, prompt: str | None) -> str | None:
    """Return the prompt of the template that is named, None for none; TemplateNotFound."""
    if new.template is not None and prompt is None:
        message = f"Template '{new.template}' not found"
        raise TemplateNotFound(message, [ErrorDetail("template", "NOT_FOUND", message)])
    return prompt


class SummariesStored(Struct, frozen=True):
    """What a new summary is compared with."""

    same_id: StoredSummary | None
    """The project's summary of its id."""

    of_dialogue: Iterable[StoredSummary]
    """Those of the dialogue, the newest first; an engine may leave out those of other ranges."""

    newest: str | None
    """The id of the dialogue's newest."""


def plan_creation(
    dialogue: StoredDialogue,
    new: NewSummary,
    made: tuple[Range, Recipe],
    stored: SummariesStored,
    options: WriteOptions,
) -> StoredSummary:
    """Return the summary to store, or the stored one that answers the request.

    DialogueImmutable and DuplicateId; VersionConflict, also when `new.newest` is another.
    """
    covered, recipe = made
    known = _same_id(dialogue, new, stored.same_id) if new.named else None
    if known is None:
        check_changeable(dialogue.id, dialogue.status)
        check_version(options.expected, dialogue.revision)
        if not (new.named or new.rebuild):
            known = _alike(new, made, stored.of_dialogue)
    if known:
        return known
    if new.newest is not UNSET and new.newest != stored.newest:
        raise VersionConflict(f"Dialogue '{dialogue.id}' is being summarized already")
    return _create(dialogue, new, covered, recipe, options.now)


def _same_id(
    dialogue: StoredDialogue, new: NewSummary, stored: StoredSummary | None
) -> StoredSummary | None:
    """Return the summary that has the id and is the same; DuplicateId when it is another."""
    if stored is None or _is_same(stored, dialogue, new):
        return stored
    check_changeable(dialogue.id, dialogue.status)
    message = f"Summary '{new.id}' already exists with different content"
    raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])


def _is_same(stored: StoredSummary, dialogue: StoredDialogue, new: NewSummary) -> bool:
    return (
        (stored.namespace, stored.dialogue_id) == (dialogue.namespace, dialogue.id)
        and (stored.start_id, stored.end_id) == (new.start_id, new.end_id)
        and (stored.template, stored.instructions) == (new.template, new.instructions)
        and bool(stored.rebuild) == new.rebuild
        and stored.metadata == new.metadata
    )


def _alike(
    new: NewSummary, made: tuple[Range, Recipe], of_dialogue: Iterable[StoredSummary]
) -> StoredSummary | None:
    """Return the newest of the same messages and recipe, with the metadata and tags asked for.

    One that has failed is like none.
    """
    covered, recipe = made
    metadata = new.metadata if new.metadata != b"{}" else None
    tags = encode_tags(new.tags) if new.tags else None
    for one in of_dialogue:
        is_alike = (
            _is_of_range(one, covered)
            and one.status != "failed"
            and recipe_of(one) == recipe
            and metadata in {None, one.metadata}
            and tags in {None, one.tags}
        )
        if is_alike:
            return one
    return None


def _is_of_range(summary: StoredSummary, covered: Range) -> bool:
    if covered.ends is None:
        return False
    start, end = (one[:2] for one in covered.ends)
    return (
        (summary.from_created, summary.from_seq) == start
        and (summary.to_created, summary.to_seq) == end
        and (summary.messages, summary.seq_sum) == (covered.messages, covered.seq_sum)
    )


def recipe_of(summary: StoredSummary) -> Recipe:
    """Return how a summary was made, or is to be."""
    return Recipe(summary.provider, summary.model, summary.instructions, summary.prompt)


NOT_MADE: Mapping[str, Any] = {
    "content": None,
    "content_tokens": None,
    "previous": None,
    "error": None,
    "input_tokens": 0,
    "output_tokens": 0,
    "calls": 0,
    "attempts": 0,
    "lease": None,
    "leased_until": "",
}


def _create(
    dialogue: StoredDialogue, new: NewSummary, covered: Range, recipe: Recipe, now: str
) -> StoredSummary:
    """Return a summary that is to be made, or is completed, when there is nothing to summarize."""
    start, end = covered.ends or (None, None)
    nothing = None if covered.messages else 0
    return StoredSummary(
        created=now,
        id=new.id,
        dialogue_id=dialogue.id,
        namespace=dialogue.namespace,
        dialogue_status=dialogue.status,
        dialogue_last_seq=dialogue.last_seq,
        status="processing" if covered.messages else "completed",
        completed_seq=None if covered.messages else dialogue.last_seq,
        start_id=new.start_id,
        end_id=new.end_id,
        rebuild=new.rebuild,
        template=new.template,
        prompt=recipe.prompt,
        instructions=recipe.instructions,
        provider=recipe.provider,
        model=recipe.model,
        tags=encode_tags(new.tags),
        metadata=new.metadata,
        from_created=start and start.created,
        from_seq=start and start.seq,
        from_id=start and start.id,
        to_created=end and end.created,
        to_seq=end and end.seq,
        to_id=end and end.id,
        last_seq=covered.last_seq,
        messages=covered.messages,
        seq_sum=covered.seq_sum,
        tokens=covered.tokens,
        summarized=nothing,
        skipped=nothing,
        chunks=nothing,
        modified=now,
        due=now,
        **NOT_MADE,
    )


def covers(summary: StoredSummary, message: StoredMessage) -> bool:
    """Tell whether a message is of a summary's range."""
    start = (summary.from_created or "", summary.from_seq or 0)
    within = start <= (message.created, message.seq) <= summary.end
    return within and message.seq <= summary.last_seq


def tail_of(newest_first: Sequence[StoredSummary], messages: Iterable[StoredMessage]) -> Tail:
    """Return what the newest summary from the beginning of a dialogue leaves out.

    One with instructions tells what somebody wanted to know once, not how the conversation went.
    An engine may find the same with queries.
    """
    whole = [
        one
        for one in newest_first
        if one.start_id is None and one.messages and one.instructions is None
    ]
    covering = next((one for one in whole if one.status != "failed"), None)
    failed = whole[: whole.index(covering)] if covering else whole
    return Tail(
        tokens=sum(one.tokens for one in messages if not (covering and covers(covering, one))),
        newest=newest_first[0].id if newest_first else None,
        failures=len(failed),
        failed=max((one.modified for one in failed), default=""),
    )


def check_deletable(summary: StoredSummary) -> None:
    """Refuse to delete a summary of an archived dialogue."""
    check_changeable(summary.dialogue_id, summary.dialogue_status)


def check_found(summary: StoredSummary, namespace: str | None) -> None:
    """Refuse to show a summary of another namespace; None means any. SummaryNotFound."""
    if namespace not in {None, summary.namespace}:
        raise summary_not_found(summary.id)


def summary_not_found(summary_id: str) -> SummaryNotFound:
    """Return the error for a summary that does not exist."""
    return SummaryNotFound(f"Summary '{summary_id}' not found")
