"""Batches that are read on a thread, a few at once."""

import asyncio

import pytest

from dialoguedb.cli.data.transfer.batches import BatchReader, ImportBatch
from dialoguedb.cli.data.transfer.lines import DialogueLine
from dialoguedb.errors import InvalidRequest


def made(count, error=None):
    yield from (ImportBatch(DialogueLine(id=f"d{number}")) for number in range(count))
    if error:
        raise error


async def read_to_end(reader, found):
    """Add the dialogues of all batches."""
    while some := await reader.some():
        found += [one.dialogue.id for one in some]


@pytest.mark.parametrize("count", range(6))
def test_all_are_read_in_their_order(count):
    async def read():
        reader = BatchReader(made(count))
        found: list[str] = []
        assert await reader.has_some() == bool(count)
        await read_to_end(reader, found)
        return found

    assert asyncio.run(read()) == [f"d{number}" for number in range(count)]


@pytest.mark.parametrize("count", range(1, 6))
def test_what_is_read_before_an_error_comes_before_it(count):
    async def read():
        reader = BatchReader(made(count, InvalidRequest("It ends")))
        found: list[str] = []
        assert await reader.has_some()
        with pytest.raises(InvalidRequest, match="It ends"):
            await read_to_end(reader, found)
        return found

    assert asyncio.run(read()) == [f"d{number}" for number in range(count)]


def test_an_error_at_once_is_raised():
    with pytest.raises(InvalidRequest, match="It ends"):
        asyncio.run(BatchReader(made(0, InvalidRequest("It ends"))).has_some())
