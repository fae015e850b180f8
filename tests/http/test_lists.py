"""Lists: which items, in which order, how many."""

import pytest

from .checking import done, ids, refused
from .making import HELLO, new_dialogue, new_memory, new_message, new_messages, walk

LISTS = ("/dialogue", "/memory", "/dialogue/d/messages", "/messages?dialogueId=d")


@pytest.fixture
def dialogue(api):
    return new_dialogue(api, id="d")


def names(api, path, **params):
    """Return the sorted ids of a whole list."""
    return sorted(item["id"] for item in walk(api, path, **params))


class TestTheShape:
    @pytest.mark.parametrize("path", LISTS)
    def test_items_and_next_are_always_there(self, path, api, dialogue):
        page = done(api.get(path))
        assert page.keys() == {"items", "next"}
        assert page["next"] is None

    def test_next_is_null_on_a_full_last_page(self, api):
        for number in range(4):
            new_dialogue(api, id=str(number))
            new_memory(api, id=str(number))
        new_messages(api, "0", *[{}] * 4)
        for path in ["/dialogue", "/memory", "/dialogue/0/messages"]:
            page = done(api.get(path, params={"limit": 4}))
            assert (len(page["items"]), page["next"]) == (4, None)
            first = done(api.get(path, params={"limit": 2}))
            last = done(api.get(path, params={"limit": 2, "next": first["next"]}))
            assert (len(last["items"]), last["next"]) == (2, None)


class TestLimits:
    @pytest.mark.parametrize(
        "limit", ["0", "-1", "1001", "x", "1.5", "", "1e2", "١", "99999999999"]
    )
    @pytest.mark.parametrize("path", ["/dialogue", "/memory", "/dialogue/d/messages"])
    def test_a_limit_out_of_range_is_refused(self, limit, path, api, dialogue):
        refused(api.get(path, params={"limit": limit}), "INVALID_PARAMETER", "limit")

    def test_the_default_is_fifty_and_the_most_a_thousand(self, api, dialogue):
        new_messages(api, "d", *[{}] * 1_000)
        new_message(api, "d")
        assert len(done(api.get("/dialogue/d/messages"))["items"]) == 50
        page = done(api.get("/dialogue/d/messages?limit=1000"))
        assert len(page["items"]) == 1_000
        assert page["next"]

    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_fifty_is_the_default_of_every_list(self, path, api):
        for number in range(51):
            done(api.post(path, json={"value": number}))
        page = done(api.get(path))
        assert len(page["items"]) == 50
        assert page["next"]


class TestParametersNobodyKnows:
    @pytest.mark.parametrize("path", [*LISTS, "/admin/keys"])
    @pytest.mark.parametrize("name", ["color", "Limit", "offset", "page", "ids"])
    def test_they_are_refused_by_name(self, path, name, api, dialogue):
        sign = "&" if "?" in path else "?"
        error = refused(api.get(f"{path}{sign}{name}=1"), "INVALID_PARAMETER", name)
        assert name in error["message"]

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/dialogue", "role"),
            ("/memory", "status"),
            ("/memory", "threadOf"),
            ("/dialogue/d/messages", "status"),
            ("/dialogue/d/messages", "orderBy"),
        ],
    )
    def test_so_are_those_of_other_lists(self, path, name, api, dialogue):
        refused(api.get(path, params={name: "created"}), "INVALID_PARAMETER", name)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("order", "up"),
            ("order", "ASC;"),
            ("orderBy", "id"),
            ("orderBy", "created; DROP TABLE"),
            ("status", "gone"),
            ("next", "!"),
            ("startDate", "soon"),
            ("endDate", "2025-02-30"),
            ("created", "20"),
            ("created", "last week"),
        ],
    )
    def test_values_that_make_no_sense_are_refused(self, name, value, api):
        refused(api.get("/dialogue", params={name: value}), "INVALID_PARAMETER", name)

    def test_two_different_namespaces_are_refused(self, api):
        refused(api.get("/dialogue?namespace=a&namespace=b"), "INVALID_PARAMETER", "namespace")


class TestOrder:
    def test_dialogues_come_newest_first(self, api):
        for number in range(5):
            new_dialogue(api, id=str(number))
        assert ids(done(api.get("/dialogue"))) == list("43210")
        assert ids(done(api.get("/dialogue?order=desc"))) == list("43210")
        assert ids(done(api.get("/dialogue?order=asc"))) == list("01234")

    def test_messages_come_oldest_first(self, api, dialogue):
        new_messages(api, "d", *({"id": str(number)} for number in range(5)))
        assert ids(done(api.get("/dialogue/d/messages"))) == list("01234")
        assert ids(done(api.get("/dialogue/d/messages?order=asc"))) == list("01234")
        assert ids(done(api.get("/dialogue/d/messages?order=desc"))) == list("43210")

    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_a_created_of_ones_own_decides_the_order(self, path, api):
        for name, created in [("b", "2021-01-01"), ("c", "2022-01-01"), ("a", "2020-01-01")]:
            done(api.post(path, json={"id": name, "value": 1, "created": created}))
        assert ids(done(api.get(path, params={"order": "asc", "orderBy": "created"}))) == list(
            "abc"
        )
        assert ids(done(api.get(path, params={"order": "desc"}))) == list("cba")

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_equal_times_are_ordered_by_id(self, path, order, api):
        for name in "cadbe":
            done(api.post(path, json={"id": name, "value": 1, "created": "2020-01-01"}))
        expected = sorted("abcde", reverse=order == "desc")
        assert ids(done(api.get(path, params={"order": order}))) == expected
        paged = walk(api, path, order=order, limit=2)
        assert [item["id"] for item in paged] == expected

    def test_dialogues_can_be_ordered_by_their_last_change(self, api):
        for name in "abc":
            new_dialogue(api, id=name)
        done(api.put("/dialogue/b", json={"label": "l"}))
        listed = done(api.get("/dialogue?orderBy=modified"))["items"]
        assert listed[0]["id"] == "b"
        times = [item["modified"] for item in listed]
        assert times == sorted(times, reverse=True)

    def test_dialogues_can_be_ordered_by_their_last_message(self, api):
        for name, created in [("a", "2022-01-01"), ("b", "2020-01-01"), ("c", "2021-01-01")]:
            new_dialogue(api, id=name, message={**HELLO, "created": created})
        assert ids(done(api.get("/dialogue?orderBy=lastMessageCreated"))) == list("acb")
        asc = done(api.get("/dialogue?orderBy=lastMessageCreated&order=asc"))
        assert ids(asc) == list("bca")
        new_message(api, "b", created="2023-01-01")
        assert ids(done(api.get("/dialogue?orderBy=lastMessageCreated")))[0] == "b"

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("order_by", ["created", "modified", "lastMessageCreated"])
    def test_every_order_lists_every_dialogue_once(self, order_by, order, api):
        for number in range(7):
            messages = [{**HELLO, "created": "2020-01-01"}] * (number % 2)
            new_dialogue(api, id=str(number), messages=messages)
        params = {"orderBy": order_by, "order": order, "limit": 2}
        assert names(api, "/dialogue", **params) == list("0123456")


class TestFilters:
    def test_tags_are_any_of_repeated_or_separated_by_commas(self, api, dialogue):
        for name, tags in [("x", ["a"]), ("y", ["b", "c"]), ("z", ["c"]), ("w", [])]:
            new_dialogue(api, id=name, tags=tags)
            new_memory(api, id=name, tags=tags)
            new_message(api, "d", id=name, tags=tags)
        for path in ["/dialogue", "/memory", "/dialogue/d/messages"]:
            assert names(api, path, tags="a") == ["x"]
            assert names(api, path, tags="a,b") == ["x", "y"]
            assert names(api, path, tags=["a", "c"]) == ["x", "y", "z"]
            assert names(api, path, tags=["b", "c"]) == ["y", "z"]
            assert names(api, path, tags="none") == []
            assert names(api, path, tags="b,c", limit=1) == ["y", "z"]

    def test_tags_follow_their_change(self, api):
        new_dialogue(api, id="x", tags=["a"])
        done(api.put("/dialogue/x", json={"tags": ["b"]}))
        assert names(api, "/dialogue", tags="a") == []
        assert names(api, "/dialogue", tags="b") == ["x"]

    def test_a_tag_is_matched_whole(self, api):
        new_dialogue(api, id="x", tags=["abc", "100%"])
        for tag in ["ab", "a%", "ABC", "_bc", "bc"]:
            assert names(api, "/dialogue", tags=tag) == []
        assert names(api, "/dialogue", tags="100%") == ["x"]

    def test_status_selects_dialogues(self, api):
        for name, action in [("x", None), ("y", "end"), ("z", "archive")]:
            new_dialogue(api, id=name)
            if action:
                done(api.post(f"/dialogue/{name}/{action}"))
        for status, name in [("active", "x"), ("ended", "y"), ("archived", "z")]:
            assert names(api, "/dialogue", status=status) == [name]
        done(api.post("/dialogue/z/reopen"))
        assert names(api, "/dialogue", status="active") == ["x", "z"]

    def test_thread_of_selects_the_children(self, api):
        new_dialogue(api, id="p")
        for name in "xyz":
            new_dialogue(api, id=name, threadOf="p")
        new_dialogue(api, id="grandchild", threadOf="x")
        assert names(api, "/dialogue", threadOf="p", limit=2) == ["x", "y", "z"]
        assert names(api, "/dialogue", threadOf="unknown") == []

    def test_role_selects_messages(self, api, dialogue):
        for number in range(6):
            new_message(api, "d", id=str(number), role=["user", "tool"][number % 2])
        assert names(api, "/dialogue/d/messages", role="tool", limit=2) == ["1", "3", "5"]
        assert names(api, "/dialogue/d/messages", role="system") == []

    def test_filters_narrow_together(self, api):
        new_dialogue(api, id="p")
        for number in range(8):
            new_dialogue(
                api,
                id=str(number),
                threadOf="p" if number & 1 else None,
                tags=["t"] if number & 2 else [],
                created="2020-06-01" if number & 4 else "2021-06-01",
            )
        assert names(api, "/dialogue", threadOf="p", tags="t", created="2020") == ["7"]
        assert names(api, "/dialogue", threadOf="p", tags="t") == ["3", "7"]
        assert names(api, "/dialogue", tags="t", created="2021", status="active") == ["2", "3"]
