"""Times as text: any time becomes one form, in which text order is time order."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.values import timestamps

MANY = settings(max_examples=300, database=None)

FIRST = datetime(1, 1, 3, tzinfo=UTC)

TIMESTAMPS = st.timedeltas(timedelta(), timedelta(days=3_652_000)).map(lambda since: FIRST + since)

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def cut(timestamp: datetime) -> str:
    """Return the form that a timestamp must have."""
    utc = timestamp.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1_000:03}Z".rjust(24, "0")


class TestParsing:
    @MANY
    @given(timestamp=TIMESTAMPS, offset=OFFSETS)
    def test_any_offset_means_the_same_time(self, timestamp, offset):
        assert timestamps.parse(timestamp.astimezone(offset).isoformat()) == cut(timestamp)

    @MANY
    @given(one=TIMESTAMPS, other=TIMESTAMPS)
    def test_the_order_of_texts_is_the_order_of_times(self, one, other):
        texts = timestamps.render(one), timestamps.render(other)
        if abs(one - other) >= timedelta(milliseconds=1):
            assert (texts[0] < texts[1]) == (one < other)
        assert all(len(text) == 24 and timestamps.parse(text) == text for text in texts)

    @MANY
    @given(text=st.text(max_size=30) | st.from_regex(r"[0-9TZ:.+-]{1,32}", fullmatch=True))
    def test_anything_is_read_or_refused(self, text):
        for read in [
            timestamps.parse,
            timestamps.prefix_range,
            timestamps.range_start,
            timestamps.range_end,
        ]:
            try:
                read(text)
            except ValueError:
                continue
