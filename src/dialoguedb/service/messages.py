"""Messages: ids for new ones, pages of lists."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from dialoguedb.model.lists import Page
from dialoguedb.model.messages import Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.ports import MessageStore, Tags, Terms, Versioned
from dialoguedb.service.pages import PageRequest, Pages


class MessagesOf(Struct, frozen=True):
    """Which messages of which dialogue a list shows."""

    namespace: str
    dialogue_id: str
    wanted: MessageFilter = MessageFilter()


class Messages:
    """What can be done with messages."""

    def __init__(self, store: MessageStore, new_id: Callable[[], str], pages: Pages) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        terms: Terms,
    ) -> Versioned[Sequence[Message]]:
        """Append messages, all or none."""
        name_messages(new, self._new_id)
        return await self._store.create(project, namespace, dialogue_id, new, terms)

    async def list(
        self, project: Project, request: PageRequest[MessagesOf]
    ) -> Versioned[Page[Message]]:
        """Return a page of a dialogue's messages."""
        scope = f"messages {project.id} {request.listing.filter.dialogue_id}"
        listing = self._pages.resume(scope, request)
        of = listing.filter
        found = await self._store.list(
            project, of.namespace, of.dialogue_id, of.wanted, listing.window
        )
        return Versioned(self._pages.page(scope, listing, found.value), found.version)

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, message_id: str
    ) -> Message:
        """Return one message."""
        return await self._store.get(project, namespace, dialogue_id, message_id)

    async def update(
        self, project: Project, namespace: str, place: tuple[str, str], tags: Tags, terms: Terms
    ) -> Message:
        """Replace the tags of the message at `(dialogue id, message id)`."""
        return await self._store.update(project, namespace, place, tags, terms)

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, message_id: str, terms: Terms
    ) -> None:
        """Delete one message."""
        await self._store.delete(project, namespace, dialogue_id, message_id, terms)


def name_messages(new: Iterable[NewMessage], new_id: Callable[[], str]) -> None:
    """Give an id to each message whose sender chose none."""
    for message in new:
        if not message.named:
            message.id = new_id()
