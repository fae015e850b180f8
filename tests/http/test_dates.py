"""Times: which are taken, how they come back, and how lists are narrowed by them."""

import pytest

from .checking import done, refused
from .making import HELLO, new_dialogue, new_memory, new_message, walk

TAKEN = [
    ("2025-11-06", "2025-11-06T00:00:00.000Z"),
    ("2025-11-06T21:34:21", "2025-11-06T21:34:21.000Z"),
    ("2025-11-06T21:34:21Z", "2025-11-06T21:34:21.000Z"),
    ("2025-11-06T21:34:21.1Z", "2025-11-06T21:34:21.100Z"),
    ("2025-11-06T21:34:21.117", "2025-11-06T21:34:21.117Z"),
    ("2025-11-06T21:34:21.1179999Z", "2025-11-06T21:34:21.117Z"),
    ("2025-11-06T21:34:21.999999999Z", "2025-11-06T21:34:21.999Z"),
    ("2025-11-06T21:34:21+00:00", "2025-11-06T21:34:21.000Z"),
    ("2025-11-06T21:34:21+02:00", "2025-11-06T19:34:21.000Z"),
    ("2025-11-06T21:34:21.5-05:30", "2025-11-07T03:04:21.500Z"),
    ("2025-01-01T00:30:00+01:00", "2024-12-31T23:30:00.000Z"),
    ("2024-02-29", "2024-02-29T00:00:00.000Z"),
    ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
]
REFUSED = [
    "",
    "now",
    "yesterday",
    "2025",
    "2025-11",
    "2025-1-6",
    "2025-13-01",
    "2025-02-30",
    "2023-02-29",
    "2025-11-06T25:00:00Z",
    "2025-11-06T21:60:00Z",
    "2025-11-06T21:34:21 Z",
    "2025-11-06T21:34:21.Z",
    "2025-11-06T21:34:21+25:00",
    "2025-11-06Z",
    "06.11.2025",
    "11/06/2025",
    "20251106",
    "1762464861",
    "٢٠٢٥-١١-٠٦",
    "+12025-11-06",
    "-2025-11-06",
    "2025-11-06T21:34:21Zjunk",
    "2025-11-06\n",
]
ON_THE_EDGE = [
    "0000-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2016-12-31T23:59:60Z",
    "2025-11-06T24:00:00Z",
    "2025-11-06 21:34:21",
    "2025-11-06t21:34:21z",
    "2025-11-06T21:34",
    "2025-11-06T21:34:21-00:00",
]


@pytest.fixture
def dialogue(api):
    return new_dialogue(api, id="d")


class TestTimesReceived:
    @pytest.mark.parametrize(("written", "stored"), TAKEN)
    def test_they_are_told_in_utc_cut_to_milliseconds(self, written, stored, api, dialogue):
        assert new_dialogue(api, created=written)["created"] == stored
        assert new_message(api, "d", created=written)["created"] == stored
        assert new_memory(api, created=written)["created"] == stored

    @pytest.mark.parametrize("written", REFUSED)
    def test_anything_else_is_refused(self, written, api, dialogue):
        for path in ["/dialogue", "/dialogue/d/messages", "/memory"]:
            answer = api.post(path, json={**HELLO, "value": 1, "created": written})
            refused(answer, "INVALID_PARAMETER", "created")

    @pytest.mark.parametrize("written", [5, 1.5, True, [], {}, ["2025-11-06"]])
    def test_a_time_is_text(self, written, api):
        refused(api.post("/dialogue", json={"created": written}), "INVALID_PARAMETER", "created")

    @pytest.mark.parametrize("written", ON_THE_EDGE)
    def test_the_edges_of_the_calendar_break_nothing(self, written, api):
        answer = api.post("/dialogue", json={"created": written})
        assert answer.status_code in {200, 400}
        for parameter in ["created", "startDate", "endDate"]:
            assert api.get("/dialogue", params={parameter: written}).status_code in {200, 400}
        assert len(walk(api, "/dialogue", order="asc")) == (answer.status_code == 200)


TIMESTAMPS = [
    "2024-12-31T23:59:59.999Z",
    "2025-01-01T00:00:00.000Z",
    "2025-05-31T23:59:59.999Z",
    "2025-06-01T00:00:00.000Z",
    "2025-06-15T10:29:59.999Z",
    "2025-06-15T10:30:00.000Z",
    "2025-06-15T10:30:20.000Z",
    "2025-06-15T10:30:20.500Z",
    "2025-06-15T10:30:21.000Z",
    "2025-06-15T11:00:00.000Z",
    "2025-06-15T23:59:59.999Z",
    "2025-06-16T00:00:00.000Z",
    "2025-07-01T00:00:00.000Z",
    "2025-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00.000Z",
]


class TestNarrowingLists:
    @pytest.fixture(autouse=True)
    def timestamps(self, api, dialogue):
        batch = [{**HELLO, "created": timestamp} for timestamp in TIMESTAMPS]
        done(api.post("/dialogue/d/messages", json=batch))
        for timestamp in TIMESTAMPS:
            new_dialogue(api, created=timestamp)
            new_memory(api, created=timestamp)

    def listed(self, api, **params):
        """Return the times that all three lists agree on."""
        first, *others = (
            [item["created"] for item in walk(api, path, order="asc", limit=4, **params)]
            for path in ["/dialogue/d/messages", "/dialogue", "/memory"]
        )
        now = [timestamp for timestamp in others[0] if timestamp not in TIMESTAMPS]
        assert [[timestamp for timestamp in other if timestamp not in now] for other in others] == [
            first
        ] * 2
        return first

    @pytest.mark.parametrize(
        "prefix",
        [
            "2025",
            "2025-06",
            "2025-06-15",
            "2025-06-15T10",
            "2025-06-15T10:30",
            "2025-06-15T10:30:20",
            "2025-06-15T10:30:20.500",
        ],
    )
    def test_created_is_a_prefix_at_any_precision(self, prefix, api):
        expected = [timestamp for timestamp in TIMESTAMPS if timestamp.startswith(prefix)]
        assert expected
        assert self.listed(api, created=prefix) == expected

    def test_created_may_be_a_whole_time_as_it_was_told(self, api):
        assert self.listed(api, created=TIMESTAMPS[7]) == [TIMESTAMPS[7]]

    def test_a_prefix_that_nothing_has_finds_nothing(self, api):
        assert self.listed(api, created="1999") == []
        assert self.listed(api, created="2025-02") == []

    @pytest.mark.parametrize(
        "prefix", ["2025-", "2025-13", "2025-02-30", "25", "202", "2025-06-15T", "2025-6", "x"]
    )
    def test_what_is_no_prefix_is_refused(self, prefix, api):
        for path in ["/dialogue", "/memory", "/dialogue/d/messages"]:
            refused(api.get(path, params={"created": prefix}), "INVALID_PARAMETER", "created")

    def test_both_ends_are_inclusive(self, api):
        ends = {"startDate": TIMESTAMPS[3], "endDate": TIMESTAMPS[8]}
        assert self.listed(api, **ends) == TIMESTAMPS[3:9]
        assert self.listed(api, startDate=TIMESTAMPS[3], endDate=TIMESTAMPS[3]) == [TIMESTAMPS[3]]

    def test_one_end_alone_is_enough(self, api):
        assert self.listed(api, endDate=TIMESTAMPS[4]) == TIMESTAMPS[:5]
        messages = walk(api, "/dialogue/d/messages", startDate=TIMESTAMPS[10])
        assert [message["created"] for message in messages] == TIMESTAMPS[10:]

    def test_a_bare_end_date_means_to_the_end_of_that_day(self, api):
        assert self.listed(api, startDate="2025-06-15", endDate="2025-06-15") == TIMESTAMPS[4:11]
        assert self.listed(api, startDate="2025-06-16", endDate="2025-07-01") == TIMESTAMPS[11:13]

    def test_ends_may_have_an_offset(self, api):
        ends = {"startDate": "2025-06-15T12:30:00+02:00", "endDate": "2025-06-15T08:30:20-02:00"}
        assert self.listed(api, **ends) == TIMESTAMPS[5:7]

    def test_an_end_before_the_start_finds_nothing(self, api):
        assert self.listed(api, startDate="2025-07-01", endDate="2025-06-01") == []

    def test_created_wins_over_both(self, api):
        params = {"created": "2024", "startDate": "2025-01-01", "endDate": "2025-12-31"}
        assert self.listed(api, **params) == TIMESTAMPS[:1]
