"""Erasing a namespace: all that it holds goes, nothing else, and a receipt says so."""

import asyncio

import msgspec
import pytest

from dialoguedb.errors import DialogueImmutable, DialogueNotFound
from dialoguedb.model.keys import KeyInput
from dialoguedb.ports import IdempotencyHit
from dialoguedb.service.erasures import is_genuine, is_of, namespace_hash
from tests.contract.making import at, idempotent, message, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

NOTHING = {
    "dialogues": 0,
    "messages": 0,
    "attachments": 0,
    "memories": 0,
    "summaries": 0,
    "recordedWindows": 0,
    "keptResponses": 0,
    "keys": 0,
}


def counts(receipt):
    return msgspec.to_builtins(receipt)["deleted"]


@pytest.fixture
def erase(me):
    async def erase(namespace="ns", project=None, **how):
        return await me.services.erasures.erase(project or me.project, namespace, **how)

    return erase


async def fill(me, namespace, dialogues=3, messages=4):
    for n in range(dialogues):
        sent = [message(f"{n} {m}", id=f"m{m}", tags=("t",)) for m in range(messages)]
        parent = None if n == 0 else f"d{n - 1}"
        await me.new(f"d{n}", namespace, thread_of=parent, tags=("t",), messages=sent)
        await me.summarize(f"d{n}", namespace=namespace)
    await me.remember("v", id="k", namespace=namespace, tags=("t",))


async def all_of(me, namespace):
    dialogues = await me.dialogues(namespace=namespace)
    messages = [await me.messages(of=one.id, namespace=namespace) for one in dialogues]
    return dialogues, messages, await me.memories(namespace=namespace)


async def test_everything_of_a_namespace_goes_and_is_counted(me, erase):
    await fill(me, "ns")
    issued = me.services.keys.issue(KeyInput(namespace="ns", scope="write"))
    await me.services.keys.create(me.project, issued.new, me.write_options())
    receipt = await erase()
    some = {"dialogues": 3, "messages": 12, "memories": 1, "summaries": 3, "keys": 1}
    assert counts(receipt) == {**NOTHING, **some}
    assert await all_of(me, "ns") == ([], [], [])
    assert await me.store.keys.find(issued.new.digest) is None


@pytest.mark.parametrize("other", ["", "other", "NS", "ns ", "n"])
async def test_nothing_of_another_namespace_or_project_changes(me, stranger, erase, other):
    await fill(me, "ns")
    await fill(me, other)
    await fill(stranger, "ns")
    before = await all_of(me, other), await all_of(stranger, "ns")
    await erase()
    assert (await all_of(me, other), await all_of(stranger, "ns")) == before


async def test_the_default_namespace_is_one_like_others(me, erase):
    await fill(me, "")
    await fill(me, "ns")
    assert counts(await erase(""))["dialogues"] == 3
    assert len(await me.dialogues()) == 3


async def test_repeating_it_deletes_nothing_more(me, erase):
    await fill(me, "ns")
    first = await erase()
    again = await erase()
    assert counts(again) == counts(await erase("none")) == NOTHING
    assert again.id != first.id


async def test_the_names_can_be_used_again(me, erase):
    await fill(me, "ns")
    await erase()
    await fill(me, "ns")
    assert counts(await erase())["messages"] == 12


async def test_a_request_that_is_repeated_afterwards_is_a_new_one(me, erase):
    options = me.write_options(msgspec.structs.replace(idempotent(), namespace="ns"))
    await me.new("d", "ns", options=options)
    with pytest.raises(IdempotencyHit):
        await me.new("d", "ns", options=options)
    await erase()
    await me.new("d", "ns", options=options)


async def test_what_is_created_meanwhile_goes_as_well_until_nothing_is_left(me, erase):
    await fill(me, "ns", dialogues=2, messages=400)
    stored = []

    async def keep_writing():
        for n in range(60):
            try:
                await me.append(message(f"late {n}"), to="d1", namespace="ns")
            except DialogueNotFound:
                return
            stored.append(n)

    erasing, _ = await asyncio.gather(erase(), keep_writing())
    assert counts(erasing)["messages"] == 800 + len(stored)
    assert await all_of(me, "ns") == ([], [], [])


async def test_two_at_once_erase_it_once(me, erase):
    await fill(me, "ns", dialogues=2, messages=300)
    receipts = await together([erase(), erase()])
    assert max(counts(one)["messages"] for one in receipts) == 600
    assert await all_of(me, "ns") == ([], [], [])


async def test_an_immutable_project_is_the_operators_to_erase(me, erase):
    await fill(me, "ns")
    await me.set(immutable=True)
    with pytest.raises(DialogueImmutable):
        await erase(project=me.project)
    assert counts(await erase(project=me.project, by_operator=True))["dialogues"] == 3


class TestReceipts:
    async def test_one_names_the_namespace_to_whoever_knows_it(self, me, erase):
        receipt = await erase("someone@example.org")
        assert receipt.namespace_sha256 == namespace_hash(receipt.salt, "someone@example.org")
        assert is_of(msgspec.json.encode(receipt), "someone@example.org")
        assert not is_of(msgspec.json.encode(receipt), "someone")
        assert b"someone" not in msgspec.json.encode(receipt)
        assert receipt.salt != (await erase("someone@example.org")).salt
        assert receipt.project_id == me.project.id

    async def test_whoever_has_the_public_key_can_verify_one(self, me, erase):
        receipt = msgspec.to_builtins(await erase())
        public_key = me.services.erasures.public_key
        assert receipt["publicKey"] == public_key
        assert is_genuine(msgspec.json.encode(receipt), public_key)
        reordered = dict(sorted(receipt.items(), reverse=True))
        assert is_genuine(msgspec.json.format(msgspec.json.encode(reordered)), public_key)

    async def test_no_field_can_be_changed(self, me, erase):
        await fill(me, "ns")
        receipt = msgspec.to_builtins(await erase())
        public_key = me.services.erasures.public_key
        for name in receipt:
            value = receipt[name]
            other = {**value, "messages": 1} if name == "deleted" else f"{value}0"
            assert not is_genuine(msgspec.json.encode({**receipt, name: other}), public_key)
            left = {key: receipt[key] for key in receipt if key != name}
            assert not is_genuine(msgspec.json.encode(left), public_key)
        assert not is_genuine(msgspec.json.encode({**receipt, "more": 1}), public_key)

    @pytest.mark.parametrize("begin", [b'{"completed":"2001",', b'{"deleted":{},'])
    async def test_no_field_can_be_there_twice(self, erase, me, begin):
        receipt = msgspec.json.encode(await erase())
        public_key = me.services.erasures.public_key
        assert is_genuine(receipt, public_key)
        assert not is_genuine(begin + receipt[1:], public_key)
        within = receipt.replace(b'"messages":0', b'"messages":9,"messages":0')
        assert within != receipt
        assert not is_genuine(within, public_key)

    @pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"null", b"\xff", b'{"signature":"?"}'])
    async def test_what_is_no_receipt_is_not_genuine(self, me, text):
        assert not is_genuine(text, me.services.erasures.public_key)
        assert not is_genuine(text, "no key")


@pytest.mark.parametrize("shape", ["apart", "chain", "star", "tree"])
async def test_threads_go_before_what_they_belong_to(me, erase, shape):
    parents = {
        "apart": lambda _: None,
        "chain": lambda n: n - 1,
        "star": lambda _: 0,
        "tree": lambda n: (n - 1) // 3,
    }[shape]
    # A caller may give times that run backwards: then the newest are the parents.
    for n in range(40):
        parent = parents(n) if n else None
        thread_of = None if parent is None else f"d{parent}"
        await me.new(
            f"d{n}",
            "ns",
            thread_of=thread_of,
            messages=[message(f"{n}")],
            created=at(-n) if n % 2 else None,
        )
    receipt = await erase()
    assert (counts(receipt)["dialogues"], counts(receipt)["messages"]) == (40, 40)
    assert await all_of(me, "ns") == ([], [], [])
