"""Long histories are cut where nothing that belongs together is parted."""

from dialoguedb.formats.history_parts import in_parts
from dialoguedb.formats.outgoing.messages import Losses
from dialoguedb.formats.parts import Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.transcoder import Transcoder
from dialoguedb.formats.turns import Turn


def history(*rows):
    return [
        Turn(str(seq), "", seq, speaker, None, tuple(parts), 0)
        for seq, (speaker, *parts) in enumerate(rows)
    ]


def pairs_of(turns):
    links = ToolLinker()
    for turn in turns:
        links.add(turn)
    links.finish()
    return links.pairs


def call(own_id):
    return ToolCall(own_id, "find", "{}")


def result(own_id):
    return ToolResult(own_id, (Text("found"),))


def cut(turns, size=0):
    return [*in_parts(((turn, size) for turn in turns), pairs_of(turns))]


def rounds(count):
    rows = []
    for number in range(count):
        rows += [
            ("user", Text("Go.")),
            ("assistant", Reasoning("Hm.")),
            ("assistant", call(str(number))),
            ("tool", result(str(number))),
            ("assistant", Text("Done.")),
        ]
    return rows


def test_parts_hold_everything_in_order_and_begin_with_a_user():
    turns = history(*rounds(1000))
    parts = cut(turns)
    assert [turn for part in parts for turn in part] == turns
    assert len(parts) == 10
    assert all(part[0].by_user and part[-1].speaker == "assistant" for part in parts)


def test_no_call_is_parted_from_its_result_while_there_is_room():
    turns = history(("assistant", call("late")), *rounds(150), ("tool", result("late")))
    turns = [*turns, *history(*rounds(150))]
    turns = history(*((turn.speaker, *turn.parts) for turn in turns))
    parts = cut(turns)
    assert len(parts[0]) > 751
    assert len(parts) > 1


def test_a_part_without_an_end_ends_anywhere_and_its_call_and_result_are_kept():
    middle = [("assistant", Text("…"))] * 4500
    turns = history(("assistant", call("late")), *middle, ("tool", result("late")))
    parts = cut(turns)
    assert [len(part) for part in parts] == [4000, 502]
    transcoder = Transcoder("openai", pairs_of(turns))
    written = [one for part in parts for one in transcoder.write(part, Losses())]
    assert written[0]["tool_calls"][0]["id"] == "late"
    assert written[-1] == {"role": "tool", "tool_call_id": "late", "content": "found"}


def test_large_turns_are_parts_of_their_own():
    turns = history(*[("user", Text("Hi."))] * 3)
    assert [len(part) for part in cut(turns, size=5_000_000)] == [1, 1, 1]
