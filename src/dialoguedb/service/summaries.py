"""Summaries and their templates: ids for new ones, pages of lists, and a word to who makes them."""

from collections.abc import Callable

from msgspec import Struct, field

from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import NewSummary, Summary, SummaryFilter
from dialoguedb.model.templates import NewTemplate, Template, TemplateChange
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.ports.summaries import SummaryStore, TemplateStore
from dialoguedb.service.pages import NoFilter, PageRequest, PageTokens
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from dialoguedb.values.lists import Page


class SummaryListFilter(Struct, frozen=True):
    """Which summaries of which dialogue a list shows."""

    namespace: str
    dialogue_id: str
    filters: SummaryFilter = field(default=SummaryFilter(), name="wanted")
    """Its name in page tokens stays, or those that were handed out would end."""


class CoveredMessagesFilter(Struct, frozen=True):
    """The messages that a summary covers; without a namespace, of whichever it has."""

    namespace: str | None
    summary_id: str


class SummaryService:
    """What can be done with summaries."""

    def __init__(
        self,
        store: SummaryStore,
        new_id: Callable[[], str],
        pages: PageTokens,
        workshop: SummaryWorkerHandle,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages
        self._workshop = workshop

    async def create(
        self, project: Project, dialogue: DialogueRef, new: NewSummary, options: WriteOptions
    ) -> Versioned[Summary]:
        """Have a summary made of a dialogue."""
        if not new.named:
            new.id = self._new_id()
        recipe = Recipe(self._workshop.provider, self._workshop.model, new.instructions)
        made = await self._store.create(project, dialogue, new, recipe, options)
        if made.value.status == "processing":
            self._workshop.wake()
        return made

    async def get(self, project: Project, namespace: str | None, summary_id: str) -> Summary:
        """Return one summary."""
        return await self._store.get(project, namespace, summary_id)

    async def covered(
        self, project: Project, request: PageRequest[CoveredMessagesFilter]
    ) -> Page[Message]:
        """Return a page of the messages that a summary covers."""
        scope = f"summary {project.id} {request.list_request.filter.summary_id}"
        listing = self._pages.resume(scope, request)
        of = listing.filter
        found = await self._store.covered(project, of.namespace, of.summary_id, listing.window)
        return self._pages.page(scope, listing, found)

    async def list(
        self, project: Project, request: PageRequest[SummaryListFilter]
    ) -> Page[Summary]:
        """Return a page of a dialogue's summaries."""
        scope = f"summaries {project.id} {request.list_request.filter.dialogue_id}"
        listing = self._pages.resume(scope, request)
        of = listing.filter
        dialogue = DialogueRef(of.namespace, of.dialogue_id)
        found = await self._store.list(project, dialogue, of.filters, listing.window)
        return self._pages.page(scope, listing, found)

    async def delete(
        self, project: Project, namespace: str | None, summary_id: str, options: WriteOptions
    ) -> None:
        """Delete one summary; one that is being made is made no further."""
        await self._store.delete(project, namespace, summary_id, options)
        self._workshop.drop(project.id, summary_id)


class TemplateService:
    """What can be done with templates."""

    def __init__(self, store: TemplateStore, pages: PageTokens) -> None:
        self._store = store
        self._pages = pages

    async def create(self, project: Project, new: NewTemplate, options: WriteOptions) -> Template:
        """Create a template."""
        return await self._store.create(project, new, options)

    async def get(self, project: Project, name: str) -> Template:
        """Return one template."""
        return await self._store.get(project, name)

    async def list(self, project: Project, request: PageRequest[NoFilter]) -> Page[Template]:
        """Return a page of templates."""
        scope = f"templates {project.id}"
        listing = self._pages.resume(scope, request)
        found = await self._store.list(project, listing.window)
        return self._pages.page(scope, listing, found)

    async def update(
        self, project: Project, name: str, change: TemplateChange, options: WriteOptions
    ) -> Template:
        """Change a template."""
        return await self._store.update(project, name, change, options)

    async def delete(self, project: Project, name: str, options: WriteOptions) -> None:
        """Delete one template."""
        await self._store.delete(project, name, options)
