"""A burst, then a steady rate; nothing is forgotten that matters."""

import pytest

from dialoguedb.errors import RateLimitExceeded
from dialoguedb.http.admission.rate_limits import RateLimits, rate_limit_exceeded
from dialoguedb.model.projects import Project, ProjectSettings, RateLimit


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def project(name="p", **rate):
    settings = ProjectSettings(rate_limit=RateLimit(**rate))
    return Project(id=name, name=name, created="", modified="", settings=settings)


def test_a_burst_is_served_and_then_one_for_each_span(clock):
    limited, one = RateLimits(enabled=True, clock=clock), project(per_second=10, burst=3)
    assert [limited.spend(one)[0].remaining for _ in range(3)] == [2, 1, 0]
    status, wait_s = limited.spend(one)
    assert (status.limit, status.remaining) == (3, 0)
    assert wait_s == pytest.approx(0.1, abs=1e-6)
    clock.now += 0.1
    assert limited.spend(one)[1] == 0
    assert limited.spend(one)[1] > 0


def test_what_is_refused_costs_nothing(clock):
    limited, one = RateLimits(enabled=True, clock=clock), project(per_second=1, burst=1)
    limited.spend(one)
    for _ in range(50):
        assert limited.spend(one)[1] == pytest.approx(1, abs=1e-5)
    clock.now += 1
    assert limited.spend(one)[1] == 0


def test_rest_fills_the_burst_and_no_more(clock):
    limited, one = RateLimits(enabled=True, clock=clock), project(per_second=2, burst=5)
    for _ in range(5):
        limited.spend(one)
    clock.now += 1_000
    assert [limited.spend(one)[0].remaining for _ in range(5)] == [4, 3, 2, 1, 0]


def test_projects_do_not_share(clock):
    limited = RateLimits(enabled=True, clock=clock)
    limited.spend(project("a", per_second=1, burst=1))
    assert limited.spend(project("b", per_second=1, burst=1))[1] == 0


def test_a_smaller_burst_counts_at_once(clock):
    limited = RateLimits(enabled=True, clock=clock)
    for _ in range(10):
        limited.spend(project(per_second=1, burst=10))
    status, wait_s = limited.spend(project(per_second=1, burst=2))
    assert (status.remaining, round(wait_s)) == (0, 1)


def test_very_high_rates_lose_no_precision(clock):
    clock.now = 10.0**7
    limited, one = RateLimits(enabled=True, clock=clock), project(per_second=10**6, burst=3)
    assert [limited.spend(one)[0].remaining for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize("switched_off", ["server", "project"])
def test_switched_off_it_shows_the_defaults_full(switched_off, clock):
    limited = RateLimits(enabled=switched_off != "server", clock=clock)
    free = project(enabled=switched_off != "project", per_second=1, burst=1)
    for _ in range(3):
        status, wait_s = limited.spend(free)
        assert (status.limit, status.remaining, wait_s) == (20_000, 20_000, 0)


def test_many_projects_push_out_none_that_has_spent(clock):
    limited = RateLimits(enabled=True, clock=clock, projects_max=3)
    slow = project("slow", per_second=1, burst=1)
    limited.spend(slow)
    clock.now += 0.5
    for number in range(10):
        limited.spend(project(f"fast {number}", per_second=1_000, burst=1))
        clock.now += 0.01
    assert limited.spend(slow)[1] > 0


def test_the_refusal_tells_the_limit_and_at_least_a_second():
    error = rate_limit_exceeded(RateLimit(per_second=7, burst=9), 0.01)
    assert isinstance(error, RateLimitExceeded)
    assert error.retry_after_s == 1
    assert "7" in error.details[0].message
