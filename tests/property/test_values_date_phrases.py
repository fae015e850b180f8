"""Dates in a search: what each means, at a time and in a zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialoguedb.values.date_phrases import Interval, read, read_edge, zone_of

WORDS = """
last past this next since before until between and to ago week weeks day days month hour minutes
quarter q1 q9 march may monday 3 15 2025 0 9999 2025-03 3pm 10:00 utc the in of - , . noon night
yesterday now a one century decade + -5 1e9
"""

words = st.sampled_from(WORDS.split())


@settings(max_examples=400)
@given(
    text=st.lists(words, max_size=6).map(" ".join) | st.text(max_size=100),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
    now=st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)),  # noqa: DTZ001 - in UTC
)
@example(text="2025-03-01T10:20:30." + "1" * 32, zone="UTC", now=datetime(2026, 1, 1))  # noqa: DTZ001
@example(text="1" * 100, zone="UTC", now=datetime(2026, 1, 1))  # noqa: DTZ001
def test_any_text_is_a_time_or_is_refused(text, zone, now):
    stored = now.isoformat(timespec="milliseconds") + "Z"
    for reader in (read, read_edge):
        try:
            time = reader(text, zone_of(zone), stored)
        except ValueError:
            continue
        assert time != Interval()
        for end in (time.start, time.end):
            assert end is None or datetime.fromisoformat(end).utcoffset() == timedelta(0)
        if time.start and time.end:
            assert time.start <= time.end


ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})

instants = st.datetimes(datetime(1850, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC


def shown_by_clocks(time, zone):
    """Return what clocks in a zone show at a time."""
    return time.astimezone(zone).replace(tzinfo=None)


def ends(time):
    """Return both ends of an interval as times."""
    return datetime.fromisoformat(time.start), datetime.fromisoformat(time.end)


@settings(max_examples=1000)
@given(time=instants, zone=st.sampled_from(ZONES), precision=st.sampled_from([4, 7, 10]))
@example(datetime(2018, 11, 4, 12, tzinfo=UTC), "America/Sao_Paulo", 10)
@example(datetime(1919, 3, 31, 12, tzinfo=UTC), "America/Toronto", 10)
@example(datetime(2011, 12, 31, tzinfo=UTC), "Pacific/Apia", 10)
@example(datetime(2010, 11, 8, tzinfo=UTC), "America/St_Johns", 10)
@example(datetime(2026, 11, 1, 12, tzinfo=UTC), "America/Havana", 10)
def test_a_date_begins_and_ends_with_its_zone_s_day(time, zone, precision):
    """Read the date from its beginning and end, not from how they are computed."""
    zone, second = zone_of(zone), timedelta(seconds=1)
    date = shown_by_clocks(time, zone).isoformat()[:precision]
    for reader in (read, read_edge):
        start, end = ends(reader(date, zone, "2026-01-01T00:00:00.000Z"))
        assert shown_by_clocks(start, zone).isoformat()[:precision] == date
        assert shown_by_clocks(start - second, zone).isoformat()[:precision] < date
        assert shown_by_clocks(end - second, zone).isoformat()[:precision] <= date
        assert shown_by_clocks(end, zone).isoformat()[:precision] > date


@given(time=instants, zone=st.sampled_from(ZONES))
@example(datetime(2018, 11, 4, 2, 59, 59, tzinfo=UTC), "America/Sao_Paulo")
@example(datetime(2018, 11, 4, 3, tzinfo=UTC), "America/Sao_Paulo")
@example(datetime(1919, 3, 31, 4, 45, tzinfo=UTC), "America/Toronto")
@example(datetime(2011, 12, 30, 10, tzinfo=UTC), "Pacific/Apia")
def test_every_time_is_within_the_day_that_clocks_show(time, zone):
    zone = zone_of(zone)
    day = shown_by_clocks(time, zone).date().isoformat()
    start, end = ends(read(day, zone, "2026-01-01T00:00:00.000Z"))
    is_put_back = end.astimezone(zone).utcoffset() > time.astimezone(zone).utcoffset()
    assert start <= time
    assert time < end or is_put_back  # over midnight, so that the day comes back for a while
