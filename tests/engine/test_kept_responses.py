"""Responses kept for idempotency keys go with what they repeat, and no sooner."""

import pytest

from dialoguedb.model.receipts import NewReceipt
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import World, idempotent, message

pytestmark = pytest.mark.anyio

OUTCOME = SummaryResult(
    provider="extractive",
    model=None,
    content="c",
    content_tokens=1,
    summarized=1,
    skipped=0,
    chunks=1,
)
RECEIPT = NewReceipt(id="r", settings=b"{}", parts=b"{}", plan=b"{}", sha256="")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def me(store):
    me = await World(store).tenant()
    await me.new("d", messages=[message(id=one) for one in "ab"])
    await me.new("other", messages=[message(id="a")])
    await me.remember(id="k")
    await me.summarize(id="s")
    job = await store.jobs.lease("lease", me.clock(), "2030-01-01T00:00:00.000Z")
    await store.jobs.complete(job, OUTCOME, LLMUsage(), me.clock())
    return me


async def keep(me, what):
    """Do something with an idempotency key of its own."""
    options = me.write_options(idempotent(what))
    store, project = me.store, me.project
    return await {
        "append": lambda: me.append(message(id="c"), options=options),
        "create": lambda: me.new("new", options=options),
        "change": lambda: me.change(label="l", options=options),
        "end": lambda: me.change_status("end", options=options),
        "state": lambda: me.put_state("replace", b'{"a":1}', options=options),
        "new summary": lambda: me.summarize(start_id="b", options=options),
        "summary": lambda: me.summarize(options=options),
        "window": lambda: store.receipts.create(project, "", "d", RECEIPT, options),
        "tag a": lambda: me.tag("a", ("t",), options=options),
        "tag b": lambda: me.tag("b", ("t",), options=options),
        "tag memory": lambda: me.tag_memory("k", ("t",), options=options),
        "memory": lambda: me.remember(id="n", options=options),
    }[what]()


ALL = {
    *("append", "create", "change", "end", "state", "new summary", "summary", "window"),
    *("tag a", "tag b", "tag memory", "memory"),
}
OF_ITSELF = {"append", "create", "memory", "new summary"}
"""Their responses repeat their own requests alone, and cannot be opened without these."""


def kept(store):
    rows = store.readers.quick.db.execute("SELECT key FROM answers")
    return {bytes(key).decode() for (key,) in rows}


@pytest.fixture
async def all_kept(store, me):
    await keep(me, "summary")  # before anything is appended: it is of the same messages
    for what in sorted(ALL - {"end", "summary"}):
        await keep(me, what)
    await keep(me, "end")
    assert kept(store) == ALL


@pytest.mark.parametrize(
    ("delete", "gone"),
    [
        (lambda me: me.delete_message("a"), {"tag a", "window", "summary"}),
        (lambda me: me.delete_message("a", of="other"), set()),
        (lambda me: me.delete_summary("s"), {"window", "summary"}),
        (lambda me: me.forget("k"), {"tag memory", "window"}),
        (lambda me: me.delete("d"), ALL - OF_ITSELF - {"tag memory"}),
        (lambda me: me.delete("other"), set()),
    ],
)
async def test_what_repeats_a_deleted_object_goes_with_it(store, me, all_kept, delete, gone):
    await delete(me)
    assert kept(store) == ALL - gone


async def test_an_erasure_leaves_none_of_its_namespace(store, me, all_kept):
    await me.services.erasures.erase(me.project, "ns")
    assert kept(store) == ALL
    await me.services.erasures.erase(me.project, "")
    assert kept(store) == set()
