"""Parts of small messages are kept for the next window: nothing that reads them changes them."""

import msgspec
import pytest

from bench.formats.samples import SAMPLES
from dialoguedb.formats.dialects import RenderRequest, render, write_alone
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import parse_parts, parse_turn
from dialoguedb.formats.writers.table import WRITERS
from dialoguedb.service.context_window.history import History
from tests.unit.test_formats_turns import message

TARGETS = ["any", "strict", "no-system"]


def parsed(sample):
    """Return the turns of a sample, none of which is parsed twice."""
    return [
        parse_turn(message(one["content"], one["role"], one.get("metadata")))
        for one in sample.messages
    ]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dialect", WRITERS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_windows_leave_parts_as_they_are(sample, dialect, target):
    turns = parsed(sample)
    before = msgspec.json.encode(turns)
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    links.finish()
    History(turns, whole=True, dialect=dialect)
    request = RenderRequest(dialect=dialect, target=target, system="Be kind.", trailing=("x",))
    first = msgspec.json.encode(render(turns, links.pairs, request))
    for turn in turns:
        write_alone(turn, dialect)
    assert msgspec.json.encode(turns) == before
    assert msgspec.json.encode(parsed(sample)) == before
    assert msgspec.json.encode(render(parsed(sample), links.pairs, request)) == first


def test_a_large_message_is_not_kept():
    small, large = (b'[{"type": "text", "text": "%s"}]' % (b"x" * size) for size in (10, 5_000))
    for content, is_kept in ((small, True), (large, False)):
        first, second = (parse_parts("user", content, b"{}") for _ in range(2))
        assert first == second
        assert (first[1] is second[1]) == is_kept
