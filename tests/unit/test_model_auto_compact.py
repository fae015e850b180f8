"""When a dialogue is compacted by itself, up to where, and when it is looked at again."""

import msgspec
import pytest
from msgspec import Raw

from dialoguedb.model.messages import Message
from dialoguedb.model.projects import AutoCompact
from dialoguedb.model.rules import auto_compact
from dialoguedb.model.rules.auto_compact import Room, Sums, Tail
from dialoguedb.values.timestamps import add_seconds

LIMITS = AutoCompact(above_tokens=100, keep_recent=2)
NOW = "2026-03-01T12:00:00.000Z"


def tail(tokens, newest=None, failures=0, failed=""):
    return Tail(tokens, newest, failures, failed)


def messages(*tokens):
    return [
        Message(
            id=f"m{seq}",
            dialogue_id="d",
            role="user",
            content=Raw(msgspec.json.encode("text")),
            content_length=4,
            tags=Raw(b"[]"),
            metadata=Raw(b"{}"),
            created=f"2026-03-01T12:00:{seq:02}.000Z",
            modified=NOW,
            seq=seq,
            token_count=count,
        )
        for seq, count in enumerate(tokens, 1)
    ]


def test_a_dialogue_never_looked_at_is_due():
    assert auto_compact.is_due(None, LIMITS)


@pytest.mark.parametrize(("appended", "due"), [(40, False), (41, True)])
def test_it_is_due_above_the_limit_and_not_at_it(appended, due):
    room = auto_compact.room_of(LIMITS, tail(60), NOW)
    assert room
    assert auto_compact.is_due(room.less(appended), LIMITS) is due


def test_under_another_limit_the_room_counts_for_nothing():
    assert auto_compact.is_due(Room(1_000, limit=5_000), LIMITS)
    assert not auto_compact.is_due(Room(1_000, limit=100), LIMITS)


def test_above_the_limit_there_is_no_room():
    assert auto_compact.room_of(LIMITS, tail(100), NOW)
    assert auto_compact.room_of(LIMITS, tail(101), NOW) is None


@pytest.mark.parametrize(
    ("failures", "waited_s"),
    [(1, 300), (2, 600), (3, 1_200), (9, 76_800), (10, 86_400), (99, 86_400)],
)
def test_after_failures_it_waits_twice_as_long_each_time(failures, waited_s):
    failed = tail(500, failures=failures, failed=NOW)
    before = add_seconds(NOW, waited_s - 1)
    assert auto_compact.room_of(LIMITS, failed, before) == Room(25, 100)
    assert auto_compact.room_of(LIMITS, failed, add_seconds(NOW, waited_s)) is None


def test_all_but_the_last_messages_are_summarized():
    new, room = auto_compact.cut(LIMITS, tail(150, newest="s1"), messages(50, 50, 30, 20))
    assert new
    assert (new.start_id, new.end_id, new.newest) == (None, "m2", "s1")
    assert room == Room(51, 100)


def test_what_is_kept_may_be_above_the_limit_by_itself():
    new, room = auto_compact.cut(LIMITS, tail(300), messages(40, 130, 130))
    assert new
    assert room == Room(1, 100)


def test_too_little_before_the_kept_messages_is_no_summary_of_its_own():
    new, room = auto_compact.cut(LIMITS, tail(224), messages(24, 100, 100))
    assert (new, room) == (None, Room(6, 100))


def test_a_dialogue_of_kept_messages_alone_is_not_cut():
    assert auto_compact.cut(LIMITS, tail(200), messages(100, 100))[0] is None
    assert auto_compact.cut(LIMITS, tail(200), messages(200))[0] is None
    assert auto_compact.cut(LIMITS, tail(0), [])[0] is None


def test_some_messages_before_the_kept_ones_are_needed_to_find_a_cut():
    assert auto_compact.messages_read(LIMITS) == 202


def test_what_a_range_comes_to_follows_from_what_comes_after_it():
    assert auto_compact.covered_sums(4, 100, Sums(1, 4, 30)) == Sums(3, 6, 70)
    assert auto_compact.covered_sums(4, 100, Sums(0, 0, 0)) == Sums(4, 10, 100)
