"""Dialogues: what is shown of one, how it changes, what deleting takes along."""

import hashlib

import pytest

from .checking import done, ids, refused
from .making import (
    HELLO,
    compact,
    contents,
    get_dialogue,
    new_dialogue,
    new_message,
    new_messages,
    post_bytes,
)

ALWAYS = {
    "id",
    "projectId",
    "requestId",
    "status",
    "tags",
    "metadata",
    "metadataLength",
    "metadataSHA256",
    "state",
    "totalMessages",
    "threadCount",
    "lastSeq",
    "created",
    "modified",
}


class TestWhatIsShown:
    def test_a_bare_dialogue_has_these_fields_and_no_others(self, api, project):
        made = new_dialogue(api)
        assert made.keys() - {"messages"} == ALWAYS
        assert (made["status"], made["tags"], made["metadata"]) == ("active", [], {})
        assert (made["state"], made["totalMessages"]) == ({}, 0)
        assert (made["threadCount"], made["lastSeq"]) == (0, 0)
        assert made["projectId"] == project.id
        assert made["created"] == made["modified"]

    def test_a_full_dialogue_shows_all_that_was_given(self, api):
        new_dialogue(api, id="parent", namespace="ns")
        given = {
            "id": "d",
            "namespace": "ns",
            "threadOf": "parent",
            "label": "a label",
            "state": {"step": 1},
            "metadata": {"source": "web"},
            "tags": ["a", "b"],
            "created": "2020-01-02T03:04:05.678Z",
        }
        made = new_dialogue(api, **given, message=HELLO)
        assert {name: made[name] for name in given} == given
        assert made["totalMessages"] == made["lastSeq"] == 1
        assert made["lastMessageCreated"] == made["messages"][0]["created"]
        assert made.keys() - {"messages"} == ALWAYS | {
            "namespace",
            "threadOf",
            "label",
            "lastMessageCreated",
        }

    def test_get_and_list_show_the_same_as_the_creation(self, api):
        made = new_dialogue(api, id="d", label="l", state={"a": [1]}, tags=["t"], metadata={"b": 2})
        made.pop("messages", None)
        assert get_dialogue(api, "d") == made
        assert done(api.get("/dialogue"))["items"] == [made]

    @pytest.mark.parametrize(
        "metadata", [{}, {"a": 1}, {"b": {"c": [1.0, None]}, "a": "é"}, {"😀": " x "}], ids=str
    )
    def test_metadata_is_measured_in_its_compact_form(self, metadata, api):
        form = compact(metadata)
        spread = b'{ "metadata" : ' + form.replace(b":", b" :\n", 1) + b" }"
        for body in [compact({"metadata": metadata}), spread]:
            made = done(post_bytes(api, "/dialogue", body))
            assert made["metadataLength"] == len(form)
            assert made["metadataSHA256"] == hashlib.sha256(form).hexdigest()

    def test_no_metadata_is_measured_as_an_empty_object(self, api):
        made = new_dialogue(api)
        assert made["metadataLength"] == 2
        assert made["metadataSHA256"] == hashlib.sha256(b"{}").hexdigest()


class TestCreating:
    def test_messages_are_stored_with_it_and_echoed_in_order(self, api):
        batch = [{**HELLO, "content": f"{n}", "id": f"m{n}"} for n in range(3)]
        made = new_dialogue(api, id="d", messages=batch)
        assert [message["id"] for message in made["messages"]] == ["m0", "m1", "m2"]
        assert [message["seq"] for message in made["messages"]] == [1, 2, 3]
        assert contents(api, "d") == ["0", "1", "2"]

    def test_one_message_is_echoed_as_a_list_of_one(self, api):
        made = new_dialogue(api, message=HELLO)
        assert [message["content"] for message in made["messages"]] == ["hello"]
        assert made["messages"][0]["dialogueId"] == made["id"]

    def test_an_empty_list_of_messages_makes_none(self, api):
        assert new_dialogue(api, messages=[])["totalMessages"] == 0

    def test_a_faulty_message_makes_no_dialogue(self, api):
        answer = api.post("/dialogue", json={"id": "d", "messages": [HELLO, {"role": "user"}]})
        refused(answer, "MISSING_PARAMETER", "messages[1].content")
        refused(api.get("/dialogue/d"), "DIALOGUE_NOT_FOUND")

    def test_a_namespace_may_be_given_in_the_query(self, api):
        made = done(api.post("/dialogue?namespace=ns", json={"id": "d"}))
        assert made["namespace"] == "ns"
        both = api.post("/dialogue?namespace=ns", json={"id": "e", "namespace": "ns"})
        assert done(both)["namespace"] == "ns"
        two = api.post("/dialogue?namespace=ns", json={"namespace": "other"})
        refused(two, "INVALID_PARAMETER", "namespace")

    def test_a_created_of_ones_own_is_kept(self, api):
        for created in ["1999-12-31T23:59:59.999Z", "2190-01-01T00:00:00.000Z"]:
            made = new_dialogue(api, created=created)
            assert get_dialogue(api, made["id"])["created"] == created


class TestReading:
    def test_messages_n_gives_the_last_n_oldest_first(self, api):
        new_dialogue(api, id="d")
        new_messages(api, "d", *({"content": str(number)} for number in range(5)))
        for count, expected in [(2, "34"), (5, "01234"), (1_000, "01234")]:
            shown = get_dialogue(api, "d", messages=count)
            assert "".join(one["content"] for one in shown["messages"]) == expected
        listed = done(api.get("/dialogue/d/messages"))["items"]
        assert get_dialogue(api, "d", messages=5)["messages"] == listed

    def test_messages_n_follows_created_before_arrival(self, api):
        new_dialogue(api, id="d")
        new_message(api, "d", content="late", created="2030-01-01")
        new_message(api, "d", content="early", created="2010-01-01")
        new_message(api, "d", content="middle", created="2020-01-01")
        shown = get_dialogue(api, "d", messages=2)
        assert [one["content"] for one in shown["messages"]] == ["middle", "late"]

    def test_without_messages_n_none_are_shown(self, api):
        new_dialogue(api, id="d", message=HELLO)
        assert "messages" not in get_dialogue(api, "d")

    @pytest.mark.parametrize("count", ["1001", "-1", "x", "1.5", ""])
    def test_a_number_out_of_range_is_refused(self, count, api):
        new_dialogue(api, id="d")
        refused(api.get(f"/dialogue/d?messages={count}"), "INVALID_PARAMETER", "messages")


class TestUpdating:
    def test_label_state_and_tags_are_replaced(self, api):
        new_dialogue(api, id="d", label="old", state={"a": 1, "b": 2}, tags=["x", "y"])
        change = {"label": "new", "state": {"c": 3}, "tags": ["z"]}
        changed = done(api.put("/dialogue/d", json=change))
        assert {name: changed[name] for name in change} == change
        assert get_dialogue(api, "d")["state"] == {"c": 3}

    def test_what_is_not_named_stays(self, api):
        new_dialogue(api, id="d", label="l", state={"a": 1}, tags=["t"], metadata={"m": 1})
        changed = done(api.put("/dialogue/d", json={"tags": []}))
        assert (changed["label"], changed["state"], changed["tags"]) == ("l", {"a": 1}, [])
        assert changed["metadata"] == {"m": 1}

    @pytest.mark.parametrize("messages", [{"message": HELLO}, {"messages": [HELLO, HELLO]}])
    def test_messages_are_appended_and_echoed(self, messages, api):
        new_dialogue(api, id="d", message=HELLO)
        changed = done(api.put("/dialogue/d", json={**messages, "label": "l"}))
        count = len(messages.get("messages", [1]))
        assert [one["seq"] for one in changed["messages"]] == list(range(2, 2 + count))
        assert (changed["totalMessages"], changed["label"]) == (1 + count, "l")
        assert len(contents(api, "d")) == 1 + count

    def test_it_is_one_commit(self, api):
        new_dialogue(api, id="d", messages=[{**HELLO, "id": "m"}])
        other = {"id": "m", "role": "user", "content": "other"}
        answer = api.put("/dialogue/d", json={"label": "l", "tags": ["t"], "messages": [other]})
        refused(answer, "DUPLICATE_ID", "messages[0].id")
        assert "label" not in get_dialogue(api, "d")
        assert get_dialogue(api, "d")["tags"] == []

    def test_null_clears_the_label_and_counts_as_absent_elsewhere(self, api):
        new_dialogue(api, id="d", label="l", state={"a": 1}, tags=["t"])
        nulls = {"label": None, "state": None, "tags": None, "messages": None, "message": None}
        changed = done(api.put("/dialogue/d", json=nulls))
        assert "label" not in changed
        assert (changed["state"], changed["tags"]) == ({"a": 1}, ["t"])

    @pytest.mark.parametrize("body", [{}, {"unknown": 1}, {"id": "d"}, {"messages": []}])
    def test_nothing_to_change_changes_nothing(self, body, api):
        made = new_dialogue(api, id="d", label="l", message=HELLO)
        changed = done(api.put("/dialogue/d", json=body))
        for shown in (made, changed):
            shown.pop("messages", None)
        assert changed == made

    def test_metadata_is_write_once(self, api):
        new_dialogue(api, id="d", metadata={"a": 1})
        error = refused(
            api.put("/dialogue/d", json={"metadata": {"a": 2}, "label": "l"}),
            "INVALID_PARAMETER",
            "metadata",
        )
        assert "metadata" in error["message"]
        assert get_dialogue(api, "d")["metadata"] == {"a": 1}
        assert "label" not in get_dialogue(api, "d")

    def test_id_and_namespace_in_the_body_are_tolerated_when_they_agree(self, api):
        new_dialogue(api, id="d", namespace="ns")
        body = {"id": "d", "namespace": "ns", "label": "l"}
        assert done(api.put("/dialogue/d?namespace=ns", json=body))["label"] == "l"
        assert done(api.put("/dialogue/d", json=body))["namespace"] == "ns"
        body["namespace"] = "other"
        refused(api.put("/dialogue/d?namespace=ns", json=body), "INVALID_PARAMETER", "namespace")

    def test_a_change_moves_modified_and_never_created(self, api):
        made = new_dialogue(api, id="d", created="2020-01-01")
        changed = done(api.put("/dialogue/d", json={"label": "l"}))
        assert changed["created"] == made["created"]
        assert changed["modified"] >= made["modified"]


class TestThreads:
    def test_a_parent_counts_its_direct_children(self, api):
        new_dialogue(api, id="a")
        new_dialogue(api, id="b", threadOf="a")
        new_dialogue(api, id="c", threadOf="a")
        new_dialogue(api, id="d", threadOf="b")
        counts = [get_dialogue(api, name)["threadCount"] for name in "abcd"]
        assert counts == [2, 1, 0, 0]
        assert sorted(ids(done(api.get("/dialogue?threadOf=a")))) == ["b", "c"]
        done(api.delete("/dialogue/c"))
        assert get_dialogue(api, "a")["threadCount"] == 1

    def test_a_parent_is_looked_for_in_the_same_namespace(self, api):
        new_dialogue(api, id="a")
        answer = api.post("/dialogue", json={"threadOf": "a", "namespace": "ns"})
        refused(answer, "DIALOGUE_NOT_FOUND")
        new_dialogue(api, id="a", namespace="ns")
        new_dialogue(api, id="b", threadOf="a", namespace="ns")
        assert get_dialogue(api, "a")["threadCount"] == 0
        assert get_dialogue(api, "a", namespace="ns")["threadCount"] == 1

    def test_a_new_thread_of_an_ended_dialogue_is_allowed(self, api):
        new_dialogue(api, id="a")
        done(api.post("/dialogue/a/end"))
        assert new_dialogue(api, threadOf="a")["threadOf"] == "a"


class TestDeleting:
    def test_the_receipt_counts_everything_that_went(self, api):
        new_dialogue(api, id="a", messages=[HELLO] * 2)
        new_dialogue(api, id="b", threadOf="a", messages=[HELLO] * 3)
        new_dialogue(api, id="c", threadOf="b", messages=[HELLO] * 4)
        new_dialogue(api, id="other", messages=[HELLO])
        receipt = done(api.delete("/dialogue/a"))
        counts = {"dialogues": 3, "messages": 9, "summaries": 0}
        assert receipt == {"success": True, "id": "a", "deleted": counts}
        for name in "abc":
            refused(api.get(f"/dialogue/{name}"), "DIALOGUE_NOT_FOUND")
            refused(api.get(f"/dialogue/{name}/messages"), "DIALOGUE_NOT_FOUND")
        assert ids(done(api.get("/dialogue"))) == ["other"]
        assert contents(api, "other") == ["hello"]

    def test_a_long_chain_of_threads_goes_too(self, api):
        new_dialogue(api, id="d0", message=HELLO)
        for depth in range(1, 60):
            new_dialogue(api, id=f"d{depth}", threadOf=f"d{depth - 1}")
        assert done(api.delete("/dialogue/d0"))["deleted"]["dialogues"] == 60
        assert done(api.get("/dialogue"))["items"] == []

    def test_the_freed_id_starts_afresh(self, api):
        new_dialogue(api, id="d", state={"old": 1}, messages=[{**HELLO, "id": "m"}])
        new_dialogue(api, id="child", threadOf="d")
        done(api.delete("/dialogue/d"))
        made = new_dialogue(api, id="d")
        assert (made["state"], made["totalMessages"], made["threadCount"]) == ({}, 0, 0)
        assert contents(api, "d") == []
        assert new_message(api, "d", id="m", content="new")["seq"] == 1

    def test_deleting_twice_finds_nothing_the_second_time(self, api):
        new_dialogue(api, id="d")
        done(api.delete("/dialogue/d"))
        refused(api.delete("/dialogue/d"), "DIALOGUE_NOT_FOUND")
