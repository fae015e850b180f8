"""Refused requests are given times to come back, at which there is room for them."""

import heapq

import pytest

from dialoguedb.http.return_schedule import RETRY_SECONDS_MAX, ReturnSchedule

MIB = 1024 * 1024
WAIT_S = 20
RETRIES = 4
"""What the client does by itself."""


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def run(count, seconds_each, at_once):
    """Let so many requests come at once, and back when they are told; returns how many gave up.

    Of those that wait, the first is served whenever one before it is done.
    """
    clock = Clock()
    schedule = ReturnSchedule(WAIT_S, clock)
    events = [(clock.now, number, "comes", 0) for number in range(count)]
    heapq.heapify(events)
    waiting, serving, served, given_up = {}, 0, 0, 0
    while events:
        clock.now, number, event, tries = heapq.heappop(events)
        if event == "comes":
            schedule.waits("key")
            waiting[number] = tries
            heapq.heappush(events, (clock.now + WAIT_S, number, "is refused", tries))
        elif event == "is done":
            schedule.released("key", MIB)
            serving, served = serving - 1, served + 1
        elif waiting.get(number) == tries:
            del waiting[number]
            after = schedule.seconds_until_return("key", MIB)
            if tries == RETRIES:
                given_up += 1
            else:
                heapq.heappush(events, (clock.now + after, number, "comes", tries + 1))
        while waiting and serving < at_once:
            first = next(iter(waiting))
            del waiting[first]
            serving += 1
            heapq.heappush(events, (clock.now + seconds_each, first, "is done", 0))
    assert served + given_up == count
    return given_up


@pytest.mark.parametrize("at_once", [1, 2, 5])
@pytest.mark.parametrize("seconds_each", [0.1, 1, 3, 15])
@pytest.mark.parametrize("count", [2, 30, 200])
def test_all_are_served_that_come_back_when_they_are_told(count, seconds_each, at_once):
    if count * seconds_each / at_once <= RETRY_SECONDS_MAX:
        assert run(count, seconds_each, at_once) == 0


def test_no_two_of_a_key_come_back_at_once():
    clock = Clock()
    schedule = ReturnSchedule(WAIT_S, clock)
    schedule.waits("key")
    clock.now += WAIT_S
    schedule.released("key", 10 * MIB)
    waits = [schedule.seconds_until_return("key", 2 * MIB) for _ in range(5)]
    assert waits == [3, 6, 9, 12, 15]


def test_another_key_is_not_kept_waiting():
    clock = Clock()
    schedule = ReturnSchedule(WAIT_S, clock)
    schedule.waits("key")
    clock.now += WAIT_S
    for _ in range(10):
        schedule.seconds_until_return("key", MIB)
    schedule.waits("other")
    clock.now += 1
    schedule.released("other", MIB)
    assert schedule.seconds_until_return("other", MIB) == 1


def test_nobody_is_asked_to_wait_for_ever():
    schedule = ReturnSchedule(WAIT_S, Clock())
    waits = [schedule.seconds_until_return("key", MIB) for _ in range(1_000)]
    assert max(waits) == RETRY_SECONDS_MAX


def test_a_pace_is_forgotten_when_nobody_of_its_key_is_awaited():
    clock = Clock()
    schedule = ReturnSchedule(WAIT_S, clock)
    schedule.waits("key")
    for _ in range(5):
        schedule.seconds_until_return("key", MIB)
    clock.now += 10 * RETRY_SECONDS_MAX
    schedule.waits("key")
    clock.now += 1
    schedule.released("key", MIB)
    assert schedule.seconds_until_return("key", MIB) == 1
