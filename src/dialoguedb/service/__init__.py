"""The services: ids, times and pages, and the operation of the engine that a request needs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from dialoguedb.model.search import SearchMode
from dialoguedb.ports import IdempotencyRecord, Store, WriteOptions
from dialoguedb.ports.search import Embedder, IndexStatus, Weights
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.retrieval.weights import WEIGHTS
from dialoguedb.service.auto_compact import AutoCompaction
from dialoguedb.service.checks import CheckService
from dialoguedb.service.context import ContextService, ContextSources
from dialoguedb.service.dialogues import DialogueService
from dialoguedb.service.erasures import ErasureService
from dialoguedb.service.keys import KeyService
from dialoguedb.service.memories import MemoryService
from dialoguedb.service.message_preparation import MessagePreparation
from dialoguedb.service.messages import MessageService
from dialoguedb.service.pages import PageTokens
from dialoguedb.service.projects import ProjectService
from dialoguedb.service.receipts import ReceiptService
from dialoguedb.service.search import SearchService
from dialoguedb.service.similar import SimilarMemories
from dialoguedb.service.state import StateService
from dialoguedb.service.summaries import SummaryService, TemplateService
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from dialoguedb.values.timestamps import Clock


class Services(Struct, frozen=True):
    """Everything that can be done with one store."""

    dialogues: DialogueService
    state: StateService
    messages: MessageService
    memories: MemoryService
    summaries: SummaryService
    templates: TemplateService
    contexts: ContextService
    checks: CheckService
    receipts: ReceiptService
    projects: ProjectService
    keys: KeyService
    search: SearchService
    erasures: ErasureService
    index_status: Callable[[], Awaitable[IndexStatus]]
    summaries_waiting: Callable[[], Awaitable[int]]
    """Returns how many summaries are being made or wait to be."""

    clock: Clock
    ready: Callable[[], Awaitable[None]]
    """Returns when a write would be durable now; ServiceUnavailable otherwise."""

    def write_options(
        self, idempotency: IdempotencyRecord | None = None, expected: int | None = None
    ) -> WriteOptions:
        """Return the options of a write that happens now."""
        return WriteOptions(self.clock(), idempotency, expected)


def build_services(  # noqa: PLR0913 - all by name, and in one place
    store: Store,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    token_secret: bytes,
    count_tokens: TokenCounter,
    embedders: Sequence[Embedder] = (),
    weights: Mapping[SearchMode, Weights] = WEIGHTS,
    workshop: SummaryWorkerHandle | None = None,
) -> Services:
    """Put the services over a store; the secret seals page tokens and belongs to the data.

    Searches by meaning go on with whichever of the embedders the store's index is made of.
    """
    pages = PageTokens(token_secret)
    preparation = MessagePreparation(new_id, count_tokens)
    workshop = workshop or SummaryWorkerHandle()
    summaries = SummaryService(store.summaries, new_id, pages, workshop)
    compaction = AutoCompaction(new_id, workshop)
    search = SearchService(store.search, embedders, weights, clock)
    sources = ContextSources(
        store.context, store.messages, store.memories, store.summaries, search, clock
    )
    contexts = ContextService(sources, count_tokens)
    return Services(
        dialogues=DialogueService(store.dialogues, new_id, preparation, pages, compaction),
        state=StateService(store.state),
        messages=MessageService(store.messages, preparation, pages, compaction),
        memories=MemoryService(store.memories, new_id, pages, SimilarMemories(search)),
        summaries=summaries,
        templates=TemplateService(store.templates, pages),
        contexts=contexts,
        checks=CheckService(store.context, store.messages),
        receipts=ReceiptService(store.receipts, contexts, new_id),
        projects=ProjectService(store.projects, new_id, pages),
        keys=KeyService(store.keys, new_id, pages),
        search=search,
        erasures=ErasureService(store.erasures, store.index, token_secret, new_id, clock),
        index_status=store.index.status,
        summaries_waiting=store.jobs.waiting,
        clock=clock,
        ready=store.ready,
    )
