"""A stranger's project finds nothing of mine, and changes nothing."""

import inspect
from typing import get_args

import pytest

from dialoguedb import ports
from dialoguedb.errors import (
    ContextNotFound,
    DialogueNotFound,
    KeyNotFound,
    MemoryNotFound,
    MessageNotFound,
    ProjectNotFound,
    SummaryNotFound,
    TemplateNotFound,
)
from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.dialogues import DialogueFilter, StateUpdate
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.memories import MemoryFilter, MemoryUpdate, NewVersion
from dialoguedb.model.memory_details import Details
from dialoguedb.model.messages import MessageFilter
from dialoguedb.model.projects import Project, ProjectSettings, SettingsChange
from dialoguedb.model.receipts import NewReceipt
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.refs import DialogueRef, MessageRef
from dialoguedb.model.search import Search
from dialoguedb.model.summaries import SummaryFilter
from dialoguedb.model.templates import NewTemplate, TemplateChange
from dialoguedb.ports.summaries import SummaryJobs
from dialoguedb.retrieval.weights import WEIGHTS
from dialoguedb.values.lists import Page, Window
from tests.contract.making import at, change, dialogue, idempotent, memory, message, summary

pytestmark = pytest.mark.anyio

MONTH = "2026-03"
WHOLE = Window(1_000, "asc")
RECIPE = Recipe("extractive", None, None)
VERSION = NewVersion(7, b'"mine"', None, None, b"{}", Details(), at(0), at(1))
RECEIPT = NewReceipt(id="r", settings=b"{}", parts=b'{"messages":[]}', plan=b"{}", sha256="")


async def memories_found(ask):
    """Search all memories of a project, whatever they say."""
    query = Search("memory", "secret", limit=100)
    hits = await ask.store.search.search(ask.who, query, None, WEIGHTS["keyword"])
    return Page([hit.item for hit in hits])


# What is asked of the store in the stranger's name about my dialogue "d", message and memory "m".
FINDS_NOTHING = {
    "dialogues.get": (
        DialogueNotFound,
        lambda ask: ask.store.dialogues.get(ask.who, ask.ns, "d", 5),
    ),
    "dialogues.update": (
        DialogueNotFound,
        lambda ask: ask.store.dialogues.update(
            ask.who, ask.ns, "d", change(label="mine"), ask.options
        ),
    ),
    "dialogues.change_status": (
        DialogueNotFound,
        lambda ask: ask.store.dialogues.change_status(ask.who, ask.ns, "d", "end", ask.options),
    ),
    "dialogues.delete": (
        DialogueNotFound,
        lambda ask: ask.store.dialogues.delete(ask.who, ask.ns, "d", ask.options),
    ),
    "state.get": (DialogueNotFound, lambda ask: ask.store.state.get(ask.who, ask.ns, "d")),
    "state.update": (
        DialogueNotFound,
        lambda ask: ask.store.state.update(
            ask.who, ask.ns, "d", StateUpdate("replace", b"{}"), ask.options
        ),
    ),
    "messages.create": (
        DialogueNotFound,
        lambda ask: ask.store.messages.create(ask.who, ask.ns, "d", [message(id="m")], ask.options),
    ),
    "messages.list": (
        DialogueNotFound,
        lambda ask: ask.store.messages.list(ask.who, ask.ns, "d", MessageFilter(), WHOLE),
    ),
    "messages.get": (
        MessageNotFound,
        lambda ask: ask.store.messages.get(ask.who, ask.ns, MessageRef("d", "m")),
    ),
    "messages.deferred_text": (
        MessageNotFound,
        lambda ask: ask.store.messages.deferred_text(ask.who, DeferredText("0" * 64, 5), 0),
    ),
    "messages.update": (
        MessageNotFound,
        lambda ask: ask.store.messages.update(
            ask.who, ask.ns, MessageRef("d", "m"), ("mine",), ask.options
        ),
    ),
    "messages.delete": (
        MessageNotFound,
        lambda ask: ask.store.messages.delete(ask.who, ask.ns, "d", "m", ask.options),
    ),
    "summaries.create": (
        DialogueNotFound,
        lambda ask: ask.store.summaries.create(
            ask.who, DialogueRef(ask.ns, "d"), summary(id="s"), RECIPE, ask.options
        ),
    ),
    "summaries.get": (SummaryNotFound, lambda ask: ask.store.summaries.get(ask.who, ask.ns, "s")),
    "summaries.list": (
        DialogueNotFound,
        lambda ask: ask.store.summaries.list(
            ask.who, DialogueRef(ask.ns, "d"), SummaryFilter(), WHOLE
        ),
    ),
    "summaries.covered": (
        SummaryNotFound,
        lambda ask: ask.store.summaries.covered(ask.who, ask.ns, "s", WHOLE),
    ),
    "context.read": (
        DialogueNotFound,
        lambda ask: ask.store.context.read(ask.who, ask.ns, "d", 100),
    ),
    "receipts.create": (
        DialogueNotFound,
        lambda ask: ask.store.receipts.create(ask.who, ask.ns, "d", RECEIPT, ask.options),
    ),
    "receipts.get": (
        ContextNotFound,
        lambda ask: ask.store.receipts.get(ask.who, ask.ns, "r"),
    ),
    "summaries.tail": (
        DialogueNotFound,
        lambda ask: ask.store.summaries.tail(ask.who, ask.ns, "d"),
    ),
    "summaries.delete": (
        SummaryNotFound,
        lambda ask: ask.store.summaries.delete(ask.who, ask.ns, "s", ask.options),
    ),
    "memories.get": (MemoryNotFound, lambda ask: ask.store.memories.get(ask.who, ask.ns, "m")),
    "memories.update": (
        MemoryNotFound,
        lambda ask: ask.store.memories.update(
            ask.who, ask.ns, "m", MemoryUpdate(("mine",), b'"mine"'), ask.options
        ),
    ),
    "memories.versions": (
        MemoryNotFound,
        lambda ask: ask.store.memories.versions(ask.who, ask.ns, "m", WHOLE),
    ),
    "memories.create_version": (
        MemoryNotFound,
        lambda ask: ask.store.memories.create_version(ask.who, ask.ns, "m", VERSION, ask.options),
    ),
    "memories.delete": (
        MemoryNotFound,
        lambda ask: ask.store.memories.delete(ask.who, ask.ns, "m", ask.options),
    ),
}
OF_TEMPLATES = {
    "templates.get": (TemplateNotFound, lambda ask: ask.store.templates.get(ask.who, "t")),
    "templates.update": (
        TemplateNotFound,
        lambda ask: ask.store.templates.update(
            ask.who, "t", TemplateChange(prompt="{messages}!"), ask.options
        ),
    ),
    "templates.delete": (
        TemplateNotFound,
        lambda ask: ask.store.templates.delete(ask.who, "t", ask.options),
    ),
}
OF_KEYS = {
    "keys.get": (KeyNotFound, lambda ask: ask.store.keys.get(ask.who, ask.key_id)),
    "keys.revoke": (
        KeyNotFound,
        lambda ask: ask.store.keys.revoke(ask.who, ask.key_id, ask.options),
    ),
}
SHOWS_ONLY_ITS_OWN = {
    "dialogues.list": lambda ask: ask.store.dialogues.list(ask.who, DialogueFilter(), WHOLE),
    "memories.list": lambda ask: ask.store.memories.list(ask.who, MemoryFilter(), WHOLE),
    "keys.list": lambda ask: ask.store.keys.list(ask.who, WHOLE),
    "templates.list": lambda ask: ask.store.templates.list(ask.who, WHOLE),
}
FINDS_ONLY_ITS_OWN = {"search.search": memories_found}
SEARCHING = [pytest.param(name, marks=pytest.mark.needs("search")) for name in FINDS_ONLY_ITS_OWN]
CHANGES_ONLY_ITS_OWN = {
    "dialogues.create": lambda ask: ask.store.dialogues.create(
        ask.who, ask.ns, dialogue("d"), ask.options
    ),
    "receipts.check_kept": lambda ask: ask.store.receipts.check_kept(ask.who, ask.options),
    "memories.create": lambda ask: ask.store.memories.create(
        ask.who, ask.ns, memory(id="m"), ask.options
    ),
    "templates.create": lambda ask: ask.store.templates.create(
        ask.who, NewTemplate("t", "{messages}?", None), ask.options
    ),
    "keys.create": lambda ask: ask.store.keys.create(ask.who, ask.new_key, ask.options),
    "erasures.advance": lambda ask: ask.store.erasures.advance(
        ask.who, ask.ns, b"digest", ask.options.now
    ),
    "erasures.finish": lambda ask: ask.store.erasures.finish(ask.who, b"digest"),
    "projects.update": lambda ask: ask.store.projects.update(
        ask.who, SettingsChange(immutable=True), ask.options
    ),
    "projects.count_request": lambda ask: ask.store.projects.count_request(ask.who, MONTH),
    "projects.usage": lambda ask: ask.store.projects.usage(ask.who, MONTH),
}
TAKES_ONLY_ITS_OWN = {"rate_limits.take"}
# Asked by the operator or the server, for no project.
NOBODYS = {
    "erasures.clean",
    "projects.create",
    "projects.get",
    "projects.list",
    "projects.delete",
    "projects.record_activity",
    "keys.find",
    "search.indexing",
    "search.serving",
    "search.prepare_search",
    *(
        f"{noun}.{name}"
        for noun, protocol in [("index", ports.search.IndexStore), ("jobs", SummaryJobs)]
        for name, function in vars(protocol).items()
        if inspect.iscoroutinefunction(function)
    ),
}


class Asking:
    """A store, asked in the name of a project about a namespace."""

    def __init__(self, world, project, namespace="", key_id=""):
        self.store = world.store
        self.who = project
        self.ns = namespace
        self.key_id = key_id
        self.new_key = world.services.keys.issue(KeyInput()).new
        self.options = world.services.write_options()


async def everything(tenant):
    """Return all that a project holds."""
    dialogues = await tenant.dialogues()
    return [
        dialogues,
        [await tenant.messages(one.id, one.namespace or "") for one in dialogues],
        [await tenant.summaries(one.id, one.namespace or "") for one in dialogues],
        await tenant.memories(),
        await tenant.templates(),
        await tenant.keys(),
        await tenant.usage(),
        await tenant.services.projects.get(tenant.project.id),
    ]


@pytest.fixture
async def mine(me):
    """Fill my project."""
    for namespace in ["", "ns"]:
        await me.new("d", namespace, messages=[message(id="m", tags=("t",))], tags=("t",))
        await me.new("t", namespace, thread_of="d")
        await me.remember("secret", namespace, id="m", tags=("t",))
        await me.summarize(namespace=namespace, id="s" if namespace else "other")
    await me.store.receipts.create(me.project, "ns", "d", RECEIPT, me.write_options())
    await me.new_template("t")
    _, key = await me.new_key()
    await me.append(message(), options=me.write_options(idempotent()))
    return key


class TestStrangers:
    @pytest.mark.parametrize("operation", FINDS_NOTHING)
    async def test_find_nothing_by_any_id(self, operation, world, me, mine, stranger):
        error, ask = FINDS_NOTHING[operation]
        before = await everything(me)
        for namespace in ["", "ns", "default"]:
            with pytest.raises(error):
                await ask(Asking(world, stranger.project, namespace))
        assert await everything(me) == before

    @pytest.mark.parametrize("operation", OF_KEYS)
    async def test_find_no_key(self, operation, world, me, mine, stranger):
        error, ask = OF_KEYS[operation]
        before = await everything(me)
        for who in [stranger.project, None]:
            with pytest.raises(error):
                await ask(Asking(world, who, key_id=mine.id))
        assert await everything(me) == before

    @pytest.mark.parametrize("operation", OF_TEMPLATES)
    async def test_find_no_template(self, operation, world, me, mine, stranger):
        error, ask = OF_TEMPLATES[operation]
        before = await everything(me)
        with pytest.raises(error):
            await ask(Asking(world, stranger.project))
        assert await everything(me) == before

    @pytest.mark.parametrize("operation", [*SHOWS_ONLY_ITS_OWN, *SEARCHING])
    async def test_are_shown_only_what_is_theirs(self, operation, world, mine, stranger):
        ask = {**SHOWS_ONLY_ITS_OWN, **FINDS_ONLY_ITS_OWN}[operation]
        listed = await ask(Asking(world, stranger.project))
        assert listed.items == []
        await stranger.new("own")
        await stranger.remember(id="own")
        _, key = await stranger.new_key()
        await stranger.new_template("own")
        listed = await ask(Asking(world, stranger.project))
        shown = [one.name if operation == "templates.list" else one.id for one in listed.items]
        assert shown == [key.id if operation == "keys.list" else "own"]

    @pytest.mark.parametrize("operation", CHANGES_ONLY_ITS_OWN)
    async def test_change_only_what_is_theirs(self, operation, world, me, mine, stranger):
        before = await everything(me)
        await CHANGES_ONLY_ITS_OWN[operation](Asking(world, stranger.project))
        assert await everything(me) == before

    @pytest.mark.parametrize("operation", FINDS_NOTHING)
    async def test_of_another_namespace_find_nothing_of_this_one(self, operation, world, me):
        await me.new("d", "a", messages=[message(id="m")])
        await me.remember(id="m", namespace="a")
        await me.summarize(namespace="a", id="s")
        await me.store.receipts.create(me.project, "a", "d", RECEIPT, me.write_options())
        before = await everything(me)
        error, ask = FINDS_NOTHING[operation]
        for namespace in ["", "A", "b", "aa", "a "]:
            with pytest.raises(error):
                await ask(Asking(world, me.project, namespace))
            assert await me.dialogues(namespace=namespace) == []
            assert await me.memories(namespace=namespace) == []
        assert await everything(me) == before

    async def test_take_no_tokens_but_their_own(self, world, me, stranger):
        rates = world.store.rate_limits
        if rates is None:
            pytest.skip("each process counts rates by itself on this engine")
        burst = me.project.settings.rate_limit.burst
        taken = await rates.take(stranger.project, 3)
        assert (taken.count, (await rates.take(me.project, 0)).left) == (3, burst)
        nobody = Project("gone", "gone", me.project.created, me.project.created, ProjectSettings())
        with pytest.raises(ProjectNotFound):
            await rates.take(nobody, 1)

    async def test_live_beside_me_with_the_same_ids(self, me, stranger):
        for tenant, text in [(me, "mine"), (stranger, "theirs")]:
            await tenant.new("d", tags=("t",), messages=[message(text, id="m", tags=("t",))])
            await tenant.remember(text, id="m", tags=("t",))
            await tenant.append(message(text), options=tenant.write_options(idempotent(text)))
        for tenant, text in [(me, "mine"), (stranger, "theirs")]:
            assert await tenant.contents("d") == [text, text]
            assert await tenant.contents("d", tags=("t",)) == [text]
            assert bytes((await tenant.memory("m")).value) == f'"{text}"'.encode()
            assert len(await tenant.dialogues(tags=("t",))) == 1
            assert len(await tenant.memories(tags=("t",))) == 1
        await me.delete("d")
        await me.forget("m")
        assert await stranger.contents("d") == ["theirs", "theirs"]
        assert bytes((await stranger.memory("m")).value) == b'"theirs"'
        assert (await stranger.usage()).messages == 2

    async def test_cannot_hang_a_thread_on_my_dialogue(self, mine, me, stranger):
        before = await everything(me)
        with pytest.raises(DialogueNotFound):
            await stranger.new("theirs", thread_of="d")
        assert await stranger.dialogues(thread_of="d") == []
        assert await everything(me) == before

    async def test_whose_project_does_not_exist_find_nothing_either(self, world, me, mine):
        nobody = Project("gone", "gone", me.project.created, me.project.created, ProjectSettings())
        finding = [*FINDS_NOTHING.values(), *OF_TEMPLATES.values(), *OF_KEYS.values()]
        for _, ask in finding:
            with pytest.raises(ProjectNotFound):
                await ask(Asking(world, nobody, key_id=mine.id))
        for ask in [*SHOWS_ONLY_ITS_OWN.values(), *CHANGES_ONLY_ITS_OWN.values()]:
            with pytest.raises(ProjectNotFound):
                await ask(Asking(world, nobody))

    @pytest.mark.needs("search")
    async def test_whose_project_does_not_exist_search_in_vain(self, world, me, mine):
        nobody = Project("gone", "gone", me.project.created, me.project.created, ProjectSettings())
        for ask in FINDS_ONLY_ITS_OWN.values():
            with pytest.raises(ProjectNotFound):
                await ask(Asking(world, nobody))


def test_every_operation_of_the_store_is_tried_as_a_stranger():
    finding = {*FINDS_NOTHING, *OF_TEMPLATES, *OF_KEYS}
    tried = {
        *(*finding, *SHOWS_ONLY_ITS_OWN, *FINDS_ONLY_ITS_OWN),
        *(*CHANGES_ONLY_ITS_OWN, *TAKES_ONLY_ITS_OWN, *NOBODYS),
    }
    operations = {
        f"{noun}.{name}"
        for noun, annotated in inspect.get_annotations(ports.Store).items()
        for protocol in get_args(annotated) or [annotated]
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    assert tried == operations
