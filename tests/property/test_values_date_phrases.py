"""Dates in a search: what each means, at a time and in a zone."""

from datetime import datetime, timedelta

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
            assert time.start < time.end
