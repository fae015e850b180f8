"""Ids that nobody chose."""

import time

from ulid_transform import ulid_to_timestamp

from dialoguedb.service.ids import IdGenerator

MANY = 10_000


class TestOrder:
    def test_ids_made_at_one_time_are_in_order(self):
        ids = IdGenerator(lambda: 1_700_000_000_000_000_000)
        made = [ids() for _ in range(MANY)]
        assert made == sorted(set(made))

    def test_ids_are_in_order_when_the_clock_goes_back(self):
        times = iter(range(MANY * 1_000_000, 0, -1_000_000))
        ids = IdGenerator(lambda: next(times))
        made = [ids() for _ in range(MANY)]
        assert made == sorted(set(made))

    def test_an_id_tells_when_it_was_made(self):
        before = time.time_ns() // 1_000_000
        made = ulid_to_timestamp(IdGenerator(time.time_ns)())
        assert before <= made <= time.time_ns() // 1_000_000


class TestSources:
    def test_those_of_two_makers_at_one_time_differ(self):
        makers = [IdGenerator(lambda: 1_700_000_000_000_000_000) for _ in range(2)]
        made = [make() for make in makers for _ in range(MANY)]
        assert len(set(made)) == 2 * MANY
