"""What summaries need: summarizers with what they are asked and answer, and what an engine does.

An engine keeps summaries and their templates, and leases the summaries that are to be made. A lease
runs out, and only its holder can complete or fail the summary.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from dialoguedb.formats.search_text import summarized_text
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.rules.auto_compact import Tail
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.summaries import StoredSummary
from dialoguedb.model.summaries import (
    LLMUsage,
    NewSummary,
    Position,
    Summary,
    SummaryFilter,
    SummaryResult,
)
from dialoguedb.model.templates import NewTemplate, Template, TemplateChange
from dialoguedb.model.writes import Versioned, WriteOptions
from dialoguedb.values.lists import Slice, Window


class SummaryTurn(Struct, frozen=True, kw_only=True):
    """One message, as a summarizer reads it."""

    role: str
    name: str | None = None
    """Who speaks, when that is known better than by the role."""

    text: str
    created: str
    tokens: int


Prompt = Callable[[str, str | None], str]
"""What to ask of a model, given a transcript and the summary of what came before, if there is one.

A summarizer may call it several times, with parts of the transcript when it is too long at once.
"""


class SummaryRequest(Struct, frozen=True, kw_only=True):
    """Turns to summarize, oldest first."""

    turns: Sequence[SummaryTurn]
    previous: str | None = None
    """The summary of what came before; the answer takes its place, and so tells of both."""

    prompt: Prompt
    tokens_max: int
    """Of the answer, whatever it is made of."""


class CombineRequest(Struct, frozen=True, kw_only=True):
    """Summaries of what followed one upon the other, to make one of."""

    parts: Sequence[str]
    previous: str | None = None
    """The summary of what came before all of them; the answer takes its place."""

    prompt: Prompt
    tokens_max: int


class SummaryText(Struct, frozen=True, kw_only=True):
    """A summary, and what it took."""

    content: str
    """Empty when there was nothing to say."""

    input_tokens: int = 0
    output_tokens: int = 0
    """As the model's provider counted them."""

    calls: int = 0
    """Requests to the provider, those that failed included."""


class Summarizer(Protocol):
    """Makes summaries."""

    @property
    def name(self) -> str:
        """Which kind it is, such as `extractive` or `openai`."""
        ...

    @property
    def model(self) -> str | None:
        """The model it asks; None when it asks none."""
        ...

    async def summarize(self, request: SummaryRequest) -> SummaryText:
        """Summarize turns, and with them what came before.

        SummarizerUnavailable when it cannot now; SummarizerRefused when it never will.
        """
        ...

    async def combine(self, request: CombineRequest) -> SummaryText:
        """Make one summary of several, in their order; fails as `summarize` does."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class SummaryStore(Protocol):
    """Summaries, each (project, id); a namespace of None stands for whichever it has."""

    async def create(
        self,
        project: Project,
        dialogue: DialogueRef,
        new: NewSummary,
        recipe: Recipe,
        options: WriteOptions,
    ) -> Versioned[Summary]:
        """Have a summary made of a dialogue.

        An equal existing one is answered, and so is, for one without an id, that of the same range
        and recipe (and metadata and tags, if any are given) that is being made or was.
        DialogueNotFound, MessageNotFound, TemplateNotFound, DuplicateId, DialogueImmutable,
        VersionConflict. Version: the dialogue's revision.
        """
        ...

    async def get(self, project: Project, namespace: str | None, summary_id: str) -> Summary:
        """Return one summary; SummaryNotFound."""
        ...

    async def list(
        self,
        project: Project,
        dialogue: DialogueRef,
        filters: SummaryFilter,
        window: Window,
    ) -> Slice[Summary]:
        """Return a window of a dialogue's summaries by `created`; DialogueNotFound."""
        ...

    async def covered(
        self, project: Project, namespace: str | None, summary_id: str, window: Window
    ) -> Slice[Message]:
        """Return a window of the messages that a summary covers; SummaryNotFound."""
        ...

    async def tail(self, project: Project, namespace: str, dialogue_id: str) -> Tail:
        """Return what no summary from the dialogue's beginning covers, made or not."""
        ...

    async def delete(
        self, project: Project, namespace: str | None, summary_id: str, options: WriteOptions
    ) -> None:
        """Delete one summary, being made or not; SummaryNotFound, DialogueImmutable."""
        ...


class TemplateStore(Protocol):
    """Templates, each (project, name)."""

    async def create(self, project: Project, new: NewTemplate, options: WriteOptions) -> Template:
        """Store a template; an equal existing one is answered, another one is a DuplicateId."""
        ...

    async def get(self, project: Project, name: str) -> Template:
        """Return one template; TemplateNotFound."""
        ...

    async def list(self, project: Project, window: Window) -> Slice[Template]:
        """Return a window of templates by `created`, ties ordered by name."""
        ...

    async def update(
        self, project: Project, name: str, change: TemplateChange, options: WriteOptions
    ) -> Template:
        """Change a template; summaries asked for before keep the former prompt."""
        ...

    async def delete(self, project: Project, name: str, options: WriteOptions) -> None:
        """Delete one template; TemplateNotFound."""
        ...


class Job(Struct, frozen=True, kw_only=True):
    """A summary that is to be made, leased to whoever works on it."""

    lease: str
    project_id: str
    id: str
    label: str | None
    """The dialogue's."""

    prompt: str | None
    """The template's; None for the one that is built in."""

    instructions: str | None
    rebuild: bool
    until: Position | None
    """Where its range ends."""

    attempts: int
    """How often it was tried before, and failed or did not come to an end."""

    @classmethod
    def of(cls, leased: StoredSummary, project_id: str, label: str | None) -> "Job":
        """Return the job of a summary that was leased, of a dialogue with a label."""
        return cls(
            lease=leased.lease or "",
            project_id=project_id,
            id=leased.id,
            label=label,
            prompt=leased.prompt,
            instructions=leased.instructions,
            rebuild=bool(leased.rebuild),
            until=leased.end,
            attempts=leased.attempts,
        )


class Former(Struct, frozen=True):
    """A completed summary that a job can build on."""

    id: str
    content: str | None
    until: Position
    summarized: int
    skipped: int

    @classmethod
    def of(cls, stored: StoredSummary) -> "Former":
        """Return a stored summary as one to build on."""
        return cls(
            stored.id, stored.content, stored.end, stored.summarized or 0, stored.skipped or 0
        )


class Reading(Struct, frozen=True):
    """A message of a job's range."""

    turn: SummaryTurn
    position: Position

    @classmethod
    def of(cls, message: StoredMessage) -> "Reading":
        """Return a stored message as a summarizer reads it."""
        turn = SummaryTurn(
            role=message.role,
            name=message.name,
            text=summarized_text(message.role, message.content, message.metadata),
            created=message.created,
            tokens=message.tokens,
        )
        return cls(turn, (message.created, message.seq))


class SummaryJobs(Protocol):
    """Summaries that are to be made; of one dialogue, one after another."""

    async def lease(self, lease: str, now: str, until: str) -> Job | None:
        """Lease one that is due and that nobody holds; None when there is none.

        A lease that ran out counts as an attempt: its holder may have died of it.
        """
        ...

    async def renew(self, job: Job, until: str) -> bool:
        """Hold a lease longer; False when it is lost, or the summary deleted."""
        ...

    async def former(self, job: Job, recipe: Recipe) -> Former | None:
        """Return the longest completed summary by this recipe with the same beginning.

        None when there is none whose messages are still the same.
        """
        ...

    async def read(self, job: Job, after: Position | None, limit: int) -> Slice[Reading]:
        """Return messages of the job's range in order, after a position."""
        ...

    async def complete(self, job: Job, outcome: SummaryResult, spent: LLMUsage, now: str) -> bool:
        """Store what was made; False when the lease is lost, or the summary deleted."""
        ...

    async def fail(self, job: Job, error: str, spent: LLMUsage, now: str) -> bool:
        """Give up; False when the lease is lost, or the summary deleted."""
        ...

    async def postpone(self, job: Job, due: str, spent: LLMUsage, *, failed: bool) -> None:
        """Release a job until it is due; it counts as an attempt when it failed."""
        ...

    async def waiting(self) -> int:
        """Return how many summaries are being made or wait to be."""
        ...
