"""Pages: every item exactly once, whatever happens meanwhile; tokens that cannot be forged."""

import itertools
import re
import threading

import pytest

from .checking import done, ids, refused
from .making import HELLO, new_dialogue, new_key, new_memory, new_message, new_messages, walk

TOKEN = re.compile(r"[A-Za-z0-9_-]+")
LISTS = ("/dialogue", "/memory", "/dialogue/d/messages")


def fill(api, count=12):
    """Make dialogues, memories, and messages of one dialogue, `count` of each."""
    new_dialogue(api, id="d")
    new_messages(api, "d", *({"id": f"i{number:03}", "tags": ["t"]} for number in range(count)))
    for number in range(count):
        new_memory(api, id=f"i{number:03}", tags=["t"])
        if number:
            new_dialogue(api, id=f"i{number:03}", tags=["t"])


def make_one(api, path, name, **fields):
    """Make another item of the list at this path."""
    path = "/message" if path.endswith("messages") else path
    body = {**HELLO, "dialogueId": "d", "value": 1, "id": name, **fields}
    return done(api.post(path, json=body))


class TestEveryItemExactlyOnce:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("limit", [1, 3, 12, 1_000])
    def test_pages_of_any_size_make_the_same_list(self, path, order, limit, api):
        fill(api)
        whole = ids(done(api.get(path, params={"order": order, "limit": 1_000})))
        paged = [item["id"] for item in walk(api, path, order=order, limit=limit)]
        assert paged == whole
        assert len(set(paged)) == 12

    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_whatever_is_added_or_deleted_between_pages(self, path, order, api):
        fill(api, 20)
        target = {"/dialogue": "/dialogue/{}", "/memory": "/memory/{}"}
        delete = target.get(path, "/dialogue/d/messages/{}")
        kept = {f"i{number:03}" for number in range(1, 20) if number % 3}
        to_delete = [f"i{number:03}" for number in range(0, 20, 3)]
        params, seen = {"order": order, "limit": 3}, []
        for turn in itertools.count():
            assert turn < 50
            page = done(api.get(path, params=params))
            seen += ids(page)
            if page["next"] is None:
                break
            params["next"] = page["next"]
            make_one(api, path, f"now{turn}")
            make_one(api, path, f"past{turn}", created="2001-01-01")
            make_one(api, path, f"future{turn}", created="2101-01-01")
            if to_delete:
                # The token may rest on the very item that goes: the last one shown.
                api.delete(delete.format(to_delete.pop(0 if turn % 2 else -1)))
        assert sorted(one for one in seen if one in kept) == sorted(kept)
        assert len(seen) == len(set(seen))

    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_deleting_what_the_token_rests_on_skips_nothing(self, path, order, api):
        fill(api, 10)
        params = {"order": order, "limit": 4}
        first = done(api.get(path, params=params))
        whole = ids(done(api.get(path, params={"order": order})))
        one = f"{path}/{ids(first)[-1]}"
        done(api.delete(one))
        second = done(api.get(path, params={**params, "next": first["next"]}))
        assert ids(second) == whole[4:8]

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_writers_beside_the_reader_disturb_nothing(self, order, api, project, server):
        fill(api, 40)
        stop = threading.Event()

        def write():
            with server.client(project.key) as writer:
                for number in range(400):
                    if stop.is_set():
                        return
                    new_message(writer, "d", id=f"w{number}", created=f"20{number % 90:02}-01-01")
                    done(writer.delete(f"/dialogue/d/messages/w{number}"))

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for _ in range(5):
                seen = [
                    item["id"]
                    for item in walk(api, "/dialogue/d/messages", order=order, limit=5)
                    if item["id"].startswith("i")
                ]
                assert seen == sorted(set(seen), reverse=order == "desc")
                assert len(seen) == 40
        finally:
            stop.set()
            thread.join()

    def test_many_messages_created_at_one_time_come_in_the_order_they_arrived(self, api):
        new_dialogue(api, id="d")
        batch = [{"id": str(number), "created": "2020-01-01"} for number in range(30)]
        new_messages(api, "d", *batch)
        seen = [item["seq"] for item in walk(api, "/dialogue/d/messages", limit=4)]
        assert seen == list(range(1, 31))
        back = [item["seq"] for item in walk(api, "/dialogue/d/messages", limit=4, order="desc")]
        assert back == list(range(30, 0, -1))


class TestTokens:
    @pytest.fixture(autouse=True)
    def things(self, api):
        fill(api)

    @pytest.mark.parametrize("path", LISTS)
    def test_they_need_no_encoding(self, path, api):
        assert TOKEN.fullmatch(done(api.get(path, params={"limit": 2}))["next"])

    def test_they_need_no_encoding_whatever_they_carry(self, api):
        for name in ["é/ ?&=%+", "😀" * 64, "x" * 256]:
            for number in range(2):
                new_dialogue(api, namespace=name, label=str(number), tags=["+/ é"])
            params = {"namespace": name, "tags": "+/ é", "limit": 1}
            token = done(api.get("/dialogue", params=params))["next"]
            assert TOKEN.fullmatch(token)
            assert len(walk(api, "/dialogue", **params)) == 2

    def test_the_token_alone_carries_order_and_filters(self, api):
        for number in range(9):
            new_dialogue(api, id=f"x{number}", namespace="ns", tags=["u"], created="2020-06-01")
        params = {
            "namespace": "ns",
            "tags": "u",
            "status": "active",
            "created": "2020-06",
            "order": "asc",
            "orderBy": "modified",
            "limit": 2,
        }
        whole = ids(done(api.get("/dialogue", params={**params, "limit": 50})))
        page = done(api.get("/dialogue", params=params))
        seen = ids(page)
        while page["next"]:
            page = done(api.get(f"/dialogue?next={page['next']}"))
            seen += ids(page)
        assert seen == whole
        assert len(whole) == 9

    def test_a_messages_token_needs_only_the_dialogue_beside_it(self, api):
        for path in ["/messages?dialogueId=d&", "/dialogue/d/messages?"]:
            page = done(api.get(f"{path}limit=5&order=desc&tags=t"))
            again = done(api.get(f"{path}next={page['next']}"))
            assert ids(page) + ids(again) == [f"i{number:03}" for number in range(11, -1, -1)]

    def test_a_memories_token_is_enough(self, api):
        page = done(api.get("/memory?limit=5&order=asc&tags=t"))
        again = done(api.get(f"/memory?next={page['next']}"))
        assert ids(page) + ids(again) == [f"i{number:03}" for number in range(12)]

    def test_what_agrees_may_be_resent_and_the_limit_may_change(self, api):
        params = {"order": "asc", "tags": "t", "namespace": "", "limit": 2}
        token = done(api.get("/memory", params=params))["next"]
        page = done(api.get("/memory", params={**params, "next": token, "limit": 7}))
        assert len(page["items"]) == 7

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("order", "desc"),
            ("orderBy", "modified"),
            ("tags", "other"),
            ("tags", "t,u"),
            ("namespace", "ns"),
            ("status", "ended"),
            ("threadOf", "d"),
            ("created", "2020"),
            ("startDate", "2020-01-01"),
            ("endDate", "2020-01-01"),
        ],
    )
    def test_what_disagrees_is_refused(self, name, value, api):
        params = {"order": "asc", "orderBy": "created", "tags": "t", "limit": 2}
        token = done(api.get("/dialogue", params=params))["next"]
        answer = api.get("/dialogue", params={**params, name: value, "next": token})
        assert answer.status_code == 400
        assert name in str(answer.json()["error"])

    def test_a_forged_one_is_refused(self, api):
        token = done(api.get("/dialogue?limit=2"))["next"]
        forged = {token[:-1], token[1:], token + "A", token[::-1], "A" * len(token), "A", "-"}
        for index in range(0, len(token) - 1, 5):
            other = "A" if token[index] != "A" else "B"
            forged.add(token[:index] + other + token[index + 1 :])
        for one in forged:
            refused(api.get("/dialogue", params={"next": one}), "INVALID_PARAMETER", "next")

    @pytest.mark.parametrize("next_", ["null", "é", "a b", "x" * 5_000, "../..", "' OR 1=1"])
    def test_nonsense_is_refused(self, next_, api):
        refused(api.get("/dialogue", params={"next": next_}), "INVALID_PARAMETER", "next")

    def test_a_token_of_another_list_is_refused(self, api):
        new_dialogue(api, id="e")
        new_messages(api, "e", {}, {}, {})
        tokens = {path: done(api.get(path, params={"limit": 2}))["next"] for path in LISTS}
        for path in [*LISTS, "/dialogue/e/messages", "/admin/keys"]:
            for source, token in tokens.items():
                if source != path:
                    refused(api.get(path, params={"next": token}), "INVALID_PARAMETER")

    def test_the_namespace_of_a_key_is_checked_on_each_page(self, api, client_of):
        for namespace in ["mine", "other"]:
            for _ in range(3):
                new_dialogue(api, namespace=namespace)
        bound = client_of(new_key(api, namespace="mine")["key"])
        for params in [{"namespace": "other"}, {}]:
            token = done(api.get("/dialogue", params={"limit": 1, **params}))["next"]
            answer = bound.get("/dialogue", params={"next": token})
            assert answer.status_code in {400, 403}
        token = done(api.get("/dialogue", params={"limit": 1, "namespace": "mine"}))["next"]
        assert len(done(bound.get("/dialogue", params={"next": token}))["items"]) == 2

    def test_another_key_of_the_project_may_go_on(self, api, client_of):
        token = done(api.get("/memory?limit=4&order=asc"))["next"]
        reader = client_of(new_key(api, scope="read")["key"])
        assert ids(done(reader.get("/memory", params={"next": token})))[0] == "i004"
