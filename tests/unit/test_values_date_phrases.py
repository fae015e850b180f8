"""Dates in a search: what each means, at a time and in a zone."""

import pytest

from dialoguedb.values.date_phrases import is_iso, read, read_edge, zone_of

NOW = "2026-11-18T14:20:30.123Z"  # a Wednesday
UTC = zone_of("UTC")


def meant(text, zone="UTC", now=NOW):
    """Return the time that a text covers, midnights as dates."""
    return shortened(read(text, zone_of(zone), now))


def edge(text, zone="UTC", now=NOW):
    """Return the time that a text means as the edge of a range."""
    return shortened(read_edge(text, zone_of(zone), now))


def shortened(time):
    return tuple(
        text and text.replace("T00:00:00.000Z", "").replace(":00.000Z", "Z")
        for text in (time.start, time.end)
    )


class TestIsoDates:
    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("2025", "2025-01-01", "2026-01-01"),
            ("2025-03", "2025-03-01", "2025-04-01"),
            ("2025-12", "2025-12-01", "2026-01-01"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
            ("2025-03-09T10", "2025-03-09T10:00Z", "2025-03-09T11:00Z"),
            ("2025-03-09T10:20", "2025-03-09T10:20Z", "2025-03-09T10:21Z"),
            ("2025-03-09T10:20:30Z", "2025-03-09T10:20:30.000Z", "2025-03-09T10:20:31.000Z"),
            ("2025-03-09T10:20:30.117Z", "2025-03-09T10:20:30.117Z", "2025-03-09T10:20:30.118Z"),
            ("2025-03-09T10:20+05:30", "2025-03-09T04:50Z", "2025-03-09T04:51Z"),
        ],
    )
    def test_one_covers_the_time_that_it_is_precise_to(self, text, start, end):
        assert meant(text) == (start, end)

    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
    @pytest.mark.parametrize("time", ["2025-03-09T10", "2025-03-09T10:00", "2025-03-09T10:00:00"])
    def test_a_time_without_a_zone_is_utc_wherever_the_caller_is(self, time, zone):
        assert meant(time, zone)[0] == "2025-03-09T10:00Z"
        assert edge(time, zone)[0] == "2025-03-09T10:00Z"

    @pytest.mark.parametrize(
        ("text", "zone", "start", "end"),
        [
            ("2026-09-07", "America/Sao_Paulo", "2026-09-07T03:00Z", "2026-09-08T03:00Z"),
            ("2026-09", "America/Sao_Paulo", "2026-09-01T03:00Z", "2026-10-01T03:00Z"),
            ("2026", "America/New_York", "2026-01-01T05:00Z", "2027-01-01T05:00Z"),
            ("2026-03", "America/New_York", "2026-03-01T05:00Z", "2026-04-01T04:00Z"),
            ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),  # 23 hours
            ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),  # 25 hours
            ("2026-04-05", "Australia/Lord_Howe", "2026-04-04T13:00Z", "2026-04-05T13:30Z"),
            ("2026-09-07", "Asia/Kathmandu", "2026-09-06T18:15Z", "2026-09-07T18:15Z"),
        ],
    )
    def test_a_day_month_or_year_is_that_of_the_zone(self, text, zone, start, end):
        assert meant(text, zone) == edge(text, zone) == (start, end)
        assert meant(f"since {text}", zone) == (start, None)
        assert meant(f"{text} to {text}", zone) == (start, end)

    @pytest.mark.parametrize(
        ("text", "zone", "start", "end"),
        [
            # clocks are put forward at midnight: the day begins at 01:00
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
            # from 23:30 to 00:30: the day begins at 00:30
            ("1919-03-31", "America/Toronto", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),
            # back at midnight: the day before has 25 hours
            ("2018-02-17", "America/Sao_Paulo", "2018-02-17T02:00Z", "2018-02-18T03:00Z"),
            # back from 01:00 to 00:00: the first midnight begins the day
            ("2026-11-01", "America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
            # a day that the calendar left out
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
        ],
    )
    def test_a_day_begins_when_its_clock_first_shows_it(self, text, zone, start, end):
        assert meant(text, zone) == edge(text, zone) == (start, end)

    @pytest.mark.parametrize(
        ("iso", "words"),
        [
            ("2018-11-04", "4 November 2018"),
            ("2018-11", "November 2018"),
            ("2026-10-25", "Oct 25, 2026"),
            ("2026-11-01", "November 1, 2026"),
        ],
    )
    @pytest.mark.parametrize("zone", ["America/Sao_Paulo", "Europe/Berlin", "America/Havana"])
    def test_in_words_or_digits_a_date_is_the_same(self, iso, words, zone):
        assert meant(iso, zone) == meant(words, zone)
        assert edge(iso, zone) == edge(words, zone)

    def test_as_an_edge_a_date_is_its_day_and_a_time_its_point_in_time(self):
        assert edge("2025-03") == ("2025-03-01", "2025-04-01")
        assert edge("2025-03-09") == ("2025-03-09", "2025-03-10")
        assert edge("2025-03-09T10:20") == ("2025-03-09T10:20Z", "2025-03-09T10:20:00.001Z")

    def test_the_last_and_the_first_there_are_can_be_named(self):
        assert meant("9999-12-31") == ("9999-12-31", "9999-12-31T23:59:59.999Z")
        assert meant("9999")[0] == "9999-01-01"
        assert read_edge("9999-12-31T23:59:59.999Z", UTC, NOW).start == "9999-12-31T23:59:59.999Z"
        assert meant("0001-01-01") == ("0001-01-01", "0001-01-02")
        assert meant("0001-01-01", "Asia/Tokyo")[0] == "0001-01-01"
        assert meant("9999", "America/New_York")[1] == "9999-12-31T23:59:59.999Z"
        assert edge("9999-12-31", "America/New_York")[1] == "9999-12-31T23:59:59.999Z"

    @pytest.mark.parametrize("text", ["2025-13", "2025-02-30", "0000", "2025-3", "2025-03-01T25"])
    def test_one_outside_of_the_calendar_is_refused(self, text):
        with pytest.raises(ValueError, match=text):
            read(text, UTC, NOW)
        with pytest.raises(ValueError, match=text):
            read_edge(text, UTC, NOW)


class TestPhrases:
    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("March 2025", "2025-03-01", "2025-04-01"),
            ("in march 2025", "2025-03-01", "2025-04-01"),
            ("Nov 2025", "2025-11-01", "2025-12-01"),
            ("March", "2026-03-01", "2026-04-01"),
            ("December", "2025-12-01", "2026-01-01"),
            ("today", "2026-11-18", "2026-11-19"),
            ("yesterday", "2026-11-17", "2026-11-18"),
            ("the day before yesterday", "2026-11-16", "2026-11-17"),
            ("this week", "2026-11-16", "2026-11-23"),
            ("last week", "2026-11-09", "2026-11-16"),
            ("during the previous week", "2026-11-09", "2026-11-16"),
            ("2 weeks ago", "2026-11-02", "2026-11-09"),
            ("last month", "2026-10-01", "2026-11-01"),
            ("3 months ago", "2026-08-01", "2026-09-01"),
            ("last year", "2025-01-01", "2026-01-01"),
            ("Monday", "2026-11-16", "2026-11-17"),
            ("last Friday", "2026-11-13", "2026-11-14"),
            ("June 5", "2026-06-05", "2026-06-06"),
            ("5 June 2025", "2025-06-05", "2025-06-06"),
            ("June 5th, 2025", "2025-06-05", "2025-06-06"),
            ("Q1 2025", "2025-01-01", "2025-04-01"),
            ("q4", "2026-10-01", "2027-01-01"),
            ("Q1", "2026-01-01", "2026-04-01"),
            ("this quarter", "2026-10-01", "2027-01-01"),
            ("last quarter", "2026-07-01", "2026-10-01"),
            ("yesterday at 3pm", "2026-11-17T15:00Z", "2026-11-17T16:00Z"),
            ("yesterday at 3:15pm", "2026-11-17T15:15Z", "2026-11-17T15:16Z"),
            ("last night", "2026-11-17T20:00Z", "2026-11-18T06:00Z"),
            ("yesterday morning", "2026-11-17T05:00Z", "2026-11-17T12:00Z"),
            ("March 1 2025 10:00 PST", "2025-03-01T18:00Z", "2025-03-01T18:01Z"),
        ],
    )
    def test_one_covers_what_people_mean_by_it(self, text, start, end):
        assert meant(text) == (start, end)
        assert meant(f"  {text.upper()} ") == (start, end)

    @pytest.mark.parametrize(
        ("text", "start"),
        [
            ("last 3 days", "2026-11-15"),
            ("the last three days", "2026-11-15"),
            ("past 3 days", "2026-11-15"),
            ("3 days", "2026-11-15"),
            ("in the last 2 weeks", "2026-11-04"),
            ("past week", "2026-11-11"),
            ("last 6 months", "2026-05-18"),
        ],
    )
    def test_the_last_days_are_whole_days_and_today(self, text, start):
        assert meant(text) == (start, "2026-11-19")

    @pytest.mark.parametrize(
        ("text", "start"),
        [
            ("last 24 hours", "2026-11-17T14:20:30.123Z"),
            ("past hour", "2026-11-18T13:20:30.123Z"),
            ("last 90 minutes", "2026-11-18T12:50:30.123Z"),
        ],
    )
    def test_the_last_hours_lead_up_to_now(self, text, start):
        assert meant(text) == (start, "2026-11-18T14:20:30.124Z")

    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("since Monday", "2026-11-16", None),
            ("from last week", "2026-11-09", None),
            ("since 3 weeks ago", "2026-10-28", None),
            ("since 2025-03", "2025-03-01", None),
            ("after March 2025", "2025-04-01", None),
            ("before March 2025", None, "2025-03-01"),
            ("until March 2025", None, "2025-04-01"),
            ("between March 2025 and May 2025", "2025-03-01", "2025-06-01"),
            ("from 2025-03-01 to 2025-03-03", "2025-03-01", "2025-03-04"),
            ("March 2025 until yesterday", "2025-03-01", "2026-11-18"),
        ],
    )
    def test_ranges_can_be_said_in_words(self, text, start, end):
        assert meant(text) == (start, end)

    def test_as_an_edge_some_time_ago_is_a_day_or_a_point_in_time(self):
        assert edge("3 weeks ago") == ("2026-10-28", "2026-10-29")
        assert edge("2 months ago") == ("2026-09-18", "2026-09-19")
        assert edge("last week") == ("2026-11-09", "2026-11-16")
        assert edge("3 hours ago")[0] == "2026-11-18T11:20:30.123Z"
        assert edge("now") == (NOW, "2026-11-18T14:20:30.124Z")
        assert edge("last 3 days") == ("2026-11-15", "2026-11-19")

    @pytest.mark.parametrize(
        "text",
        [
            *("", " ", "soon", "billing", "11", "3/2025", "1/2/2025", "20250301", "1700000000"),
            *("H1 2025", "Q5 2025", "Feb 30 2025", "99999999 days ago", "20000 years ago"),
            *("since", "since never", "between May 2025 and March 2025", "March 2025 or so"),
            *("the 5th", "5th", "1st", "since the 5th", "1990s", "the 90s", "20s", "last decade"),
            *("over 3 days ago", "a", "march 32", "monday 2025", "last week 2020", "-3 days ago"),
            *("yesterday 2019", "March 45"),
            *("'; DROP TABLE messages", "last \u0000 week", "%Y-%m", "٣ مارس"),
        ],
    )
    def test_what_nobody_understands_is_refused_with_examples(self, text):
        with pytest.raises(ValueError, match="March 2025"):
            read(text, UTC, NOW)

    @pytest.mark.parametrize(
        "text", ["since Monday", "until May", "May to June", "after March 2025", "before the 5th"]
    )
    def test_an_edge_has_no_open_side(self, text):
        with pytest.raises(ValueError, match="March 2025"):
            read_edge(text, UTC, NOW)


class TestZones:
    def test_a_day_begins_at_midnight_of_the_zone(self):
        assert meant("yesterday", "Asia/Tokyo") == ("2026-11-16T15:00Z", "2026-11-17T15:00Z")
        assert meant("March 2025", "Asia/Kolkata") == ("2025-02-28T18:30Z", "2025-03-31T18:30Z")

    def test_what_day_it_is_depends_on_the_zone(self):
        late = "2026-11-18T23:30:00.000Z"
        assert meant("today", "Asia/Tokyo", late) == ("2026-11-18T15:00Z", "2026-11-19T15:00Z")
        assert meant("today", "America/New_York", late)[0] == "2026-11-18T05:00Z"

    def test_the_day_clocks_go_forward_has_23_hours(self):
        now = "2026-03-08T20:00:00.000Z"
        assert meant("today", "America/New_York", now) == ("2026-03-08T05:00Z", "2026-03-09T04:00Z")

    def test_the_day_clocks_go_back_has_25_hours(self):
        now = "2026-10-25T20:00:00.000Z"
        assert meant("today", "Europe/Berlin", now) == ("2026-10-24T22:00Z", "2026-10-25T23:00Z")

    def test_a_month_may_begin_and_end_with_different_clocks(self):
        assert meant("March 2025", "America/New_York") == ("2025-03-01T05:00Z", "2025-04-01T04:00Z")

    def test_a_day_without_a_midnight_begins_when_it_does(self):
        now = "2024-04-26T12:00:00.000Z"  # in Cairo clocks went from 00:00 to 01:00 that day
        assert meant("today", "Africa/Cairo", now) == ("2024-04-25T22:00Z", "2024-04-26T21:00Z")

    def test_hours_ago_are_hours_however_clocks_changed(self):
        now = "2026-03-08T08:30:00.000Z"  # 04:30 in New York, an hour lost at 02:00
        assert edge("3 hours ago", "America/New_York", now)[0] == "2026-03-08T05:30Z"
        assert meant("last 24 hours", "America/New_York", now)[0] == "2026-03-07T08:30Z"

    @pytest.mark.parametrize(
        "name",
        [
            *("Mars/Olympus", "America", "../../etc/passwd", "/etc/passwd", "UTC+2", "+02:00"),
            *("", ".", "x" * 256, "a\u0000b", "zone.tab", "é", "localtime"),
        ],
    )
    def test_one_that_is_not_there_is_refused(self, name):
        with pytest.raises(ValueError, match="not a time zone"):
            zone_of(name)


def test_only_iso_dates_are_read_at_once():
    assert all(map(is_iso, ["2025", "2025-03", "2025-03-01T10:00:00+01:00", "2025-99"]))
    assert not any(
        map(is_iso, ["March 2025", "2025 Q1", "20250301", "last week", "2025-03 to 2026"])
    )
