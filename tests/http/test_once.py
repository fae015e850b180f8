"""Exactly once: a retry is answered with what is stored, and stores nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .checking import done, refused
from .making import (
    HELLO,
    contents,
    get_dialogue,
    new_dialogue,
    new_memory,
    new_message,
    new_messages,
    post_bytes,
    walk,
)

MESSAGES = "/dialogue/d/messages"
KEY = {"Idempotency-Key": "key-1"}
FULL = {
    "id": "m",
    "role": "user",
    "content": {"a": 1},
    "name": "n",
    "metadata": {"k": "v"},
    "tags": ["t"],
}
MEMORY = {
    "id": "k",
    "value": {"a": 1},
    "label": "l",
    "description": "d",
    "metadata": {"k": "v"},
    "tags": ["t"],
}


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


class TestADuplicateOfAMessage:
    @pytest.mark.parametrize("path", [MESSAGES, "/message?dialogueId=d"])
    def test_it_is_answered_with_the_stored_one(self, path, api):
        first = done(api.post(path, json=FULL))
        assert done(api.post(path, json=FULL)) == first
        assert done(api.post(path, json={**FULL, "tags": ["other"]})) == first
        assert done(api.post(path, json={**FULL, "created": first["created"]})) == first
        assert get_dialogue(api, "d")["totalMessages"] == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"content": {"a": 2}},
            {"content": "text"},
            {"role": "assistant"},
            {"name": "other"},
            {"name": None},
            {"metadata": {"k": "w"}},
            {"metadata": None},
            {"created": "2020-01-01"},
        ],
        ids=str,
    )
    def test_anything_unequal_is_a_duplicate(self, change, api):
        first = done(api.post(MESSAGES, json=FULL))
        refused(api.post(MESSAGES, json={**FULL, **change}), "DUPLICATE_ID", "id")
        assert done(api.get(f"{MESSAGES}/m")) == first

    def test_bytes_are_compared_and_not_values(self, api):
        first = done(post_bytes(api, MESSAGES, b'{"id":"m","role":"u","content":{"a":1}}'))
        spaced = b'{"id":"m", "role":"u", "content" : { "a" : 1 } }'
        assert done(post_bytes(api, MESSAGES, spaced)) == first
        for other in [b'{"a":1.0}', b'{"a":1,"a":1}', b'{"a":"1"}']:
            body = b'{"id":"m","role":"u","content":%s}' % other
            refused(post_bytes(api, MESSAGES, body), "DUPLICATE_ID")

    def test_created_counts_only_if_it_is_sent(self, api):
        first = new_message(api, "d", id="m", created="2020-01-01")
        assert new_message(api, "d", id="m") == first
        assert new_message(api, "d", id="m", created="2020-01-01T00:00:00Z") == first
        other = {**HELLO, "id": "m", "created": "2020-01-02"}
        refused(api.post(MESSAGES, json=other), "DUPLICATE_ID")

    def test_tags_that_changed_since_do_not_matter(self, api):
        done(api.post(MESSAGES, json=FULL))
        done(api.put(f"{MESSAGES}/m", json={"tags": ["changed"]}))
        assert done(api.post(MESSAGES, json=FULL))["tags"] == ["changed"]

    def test_equal_content_without_an_id_is_another_message(self, api):
        assert [new_message(api, "d", content="yes")["seq"] for _ in range(3)] == [1, 2, 3]
        assert contents(api, "d") == ["yes"] * 3

    def test_it_counts_where_a_dialogue_is_changed_too(self, api):
        new_message(api, "d", id="m")
        body = {"message": {**HELLO, "id": "m"}, "label": "l"}
        changed = done(api.put("/dialogue/d", json=body))
        assert [message["seq"] for message in changed["messages"]] == [1]
        assert (changed["totalMessages"], changed["label"]) == (1, "l")


class TestDuplicatesInABatch:
    def test_they_are_answered_in_place_and_the_rest_is_stored(self, api):
        new_messages(api, "d", {"id": "b"}, {"id": "d"})
        batch = [{"id": name} for name in "abcde"]
        sent = new_messages(api, "d", *batch)
        assert [message["id"] for message in sent] == list("abcde")
        assert [message["seq"] for message in sent] == [3, 1, 4, 2, 5]
        assert get_dialogue(api, "d")["totalMessages"] == 5
        assert new_messages(api, "d", *batch) == sent
        assert get_dialogue(api, "d")["lastSeq"] == 5

    def test_a_conflict_is_named_by_its_place_and_stores_nothing(self, api):
        new_messages(api, "d", {"id": "a"}, {"id": "b"})
        batch = [{**HELLO, "id": "a"}, HELLO, {**HELLO, "id": "b", "content": "other"}]
        for body in [batch, {"messages": batch}]:
            error = refused(api.post(MESSAGES, json=body), "DUPLICATE_ID", "messages[2].id")
            assert len(error["details"]) == 1
        assert get_dialogue(api, "d")["totalMessages"] == 2

    def test_a_batch_of_one_is_a_batch_and_one_message_is_not(self, api):
        new_message(api, "d", id="m")
        other = {"id": "m", "role": "user", "content": "other"}
        for method, path, body, field in [
            ("POST", MESSAGES, [other], "messages[0].id"),
            ("POST", MESSAGES, {"messages": [other]}, "messages[0].id"),
            ("PUT", "/dialogue/d", {"messages": [other]}, "messages[0].id"),
            ("PUT", "/dialogue/d", {"message": other}, "message.id"),
            ("POST", MESSAGES, other, "id"),
        ]:
            error = refused(api.request(method, path, json=body), "DUPLICATE_ID")
            assert [detail["field"] for detail in error["details"]] == [field]


class TestADuplicateOfAMemory:
    def test_it_is_answered_with_the_stored_one(self, api):
        first = new_memory(api, **MEMORY)
        assert new_memory(api, **MEMORY) == first
        assert new_memory(api, **{**MEMORY, "tags": []}) == first
        assert new_memory(api, **MEMORY, created=first["created"]) == first
        assert len(walk(api, "/memory")) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"value": {"a": 2}},
            {"value": None},
            {"label": "other"},
            {"label": None},
            {"description": "other"},
            {"metadata": {}},
            {"created": "2020-01-01"},
        ],
        ids=str,
    )
    def test_anything_unequal_is_a_duplicate(self, change, api):
        first = new_memory(api, **MEMORY)
        refused(api.post("/memory", json={**MEMORY, **change}), "DUPLICATE_ID", "id")
        assert done(api.get("/memory/k")) == first

    def test_another_namespace_is_another_memory(self, api):
        new_memory(api, **MEMORY)
        assert new_memory(api, **{**MEMORY, "value": 2}, namespace="ns")["value"] == 2


class TestIdempotencyKeys:
    @pytest.mark.parametrize(
        ("method", "path", "body", "stored"),
        [
            ("POST", "/dialogue", {"label": "l"}, 0),
            ("POST", "/memory", {"value": 1}, 0),
            ("POST", MESSAGES, HELLO, 1),
            ("POST", MESSAGES, [HELLO, HELLO], 2),
            ("POST", "/messages", {"dialogueId": "d", "messages": [HELLO]}, 1),
            ("PUT", "/dialogue/d", {"messages": [HELLO]}, 1),
            ("PUT", "/dialogue/d/state", {"a": 1}, 0),
            ("PATCH", "/dialogue/d/state", {"a": 1}, 0),
            ("POST", "/dialogue/d/end", {}, 0),
        ],
    )
    def test_the_same_request_gets_the_first_answer(self, method, path, body, stored, api):
        first = api.request(method, path, json=body, headers=KEY)
        done(first)
        done(api.put("/dialogue/d/state", json={"between": 1}))
        again = api.request(method, path, json=body, headers=KEY)
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers.get("ETag") == first.headers.get("ETag")
        assert get_dialogue(api, "d")["totalMessages"] == stored

    def test_another_body_is_a_reuse_and_changes_nothing(self, api):
        done(api.post(MESSAGES, json=HELLO, headers=KEY))
        other = {**HELLO, "content": "other"}
        refused(api.post(MESSAGES, json=other, headers=KEY), "IDEMPOTENCY_KEY_REUSED")
        assert contents(api, "d") == ["hello"]

    def test_other_paths_methods_and_namespaces_have_keys_of_their_own(self, api):
        new_dialogue(api, id="e")
        new_dialogue(api, id="d", namespace="ns")
        done(api.post(MESSAGES, json=HELLO, headers=KEY))
        other = {**HELLO, "content": "other"}
        done(api.post("/dialogue/e/messages", json=other, headers=KEY))
        done(api.post(f"{MESSAGES}?namespace=ns", json=other, headers=KEY))
        assert done(api.put("/dialogue/d/state", json={"a": 1}, headers=KEY)) == {"a": 1}
        assert done(api.patch("/dialogue/d/state", json={"b": 2}, headers=KEY)) == {
            "a": 1,
            "b": 2,
        }

    def test_a_recorded_answer_comes_before_a_version_that_is_stale_by_now(self, api):
        headers = {**KEY, "If-Match": api.get("/dialogue/d").headers["ETag"]}
        first = done(api.put("/dialogue/d", json={"label": "l"}, headers=headers))
        done(api.put("/dialogue/d", json={"label": "m"}))
        assert done(api.put("/dialogue/d", json={"label": "l"}, headers=headers)) == first
        assert get_dialogue(api, "d")["label"] == "m"

    def test_the_namespace_may_be_named_or_left_out(self, api):
        first = done(api.post(MESSAGES, json=HELLO, headers=KEY))
        assert done(api.post(f"{MESSAGES}?namespace=", json=HELLO, headers=KEY)) == first

    @pytest.mark.needs("files")
    def test_what_is_recorded_can_be_read_by_nobody_else(self, server, api, tmp_path):
        secret = {"content": "Said To Nobody Else", "metadata": {"m": "Noted Nowhere Else"}}
        first = done(api.post(MESSAGES, json={**HELLO, **secret}, headers=KEY))
        done(api.delete("/dialogue/d"))
        server.command("backup", str(tmp_path / "copy"))
        (copy,) = (tmp_path / "copy").iterdir()
        lying = copy.read_bytes()
        assert b"Nobody Else" not in lying
        assert b"Nowhere Else" not in lying
        assert done(api.post(MESSAGES, json={**HELLO, **secret}, headers=KEY)) == first

    def test_a_refusal_is_not_recorded(self, api):
        refused(api.post("/dialogue/e/messages", json=HELLO, headers=KEY), "DIALOGUE_NOT_FOUND")
        new_dialogue(api, id="e")
        done(api.post("/dialogue/e/messages", json=HELLO, headers=KEY))
        refused(api.post("/dialogue", json={"id": "d"}, headers=KEY), "DUPLICATE_ID")
        done(api.delete("/dialogue/d"))
        assert done(api.post("/dialogue", json={"id": "d"}, headers=KEY))["id"] == "d"

    def test_a_key_may_have_256_characters_and_no_more(self, api):
        for length, status in [(1, 200), (256, 200), (257, 400)]:
            headers = {"Idempotency-Key": "k" * length}
            assert api.post("/dialogue", headers=headers).status_code == status

    def test_it_holds_for_any_text(self, api):
        for key in ["a b", "'; --", "{}", "00000000-0000-4000-8000-000000000000"]:
            made = [
                done(api.post("/dialogue", headers={"Idempotency-Key": key}))["id"]
                for _ in range(2)
            ]
            assert made[0] == made[1]


class TestDuplicatesInFlight:
    def at_once(self, server, project, ask, count=8):
        """Ask from several connections at the same time and return all answers."""

        def one(_):
            with server.client(project.key) as client:
                return ask(client)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    def test_with_one_idempotency_key_all_get_the_same_answer(self, server, project, api):
        headers = {"Idempotency-Key": "race"}
        answers = self.at_once(
            server, project, lambda client: client.post(MESSAGES, json=HELLO, headers=headers)
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert len(contents(api, "d")) == 1

    def test_with_one_id_all_get_the_same_message(self, server, project, api):
        answers = self.at_once(server, project, lambda c: c.post(MESSAGES, json=FULL))
        assert {done(answer)["seq"] for answer in answers} == {1}
        memories = self.at_once(server, project, lambda c: c.post("/memory", json=MEMORY))
        assert len({answer.content for answer in memories}) == 1
        assert len(walk(api, "/memory")) == 1

    def test_of_equal_dialogue_ids_one_is_made(self, server, project):
        answers = self.at_once(server, project, lambda c: c.post("/dialogue", json={"id": "x"}))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
