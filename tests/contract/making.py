"""Short ways to use a store for one project, at times that the test sets."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.model.dialogues import DialogueFilter, DialogueUpdate, NewDialogue, StateUpdate
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.memories import MemoryFilter, MemoryUpdate, NewMemory
from dialoguedb.model.memory_details import Details
from dialoguedb.model.messages import MessageFilter, NewMessage
from dialoguedb.model.projects import Project, ProjectInput, SettingsChange
from dialoguedb.model.refs import DialogueRef, MessageRef
from dialoguedb.model.summaries import NewSummary, SummaryFilter
from dialoguedb.model.templates import NewTemplate
from dialoguedb.ports import IdempotencyRecord, Store, WriteOptions
from dialoguedb.ports.search import Embedder
from dialoguedb.service import Services, build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.service.pages import ListRequest, PagePiece, PageRequest
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from dialoguedb.values.lists import Window
from dialoguedb.values.rawjson import length
from dialoguedb.values.timestamps import month_of, render

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOWS_MAX = 10_000


def at(seconds: float) -> str:
    """Return the time that many seconds after the test's beginning."""
    return render(START + timedelta(seconds=seconds))


async def whole(piece: PagePiece[Any]) -> PagePiece[Any]:
    """Return a page that is too large to be read at once in one."""
    items = [*piece.items]
    while piece.rest is not None:
        piece = await piece.rest()
        items += piece.items
    return PagePiece(items, piece.next)


class TestClock:
    """Goes on by a millisecond each time it is read; can be set, also backwards."""

    __test__ = False

    def __init__(self) -> None:
        self._time = START

    def set(self, seconds: float) -> None:
        self._time = START + timedelta(seconds=seconds)

    def __call__(self) -> str:
        self._time += timedelta(milliseconds=1)
        return render(self._time)


def over(
    store: Store, embedders: Sequence[Embedder] = (), workshop: SummaryWorkerHandle | None = None
) -> tuple[Services, TestClock]:
    """Put the services over a store."""
    clock = TestClock()
    services = build_services(
        store,
        clock=clock,
        new_id=IdGenerator(time.time_ns),
        token_secret=b"secret",
        count_tokens=count_tokens,
        embedders=embedders,
        workshop=workshop,
    )
    return services, clock


def compact(value: Any) -> bytes:
    """Return the JSON of a value as it is stored; bytes are JSON already."""
    return value if isinstance(value, bytes) else msgspec.json.encode(value)


def message(content: Any = "hello", **fields: Any) -> NewMessage:
    """Make a message, by default a user's hello without an id."""
    stored = compact(content)
    known = {
        "id": "",
        "role": "user",
        "content": stored,
        "content_length": length(stored),
        "name": None,
        "tags": (),
        "metadata": b"{}",
        "created": None,
        "named": "id" in fields,
    }
    return NewMessage(**{**known, **fields})


def memory(value: Any = "v", **fields: Any) -> NewMemory:
    """Make a memory, by default without an id."""
    known = {
        "id": "",
        "value": compact(value),
        "label": None,
        "description": None,
        "tags": (),
        "metadata": b"{}",
        "created": None,
        "named": "id" in fields,
    }
    return NewMemory(**{**known, **fields})


def dialogue(dialogue_id: str = "d", **fields: Any) -> NewDialogue:
    """Make an empty dialogue."""
    known = {
        "id": dialogue_id,
        "request_id": "request",
        "thread_of": None,
        "label": None,
        "state": b"{}",
        "metadata": b"{}",
        "tags": (),
        "created": None,
        "messages": None,
    }
    return NewDialogue(**{**known, **fields})


def summary(**fields: Any) -> NewSummary:
    """Ask for a summary, by default of the whole dialogue and without an id."""
    known = {
        "id": "",
        "template": None,
        "start_id": None,
        "end_id": None,
        "instructions": None,
        "metadata": b"{}",
        "tags": (),
        "named": "id" in fields,
    }
    return NewSummary(**{**known, **fields})


def change(**fields: Any) -> DialogueUpdate:
    """Make a change of a dialogue that leaves alone what is not named."""
    known = {"label": UNSET, "state": UNSET, "tags": UNSET, "messages": None}
    return DialogueUpdate(**{**known, **fields})


def idempotent(key: str = "key", request: str = "request") -> IdempotencyRecord:
    """Make an idempotency key whose recorded response is the operation's result as text."""
    return IdempotencyRecord(key.encode(), request.encode(), lambda result: str(result).encode())


class Tenant:
    """A project, and everything that can be done in it."""

    def __init__(
        self, services: Services, clock: TestClock, project: Project, store: Store
    ) -> None:
        self.store = store
        self.services = services
        self.clock = clock
        self.project = project

    def write_options(
        self, idempotency: IdempotencyRecord | None = None, expected: int | None = None
    ) -> WriteOptions:
        return self.services.write_options(idempotency, expected)

    # --- Dialogues ----------------------------------------------------------------------------

    async def new(self, dialogue_id="d", namespace="", options=None, **fields):
        made = dialogue(dialogue_id, **fields)
        options = options or self.write_options()
        return await self.services.dialogues.create(self.project, namespace, made, options)

    async def get(self, dialogue_id="d", namespace="", last_messages=0, attachments="inline"):
        found = await self.store.dialogues.get(
            self.project, namespace, dialogue_id, last_messages, attachments
        )
        return found.value

    async def revision(self, dialogue_id="d", namespace=""):
        found = await self.store.dialogues.get(self.project, namespace, dialogue_id, 0)
        return found.version

    async def change(self, dialogue_id="d", namespace="", options=None, **fields):
        changed = change(**fields)
        options = options or self.write_options()
        through = self.store if changed.messages is None else self.services
        return await through.dialogues.update(
            self.project, namespace, dialogue_id, changed, options
        )

    async def change_status(self, action, dialogue_id="d", namespace="", options=None):
        options = options or self.write_options()
        return await self.store.dialogues.change_status(
            self.project, namespace, dialogue_id, action, options
        )

    async def delete(self, dialogue_id="d", namespace=""):
        return await self.store.dialogues.delete(
            self.project, namespace, dialogue_id, self.write_options()
        )

    async def page(self, filters=None, order="desc", limit=1_000, token=None):
        listing = ListRequest(filters or DialogueFilter(), order, limit)
        return await self.services.dialogues.list(self.project, PageRequest(listing, next=token))

    async def dialogues(self, order="desc", limit=1_000, **fields):
        """Read a list of dialogues to its end, window by window."""
        filters, listed = DialogueFilter(**fields), self.store.dialogues.list
        return await read_to_end(partial(listed, self.project, filters), order, limit)

    # --- State --------------------------------------------------------------------------------

    async def state(self, dialogue_id="d", namespace=""):
        found = await self.store.state.get(self.project, namespace, dialogue_id)
        return bytes(found.value)

    async def put_state(self, mode, value, dialogue_id="d", namespace="", options=None):
        update = StateUpdate(mode, value)
        options = options or self.write_options()
        return await self.store.state.update(self.project, namespace, dialogue_id, update, options)

    # --- Messages -----------------------------------------------------------------------------

    async def append(self, *messages, to="d", namespace="", options=None):
        stored = await self.services.messages.create(
            self.project, namespace, to, messages, options or self.write_options()
        )
        return stored.value

    async def message(self, message_id, of="d", namespace="", attachments="inline"):
        return await self.store.messages.get(
            self.project, namespace, MessageRef(of, message_id), attachments
        )

    async def tag(self, message_id, tags, of="d", namespace="", options=None):
        ref, options = MessageRef(of, message_id), options or self.write_options()
        return await self.store.messages.update(self.project, namespace, ref, tags, options)

    async def delete_message(self, message_id, of="d", namespace=""):
        await self.store.messages.delete(
            self.project, namespace, of, message_id, self.write_options()
        )

    async def messages_page(self, of=None, order="asc", limit=1_000, token=None):
        listing = ListRequest(of or MessageListFilter("", "d"), order, limit)
        request = PageRequest(listing, next=token)
        found = await self.services.messages.list(self.project, request)
        return msgspec.structs.replace(found, value=await whole(found.value))

    async def messages(self, of="d", namespace="", order="asc", limit=1_000, **fields):
        """Read a list of messages to its end, window by window."""
        filters = MessageFilter(**fields)

        async def read(window):
            found = await self.store.messages.list(self.project, namespace, of, filters, window)
            return found.value

        return await read_to_end(read, order, limit)

    async def contents(self, of="d", namespace="", **fields):
        listed = await self.messages(of, namespace, **fields)
        return [msgspec.json.decode(one.content) for one in listed]

    # --- Memories -----------------------------------------------------------------------------

    async def remember(self, value="v", namespace="", options=None, **fields):
        options = options or self.write_options()
        new = memory(value, **fields)
        return await self.services.memories.create(self.project, namespace, new, options)

    async def memory(self, memory_id, namespace=""):
        return await self.store.memories.get(self.project, namespace, memory_id)

    async def tag_memory(self, memory_id, tags, namespace="", options=None):
        return await self.correct(memory_id, namespace, options, tags=tags)

    async def correct(self, memory_id, namespace="", options=None, **fields):
        """Change a memory; a value is given as such, details by the names of their fields."""
        details = {
            name: fields.pop(name) for name in set(Details.__struct_fields__) & fields.keys()
        }
        for name in {"value", "metadata"} & fields.keys():
            fields[name] = compact(fields[name])
        update = MemoryUpdate(**fields, details=details)
        options = options or self.write_options()
        return await self.store.memories.update(self.project, namespace, memory_id, update, options)

    async def history(self, memory_id, namespace="", order="desc", limit=1_000):
        """Read the history of a memory to its end, window by window."""
        found, after = [], None
        while True:
            window = Window(limit, order, after)
            page = await self.store.memories.versions(self.project, namespace, memory_id, window)
            found += page.items
            after = page.more_after
            if after is None:
                return found

    async def forget(self, memory_id, namespace=""):
        await self.store.memories.delete(self.project, namespace, memory_id, self.write_options())

    async def memories(self, order="desc", limit=1_000, **fields):
        """Read a list of memories to its end, window by window."""
        filters, listed = MemoryFilter(**fields), self.store.memories.list
        return await read_to_end(partial(listed, self.project, filters), order, limit)

    # --- Summaries ----------------------------------------------------------------------------

    async def summarize(self, of="d", namespace="", options=None, **fields):
        ref, options = DialogueRef(namespace, of), options or self.write_options()
        made = await self.services.summaries.create(self.project, ref, summary(**fields), options)
        return made.value

    async def summary(self, summary_id, namespace=None):
        return await self.store.summaries.get(self.project, namespace, summary_id)

    async def delete_summary(self, summary_id, namespace=None):
        await self.store.summaries.delete(self.project, namespace, summary_id, self.write_options())

    async def summaries(self, of="d", namespace="", order="desc", limit=1_000, **fields):
        """Read a list of summaries to its end, window by window."""
        ref, filters = DialogueRef(namespace, of), SummaryFilter(**fields)
        listed = self.store.summaries.list
        return await read_to_end(partial(listed, self.project, ref, filters), order, limit)

    async def covered(self, summary_id, order="asc", limit=1_000):
        """Read the messages that a summary covers, window by window."""
        listed = self.store.summaries.covered
        return await read_to_end(partial(listed, self.project, None, summary_id), order, limit)

    async def new_template(self, name="t", prompt="{messages}", description=None, options=None):
        new = NewTemplate(name, prompt, description)
        return await self.store.templates.create(self.project, new, options or self.write_options())

    async def templates(self, order="desc", limit=1_000):
        listed = self.store.templates.list
        return await read_to_end(partial(listed, self.project), order, limit)

    # --- The project itself -------------------------------------------------------------------

    async def set(self, **settings):
        """Change the project's settings, and go on under the new ones."""
        change = msgspec.convert(settings, SettingsChange)
        self.project = await self.store.projects.update(
            self.project, change.validate(), self.write_options()
        )
        return self.project.settings

    async def usage(self):
        return await self.store.projects.usage(self.project, month_of(self.clock()))

    async def new_key(self, **fields):
        """Create a key; returns its secret and the key as it is shown later."""
        issued = self.services.keys.issue(msgspec.convert(fields, KeyInput))
        return issued.secret, await self.services.keys.create(
            self.project, issued.new, self.write_options()
        )

    async def keys(self, order="desc", limit=1_000):
        return await read_to_end(partial(self.store.keys.list, self.project), order, limit)


class World:
    """A store with nothing in it but what a test makes."""

    def __init__(
        self,
        store: Store,
        embedders: Sequence[Embedder] = (),
        workshop: SummaryWorkerHandle | None = None,
    ) -> None:
        self.store = store
        self.services, self.clock = over(store, embedders, workshop)
        self._made = 0

    async def tenant(self, **settings):
        """Make a fresh project."""
        self._made += 1
        new = ProjectInput(f"project-{self._made}", msgspec.convert(settings, SettingsChange))
        project = await self.services.projects.create(new, None, self.services.write_options())
        return Tenant(self.services, self.clock, project, self.store)


async def together(operations, failing=()):
    """Do many things at once; returns their results, with errors of the kind `failing`."""
    results = await asyncio.gather(*operations, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, failing):
            raise result
    return results


async def read_to_end(read, order, limit):
    """Read a list window by window and return all items."""
    items: list[Any] = []
    after = None
    for _ in range(WINDOWS_MAX):
        found = await read(Window(limit, order, after))
        items += found.items
        after = found.more_after
        if after is None:
            return items
        assert found.items, "a window that is not the last shows nothing"
    raise AssertionError("the list has no end")


def ids(items: Any) -> list[str]:
    """Return the ids of items, in order."""
    return [item.id for item in items]


def plain(item: Any) -> Any:
    """Return an item as the JSON that clients see."""
    return msgspec.json.decode(msgspec.json.encode(item))
