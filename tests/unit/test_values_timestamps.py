"""Times as text: any time becomes one form, in which text order is time order."""

from datetime import UTC, datetime, timedelta

import pytest

from dialoguedb.values import timestamps


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "parsed"),
        [
            ("2025-11-06", "2025-11-06T00:00:00.000Z"),
            ("2025-11-06T21:34", "2025-11-06T21:34:00.000Z"),
            ("2025-11-06T21:34:21", "2025-11-06T21:34:21.000Z"),
            ("2025-11-06T21:34:21.1Z", "2025-11-06T21:34:21.100Z"),
            ("2025-11-06T21:34:21.117999999Z", "2025-11-06T21:34:21.117Z"),
            ("2025-11-06T21:34:21.117+02:00", "2025-11-06T19:34:21.117Z"),
            ("2025-11-06T21:34:21-0530", "2025-11-07T03:04:21.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ],
    )
    def test_what_is_a_timestamp(self, text, parsed):
        assert timestamps.parse(text) == parsed

    @pytest.mark.parametrize(
        "text",
        [
            *("", " ", "now", "2025", "2025-11", "20251106", "2025-W45-4", "2025-310"),
            *("2025-13-01", "2025-02-29", "2025-11-06T24:01", "2025-11-06T21", "2025-11-06 21:34"),
            *("2025-11-06T21:34:60", "2025-11-06T21:34:21,5", "2025-11-06t21:34:21z", "1762464861"),
            *(
                "2025-11-06T21:34:21+25:00",
                "2025-11-06Z",
                " 2025-11-06",
                "2025-11-06\n",
                "٢٠٢٥-11-06",
            ),
            *("0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00", "10000-01-01", "-2025-01-01"),
        ],
    )
    def test_what_is_none(self, text):
        with pytest.raises(ValueError, match="is not a"):
            timestamps.parse(text)


class TestRanges:
    @pytest.mark.parametrize(
        "prefix",
        [
            *("2025", "2025-11", "2025-11-06", "2025-11-06T21", "2025-11-06T21:34"),
            *("2025-11-06T21:34:21", "2025-11-06T21:34:21.1", "2025-11-06T21:34:21.117"),
            *("2025-11-06T21:34:21.117Z", "2025-11-06T23:34:21.117+02:00", "2025-11-06T21:34Z"),
        ],
    )
    def test_a_prefix_covers_its_precision(self, prefix):
        lower, upper = timestamps.prefix_range(prefix)
        assert lower <= "2025-11-06T21:34:21.117Z" < upper
        for outside in ["2024-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z"]:
            assert not lower <= outside < upper

    def test_a_month_ends_where_the_next_begins(self):
        lower, upper = timestamps.prefix_range("2025-11")
        assert lower <= "2025-11-01T00:00:00.000Z"
        assert "2025-11-30T23:59:59.999Z" < upper <= "2025-12-01T00:00:00.000Z"

    @pytest.mark.parametrize("prefix", ["", "2", "20255", "2025-1", "2025-13", "2025-11-31", "x"])
    def test_what_is_no_prefix_is_refused(self, prefix):
        with pytest.raises(ValueError, match="is not a"):
            timestamps.prefix_range(prefix)

    @pytest.mark.parametrize("read", [timestamps.parse, timestamps.prefix_range])
    def test_what_is_refused_is_shown_but_not_at_any_length(self, read):
        with pytest.raises(ValueError, match=r"x{100}' is not a date") as refused:
            read("x" * 100_000)
        assert len(str(refused.value)) < 200

    def test_both_ends_are_inclusive(self):
        timestamp = "2025-11-06T21:34:21.117Z"
        assert timestamps.range_start(timestamp) <= timestamp < timestamps.range_end(timestamp)
        assert timestamps.range_end(timestamp) < "2025-11-06T21:34:21.118Z"

    def test_a_bare_end_date_is_its_whole_day(self):
        assert "2025-11-06T23:59:59.999Z" < timestamps.range_end("2025-11-06") < "2025-11-07"
        assert timestamps.range_start("2025-11-06") == "2025-11-06T00:00:00.000Z"


class TestClock:
    def test_now_has_the_form(self):
        now = timestamps.now()
        assert timestamps.parse(now) == now
        assert abs(datetime.now(UTC) - datetime.fromisoformat(now)) < timedelta(seconds=30)

    def test_hours_later_and_earlier(self):
        assert (
            timestamps.add_seconds("2025-12-31T23:30:00.000Z", 3600) == "2026-01-01T00:30:00.000Z"
        )
        assert (
            timestamps.add_seconds("2026-01-01T00:30:00.000Z", -88_200)
            == "2025-12-31T00:00:00.000Z"
        )
