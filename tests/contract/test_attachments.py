"""Attachments of messages: what is stored comes back, in full or by reference."""

import hashlib
import random

import msgspec
import pytest
from msgspec import UNSET, Raw

from dialoguedb.errors import DuplicateId
from dialoguedb.formats.content import measured_content
from dialoguedb.model.messages import AttachmentReference, MessageFilter
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.values.validation_errors import ValidationErrors
from tests.attachments import PNG, SPELLINGS, anthropic, base64_of, encoded
from tests.contract.making import ids, message

pytestmark = pytest.mark.anyio

BYTES = random.Random(1).randbytes(90_000)
DATA = base64_of(BYTES)
SHA256 = hashlib.sha256(DATA.encode()).hexdigest()


@pytest.fixture(autouse=True)
async def d(me):
    """Make the dialogue that every test of this file speaks in."""
    return await me.new("d")


def received(content, **fields):
    """Make a message as one that is received: with its attachments found."""
    raw = content if isinstance(content, bytes) else encoded(content)
    measured = measured_content(Raw(raw), "content", ValidationErrors())
    attachments = measured.attachments
    return message(measured.content, attachments=attachments, **fields)


def picture(data=DATA):
    return [{"type": "text", "text": "Look"}, *anthropic("image", PNG)(data)]


def contents(messages):
    return [bytes(one.content) for one in messages]


REFERRING = MessageListFilter("", "d", MessageFilter(attachments="reference"))


LONG = {
    "plain": random.Random(2).randbytes(3_000_000),
    "a piece and a byte": random.Random(3).randbytes(1024 * 1024 * 3 // 4 + 1),
}


@pytest.mark.parametrize("data", LONG.values(), ids=LONG)
async def test_a_long_one_comes_back_and_is_known_when_it_is_sent_again(data, me):
    content = encoded(picture(base64_of(data)))
    for name, sent in {"m": content, "escaped": content.replace(b"/", b"\\/")}.items():
        (stored,) = await me.append(received(sent, id=name))
        assert bytes(stored.content) == sent
        assert await me.append(received(sent, id=name)) == [stored]
        assert await me.message(name) == stored
    assert ids(await me.messages()) == ["m", "escaped"]


class TestWhole:
    @pytest.mark.parametrize("spelling", SPELLINGS, ids=[one.name for one in SPELLINGS])
    async def test_every_spelling_comes_back_byte_for_byte(self, me, spelling):
        content = encoded({"é": [spelling.write(DATA), 1.0, spelling.write(DATA[:8_000])]})
        (stored,) = await me.append(received(content, id="m"))
        assert bytes(stored.content) == content
        assert stored.content_length == len(content)
        assert await me.message("m") == stored
        assert await me.messages() == [stored]
        assert stored.attachments is UNSET

    async def test_an_escaped_one_does_too(self, me):
        content = encoded(picture()).replace(b"/", b"\\/")
        await me.append(received(content, id="m"))
        assert contents(await me.messages()) == [content]

    async def test_a_window_has_it(self, me):
        (stored,) = await me.append(received(picture(), id="m"))
        ending = await me.store.context.read(me.project, "", "d", 4_000)
        assert ending.messages == [stored]

    async def test_a_dialogue_with_its_last_messages_has_it(self, me):
        stored = await me.append(received(picture()), message("x"))
        assert (await me.get(last_messages=2)).messages == stored

    async def test_tags_change_nothing_of_it(self, me):
        (stored,) = await me.append(received(picture(), id="m"))
        after = await me.tag("m", ("t",))
        assert after.content == stored.content
        assert (await me.message("m")).content == stored.content


class TestExactlyOnce:
    async def test_equal_bytes_are_the_stored_message(self, me):
        (stored,) = await me.append(received(picture(), id="m"))
        assert await me.append(received(picture(), id="m")) == [stored]
        assert len(await me.messages()) == 1

    @pytest.mark.parametrize(
        "other",
        [
            picture(DATA[:-4] + "AAAA"),
            picture(DATA[:-4]),
            picture(""),
            picture(f"attachment:sha256:{SHA256}"),
            [*picture(), {"type": "text", "text": "!"}],
            [*picture(), *anthropic("image", PNG)(DATA)],
        ],
    )
    async def test_others_are_a_conflict(self, me, other):
        await me.append(received(picture(), id="m"))
        with pytest.raises(DuplicateId):
            await me.append(received(other, id="m"))

    async def test_one_that_was_kept_whole_is_the_same(self, me):
        """Messages stored by older versions have their attachments in the content."""
        (stored,) = await me.append(message(encoded(picture()), id="m"))
        assert await me.append(received(picture(), id="m")) == [stored]


class TestReferences:
    async def test_they_stand_in_the_place_of_bytes(self, me):
        content = [*picture(), {"image_url": {"url": f"data:image/png;base64,{DATA}"}}]
        (stored,) = await me.append(received(content, id="m"))
        name = f"attachment:sha256:{SHA256}"
        expected = [*picture(name), {"image_url": {"url": name}}]
        one = await me.message("m", attachments="reference")
        last = (await me.get(last_messages=1, attachments="reference")).messages
        for found in (*await me.messages(attachments="reference"), one, *last):
            assert msgspec.json.decode(found.content) == expected
            reference = AttachmentReference(
                sha256=SHA256, kind="image", bytes=len(BYTES), media_type=PNG
            )
            assert found.attachments == [reference, reference]
            assert found.content_length == stored.content_length

    async def test_small_ones_stay(self, me):
        (stored,) = await me.append(received(picture(DATA[:4_000])))
        assert await me.messages(attachments="reference") == [stored]

    async def test_a_text_that_looks_like_one_is_a_text(self, me):
        text = {"text": f"attachment:sha256:{SHA256}", "data": f"attachment:sha256:{SHA256}"}
        stored = await me.append(received(picture()), received(text))
        assert (await me.messages(attachments="reference"))[1] == stored[1]
        assert await me.messages() == stored

    async def test_a_page_of_them_is_not_cut_by_their_size(self, me):
        large = base64_of(random.Random(2).randbytes(6_000_000))
        await me.append(*[received(picture(large), id=f"m{number}") for number in range(4)])
        await me.append(received(picture(large), id="m4"))
        assert len((await me.messages_page()).value.items) == 4
        page = await me.messages_page(REFERRING)
        assert ids(page.value.items) == ["m0", "m1", "m2", "m3", "m4"]
        assert page.value.next is None

    async def test_page_tokens_keep_the_choice(self, me):
        await me.append(received(picture(), id="m1"), received(picture(), id="m2"))
        first = await me.messages_page(REFERRING, limit=1)
        second = await me.messages_page(limit=1, token=first.value.next)
        assert b"attachment:" in bytes(second.value.items[0].content)
