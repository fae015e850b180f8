"""What renders parts leaves them as they are: they may be rendered again."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bench.formats.samples import SAMPLES
from dialoguedb.formats.dialects import RenderRequest, render, write_alone
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import parse_turn
from dialoguedb.formats.writers.table import WRITERS
from dialoguedb.service.context_window.history import History
from tests.unit.test_formats_turns import message

TARGETS = ["any", "strict", "no-system"]


def parsed(sample):
    """Return the turns of a sample."""
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
    assert msgspec.json.encode(render(turns, links.pairs, request)) == first


def test_the_result_of_a_tool_does_not_come_into_the_stored_call():
    call = {
        "type": "tool-track",
        "toolCallId": "c1",
        "state": "input-available",
        "input": {"order": 17},
    }
    calling = parse_turn(message([call], "assistant"))
    before = msgspec.json.encode(calling)
    answer = parse_turn(message("on its way", "tool", {"tool_call_id": "c1"}))
    turns = [replace(calling, id="a"), replace(answer, id="b")]
    dialect: Any = "ui-message"
    rendered = render(turns, {("a", 0): ("b", 0)}, RenderRequest(dialect=dialect))
    assert "on its way" in msgspec.json.encode(rendered).decode()
    assert msgspec.json.encode(calling) == before
