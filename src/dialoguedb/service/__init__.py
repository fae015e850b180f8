"""What DialogueDB decides itself: ids, times, pages, and which act of the engine a request is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from dialoguedb.model.search import SearchMode
from dialoguedb.ports import IdempotencyRecord, Store, WriteOptions
from dialoguedb.ports.search import Embedder, IndexStatus, Weights
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.retrieval.scoring import WEIGHTS
from dialoguedb.service.compacting import Compacting
from dialoguedb.service.context import Contexts, Sources
from dialoguedb.service.dialogues import Dialogues
from dialoguedb.service.keys import Keys
from dialoguedb.service.memories import Memories
from dialoguedb.service.messages import Intake, Messages
from dialoguedb.service.pages import Pages
from dialoguedb.service.projects import Projects
from dialoguedb.service.search import SearchService
from dialoguedb.service.state import State
from dialoguedb.service.summaries import Summaries, Templates, Workshop
from dialoguedb.values.timestamps import Clock


class Services(Struct, frozen=True):
    """Everything that can be done with one store."""

    dialogues: Dialogues
    state: State
    messages: Messages
    memories: Memories
    summaries: Summaries
    templates: Templates
    contexts: Contexts
    projects: Projects
    keys: Keys
    search: SearchService
    index_status: Callable[[], Awaitable[IndexStatus]]
    summaries_waiting: Callable[[], Awaitable[int]]
    """Returns how many summaries are being made or wait to be."""

    clock: Clock
    ready: Callable[[], Awaitable[None]]
    """Returns when a write would be durable now; ServiceUnavailable otherwise."""

    def write_options(
        self, once: IdempotencyRecord | None = None, expected: int | None = None
    ) -> WriteOptions:
        """Return the terms of a write that is asked for now."""
        return WriteOptions(self.clock(), once, expected)


def build_services(  # noqa: PLR0913 - all by name, and in one place
    store: Store,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    token_secret: bytes,
    count_tokens: TokenCounter,
    embedders: Sequence[Embedder] = (),
    weights: Mapping[SearchMode, Weights] = WEIGHTS,
    workshop: Workshop | None = None,
) -> Services:
    """Put the services over a store; the secret seals page tokens and belongs to the data.

    Searches by meaning go on with whichever of the embedders the store's index is made of.
    """
    pages = Pages(token_secret)
    intake = Intake(new_id, count_tokens)
    summaries = Summaries(store.summaries, new_id, pages, workshop or Workshop())
    compacting = Compacting(store.summaries, store.messages, summaries, clock)
    search = SearchService(store.search, embedders, weights, clock)
    sources = Sources(store.context, store.messages, store.memories, store.summaries, search)
    return Services(
        dialogues=Dialogues(store.dialogues, new_id, intake, pages, compacting),
        state=State(store.state),
        messages=Messages(store.messages, intake, pages, compacting),
        memories=Memories(store.memories, new_id, pages),
        summaries=summaries,
        templates=Templates(store.templates, pages),
        contexts=Contexts(sources, count_tokens),
        projects=Projects(store.projects, new_id, pages),
        keys=Keys(store.keys, new_id, pages),
        search=search,
        index_status=store.index.status,
        summaries_waiting=store.jobs.waiting,
        clock=clock,
        ready=store.ready,
    )
