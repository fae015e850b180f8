"""The filters of a search: what is found satisfies all of them, and all that does can be found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .checking import done
from .making import HELLO, new_dialogue, new_memory, new_messages
from .searching import MODES, OBJECTS, found, found_by_query, label, search

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

METADATA = {
    "one": {"n": 1},
    "text": {"n": "1"},
    "true": {"n": True},
    "float": {"n": 1.0},
    "half": {"n": 1.5},
    "two": {"n": 2},
    "big": {"n": 12345678901234567890123},
    "null": {"n": None},
    "array": {"n": [1, "x"]},
    "object": {"n": {"a": 1}},
    "none": {},
    "x": {"n": "x"},
}
NUMBERED = {"one", "float", "half", "two", "big"}
EVERY = set(METADATA)


@pytest.fixture
def metadata(api):
    """A message, a dialogue and a memory of each metadata, all with the same words."""
    new_dialogue(api, id="d")
    new_messages(api, "d", *({"id": name, "metadata": value} for name, value in METADATA.items()))


class TestMetadata:
    @pytest.mark.parametrize(
        ("condition", "names"),
        [
            (1, {"one", "float", "array"}),
            (1.0, {"one", "float", "array"}),
            ("1", {"text"}),
            (True, {"true"}),
            (False, set()),
            (1.5, {"half"}),
            (12345678901234567890123, {"big"}),
            (None, {"null"}),
            ("x", {"array", "x"}),
            ([2, "x"], {"two", "array", "x"}),
            ([1, "1", True], {"one", "float", "array", "text", "true"}),
            ({"$eq": 1}, {"one", "float", "array"}),
            ({"$eq": None}, {"null"}),
            ({"$ne": 1}, EVERY - {"one", "float", "array"}),
            ({"$ne": "nothing"}, EVERY),
            ({"$in": [1.5, 2]}, {"half", "two"}),
            ({"$nin": [1, "x"]}, EVERY - {"one", "float", "array", "x"}),
            ({"$gt": 1}, {"half", "two", "big"}),
            ({"$gte": 1}, {*NUMBERED, "array"}),
            ({"$lt": 1.5}, {"one", "float", "array"}),
            ({"$lte": 1.5}, {"one", "float", "half", "array"}),
            ({"$gt": 1, "$lt": 2}, {"half"}),
            ({"$gt": 1, "$ne": 2}, {"half", "big"}),
            ({"$gte": "1", "$lt": "2"}, {"text"}),
            ({"$gt": "a"}, {"array", "x"}),
            ({"$gt": 10**30}, set()),
            ({"$lt": -(10**30)}, set()),
        ],
        ids=label,
    )
    def test_types_are_strict_and_arrays_match_by_what_is_in_them(
        self, condition, names, api, metadata
    ):
        for mode in MODES:
            assert set(found(api, "hello", mode=mode, limit=50, metadata={"n": condition})) == names
        assert set(found_by_query(api, "hello", limit=50, metadata={"n": condition})) == names

    def test_a_missing_key_satisfies_only_what_it_is_not(self, api, metadata):
        for condition in [1, None, [1, None], {"$gt": 0}, {"$lt": "x"}, {"$in": [None]}]:
            assert found(api, "hello", metadata={"absent": condition}) == []
        for other in [{"$ne": 1}, {"$nin": [1, None]}]:
            assert set(found(api, "hello", limit=50, metadata={"absent": other})) == EVERY

    def test_all_keys_are_to_hold(self, api):
        new_dialogue(api, id="d")
        new_messages(
            api,
            "d",
            {"id": "both", "metadata": {"a": 1, "b": [1, 2]}},
            {"id": "one", "metadata": {"a": 1, "b": [3]}},
        )
        assert found(api, "hello", metadata={"a": 1, "b": 2}) == ["both"]
        assert found(api, "hello", metadata={"a": {"$gte": 1}, "b": {"$ne": 3}}) == ["both"]

    @pytest.mark.parametrize("of", OBJECTS)
    def test_it_is_that_of_the_object_looked_for(self, of, api):
        new_dialogue(api, id="d", label="hello", metadata={"of": "dialogue"})
        new_messages(api, "d", {"id": "m", "metadata": {"of": "message"}})
        new_memory(api, id="k", value="hello", metadata={"of": "memory"})
        expected = {"message": "m", "dialogue": "d", "memory": "k"}[of]
        for mode in MODES:
            assert found(api, "hello", of, mode=mode, metadata={"of": of}) == [expected]
            assert found(api, "hello", of, mode=mode, metadata={"of": {"$ne": of}}) == []

    @pytest.mark.parametrize(
        "key",
        [
            *("", "a.b", "a b", '"', "'", "$", "$.a", "a[0]", "[0]", "$where", "__proto__"),
            *("x') OR 1=1 --", "n; DROP TABLE messages", "é", "\u0000", "a\u0000b", "%", "_", "*"),
            *("\\", "\n", "null", "😀", "k" * 10_000),
        ],
    )
    def test_a_key_is_only_ever_a_key(self, key, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "with", "metadata": {key: key[:100]}}, {"id": "without"})
        assert found(api, "hello", metadata={key: key[:100]}) == ["with"]
        assert found(api, "hello", metadata={key: {"$gte": key[:100]}}) == ["with"]
        assert found(api, "hello", metadata={key: {"$ne": key[:100]}}) == ["without"]
        assert found(api, "hello", metadata={key: "another"}) == []

    def test_a_thousand_values_in_a_hundred_conditions_are_answered(self, api, metadata):
        many = [f"value {number}" for number in range(999)]
        conditions = {f"key {number}": {"$nin": many} for number in range(99)}
        assert found(api, "hello", metadata={**conditions, "n": [*many, 1.5]}) == ["half"]


class TestTags:
    @pytest.fixture
    def tagged(self, api):
        tags = {"ab": ["a", "b"], "a": ["a"], "bc": ["b", "c"], "none": []}
        new_dialogue(api, id="d")
        new_messages(api, "d", *({"id": name, "tags": value} for name, value in tags.items()))
        for name, value in tags.items():
            new_dialogue(api, id=f"d-{name}", label="hello", tags=value)
            new_memory(api, id=f"k-{name}", value="hello", tags=value)

    @pytest.mark.parametrize(
        ("tags", "names"),
        [
            (["a"], {"ab", "a"}),
            (["a", "c"], {"ab", "a", "bc"}),
            (["x"], set()),
            ({"$in": ["a", "c"]}, {"ab", "a", "bc"}),
            ({"$all": ["a", "b"]}, {"ab"}),
            ({"$all": ["a", "x"]}, set()),
            ({"$nin": ["a"]}, {"bc", "none"}),
            ({"$nin": ["a", "c"]}, {"none"}),
            ({"$in": ["b"], "$nin": ["c"]}, {"ab"}),
            ({"$all": ["b"], "$in": ["a", "c"], "$nin": ["a"]}, {"bc"}),
            (["A"], set()),
            ([""], set()),
        ],
        ids=label,
    )
    def test_any_all_and_none(self, tags, names, api, tagged):
        for mode in MODES:
            assert set(found(api, "hello", mode=mode, tags=tags)) == names
        assert set(found(api, "hello", filter={"tags": tags})) == names
        assert set(found(api, "hello", "memory", tags=tags)) == {f"k-{name}" for name in names}
        dialogues = set(found(api, "hello", "dialogue", tags=tags)) - {"d"}
        assert dialogues == {f"d-{name}" for name in names}

    def test_in_a_query_they_are_repeated_or_separated_by_commas(self, api, tagged):
        both = {"ab", "a", "bc"}
        assert set(found_by_query(api, "hello", tags=["a", "c"])) == both
        assert set(found_by_query(api, "hello", tags="a,c")) == both
        assert found_by_query(api, "hello", filter={"tags": {"$all": ["a", "b"]}}) == ["ab"]

    @pytest.mark.parametrize("tag", ["x y", '"', "'", "a,b", "*", "zs1", "é", "😀" * 64])
    def test_a_tag_is_only_ever_a_tag(self, tag, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "with", "tags": [tag]}, {"id": "without"})
        assert found(api, "hello", tags=[tag]) == ["with"]
        assert found(api, "hello", tags={"$nin": [tag]}) == ["without"]


class TestDates:
    DAYS = ("2025-02-28", "2025-03-01", "2025-03-31T23:59:59.999Z", "2025-04-01", "2026-01-01")

    @pytest.fixture
    def dated(self, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", *({"id": day[:10], "created": day} for day in self.DAYS))
        for day in self.DAYS:
            new_dialogue(api, id=f"d-{day[:10]}", label="hello", created=day)
            new_memory(api, id=f"k-{day[:10]}", value="hello", created=day)

    @pytest.mark.parametrize(
        ("date", "first", "end"),
        [
            ("2025-03", 1, 3),
            ("March 2025", 1, 3),
            ("2025", 0, 4),
            ("Q1 2025", 0, 3),
            ("2025-03-01", 1, 2),
            ("2025-03-31T23:59:59.999Z", 2, 3),
            ({"gte": "2025-03-01"}, 1, 5),
            ({"gt": "2025-03-01"}, 2, 5),
            ({"lt": "2025-04-01"}, 0, 3),
            ({"lte": "2025-04-01"}, 0, 4),
            ({"lte": "March 2025"}, 0, 3),
            ({"gt": "March 2025"}, 3, 5),
            ({"gte": "2025-03-01T00:00:00Z", "lt": "2025-04-01T00:00:00Z"}, 1, 3),
            ({"gt": "2025-03-01T00:00:00Z", "lte": "2025-04-01T00:00:00Z"}, 2, 4),
            ({"gte": "2026", "lt": "2025"}, 5, 5),
            ("since 2025-04-01", 3, 5),
        ],
        ids=label,
    )
    def test_created_is_within_what_is_meant(self, date, first, end, api, dated):
        names = {day[:10] for day in self.DAYS[first:end]}
        for mode in MODES:
            found_messages = found(api, "hello", mode=mode, filter={"created": date})
            assert set(found_messages) == names
        assert set(found_by_query(api, "hello", filter={"created": date})) == names
        for of, prefix in [("dialogue", "d-"), ("memory", "k-")]:
            others = set(found(api, "hello", of, filter={"created": date})) - {"d"}
            assert others == {prefix + name for name in names}

    def test_phrases_mean_days_of_the_zone(self, api):
        local = datetime(2025, 2, 28, 23, 30, tzinfo=UTC)
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "m", "created": local.isoformat()})
        march = {"created": "March 2025"}
        assert found(api, "hello", filter=march) == []
        body = search(api, "hello", filter=march, timezone="Europe/Berlin")
        assert [item["id"] for item in body["items"]] == ["m"]
        assert body["request"]["filter"] == {
            "created": {"gte": "2025-02-28T23:00:00.000Z", "lt": "2025-03-31T22:00:00.000Z"}
        }

    @pytest.mark.parametrize(
        ("date", "names"),
        [
            ("2026-09-07", {"evening"}),
            ({"gte": "2026-09-07", "lt": "2026-09-08"}, {"evening"}),
            ({"gt": "2026-09-06", "lte": "2026-09-07"}, {"evening"}),
            ({"gte": "2026-09-07"}, {"evening", "after"}),
            ({"gt": "2026-09-07"}, {"after"}),
            ({"lt": "2026-09-08"}, {"evening", "before"}),
            ({"lte": "2026-09-06"}, {"before"}),
            ("since 2026-09-07", {"evening", "after"}),
            ("2026-09", {"evening", "before", "after"}),
            ("2026-09-08T00", {"evening"}),
            ("2026-09-08T00:49", {"evening"}),
        ],
        ids=label,
    )
    def test_a_date_is_the_day_of_the_zone(self, api, date, names):
        new_dialogue(api, id="d", created="2026-09-07")
        new_messages(
            api,
            "d",
            {"id": "before", "created": "2026-09-07T02:59:59.999Z"},
            {"id": "evening", "created": "2026-09-08T00:49:00Z"},
            {"id": "after", "created": "2026-09-08T03:00:00Z"},
        )
        sent: dict[str, Any] = {"filter": {"created": date}, "timezone": "America/Sao_Paulo"}
        assert set(found(api, "hello", **sent)) == names
        assert set(found_by_query(api, "hello", **sent)) == names

    def test_a_month_and_a_year_are_those_of_the_zone_and_shown(self, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "m", "created": "2025-12-31T23:30:00Z"})
        for date in ("2026", "2026-01", "2026-01-01", {"gte": "2026", "lt": "2027"}):
            assert found(api, "hello", filter={"created": date}) == []
            filters = {"created": date, "modified": {"gte": "2026-10-25"}}
            body = search(api, "hello", timezone="Europe/Berlin", filter=filters)
            shown = body["request"]["filter"]
            assert shown["created"]["gte"] == "2025-12-31T23:00:00.000Z"
            assert shown["modified"] == {"gte": "2026-10-24T22:00:00.000Z"}

    def test_what_was_written_now_is_of_today_and_of_the_last_hour(self, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "m"})
        month = datetime.now(UTC).strftime("%B %Y")
        phrases = ["today", "last hour", "last 3 days", "this week", month, "since yesterday"]
        if datetime.now(UTC) - datetime.now(UTC).replace(hour=0, minute=0) < timedelta(minutes=2):
            phrases.remove("today")
        for phrase in phrases:
            assert found(api, "hello", filter={"created": phrase}) == ["m"], phrase
            assert found(api, "hello", filter={"modified": phrase}) == ["m"], phrase
        for phrase in ["yesterday", "last year", "before yesterday", "3 months ago"]:
            assert found(api, "hello", filter={"created": phrase}) == [], phrase

    def test_modified_follows_changes(self, api):
        new_dialogue(api, id="d", label="hello", created="2020-01-01")
        assert found(api, "hello", "dialogue", filter={"created": "2020"}) == ["d"]
        done(api.put("/dialogue/d", json={"tags": ["t"]}))
        assert found(api, "hello", "dialogue", filter={"modified": "2020"}) == []
        assert found(api, "hello", "dialogue", filter={"modified": "last hour"}) == ["d"]

    def test_the_answer_shows_what_was_understood(self, api):
        filters = {
            "created": {"gte": "March 2025", "lt": "2025-05-01"},
            "modified": "2025",
            "hasImage": False,
            "tags": ["t"],
        }
        assert search(api, "hello", filter=filters)["request"]["filter"] == {
            "created": {"gte": "2025-03-01T00:00:00.000Z", "lt": "2025-05-01T00:00:00.000Z"},
            "modified": {"gte": "2025-01-01T00:00:00.000Z", "lt": "2026-01-01T00:00:00.000Z"},
            "hasImage": False,
            "tags": ["t"],
        }
        assert "filter" not in search(api, "hello", filter={})["request"]


class TestImages:
    @pytest.fixture
    def pictured(self, api):
        text = {"type": "text", "text": "hello"}
        for name, content in {
            "source": [text, IMAGE],
            "link": [text, LINK],
            "tool": [text, {"type": "tool_result", "content": [IMAGE]}],
            "text": [text],
            "plain": "hello",
        }.items():
            new_dialogue(api, id=f"d-{name}")
            new_messages(api, f"d-{name}", {"id": name, "content": content})
        new_memory(api, id="k", value=[IMAGE, "hello"])

    @pytest.mark.parametrize(
        ("has_image", "names"), [(True, {"source", "link", "tool"}), (False, {"text", "plain"})]
    )
    def test_messages_have_them_or_not(self, has_image, names, api, pictured):
        for mode in MODES:
            assert set(found(api, "hello", mode=mode, filter={"hasImage": has_image})) == names

    def test_of_dialogues_it_is_the_messages_that_match(self, api, pictured):
        body = search(api, "hello", "dialogue", filter={"hasImage": True})
        assert {item["id"] for item in body["items"]} == {"d-source", "d-link", "d-tool"}
        matches = [match["item"]["id"] for one in body["results"] for match in one["matches"]]
        assert set(matches) == {"source", "link", "tool"}

    @pytest.mark.parametrize("has_image", [True, False])
    def test_memories_have_none_to_speak_of(self, has_image, api, pictured):
        assert found(api, "hello", "memory") == ["k"]
        assert found(api, "hello", "memory", filter={"hasImage": has_image}) == []


class TestRoleAndDialogue:
    @pytest.fixture
    def spoken(self, api):
        for dialogue in ["d", "e"]:
            new_dialogue(api, id=dialogue)
            new_messages(
                api,
                dialogue,
                {"id": f"{dialogue}-user"},
                {"id": f"{dialogue}-assistant", "role": "assistant"},
            )
        new_dialogue(api, id="d", namespace="ns", message={**HELLO, "id": "namesake"})

    @pytest.mark.parametrize("mode", MODES)
    def test_a_role_is_who_spoke(self, mode, api, spoken):
        assert set(found(api, "hello", mode=mode, role="assistant")) == {
            "d-assistant",
            "e-assistant",
        }
        assert found(api, "hello", mode=mode, role="tool") == []

    @pytest.mark.parametrize("mode", MODES)
    def test_a_dialogue_is_one_of_the_default_namespace_unless_said(self, mode, api, spoken):
        assert set(found(api, "hello", mode=mode, dialogueId="d")) == {"d-user", "d-assistant"}
        named = found(api, "hello", mode=mode, dialogueId="d", namespace="ns")
        assert named == ["namesake"]
        assert found(api, "hello", mode=mode, dialogueId="d", namespace="") == found(
            api, "hello", mode=mode, dialogueId="d"
        )
        assert found(api, "hello", mode=mode, dialogueId="nowhere") == []

    def test_a_dialogue_looked_for_can_be_named(self, api, spoken):
        assert found(api, "hello", "dialogue", dialogueId="e") == ["e"]
        assert found(api, "hello", "memory", dialogueId="e") == []

    def test_all_filters_hold_together(self, api, spoken):
        filters: Any = {"role": "user", "dialogueId": "d", "filter": {"hasImage": False}}
        assert found(api, "hello", **filters) == ["d-user"]
        assert found(api, "hello", **filters, tags=["t"]) == []
        assert found_by_query(api, "hello", **filters) == ["d-user"]
