"""Recorded windows on the wire: what the model saw, byte for byte, as long as it is there."""

import hashlib
import json
import re
import time

import pytest

from .checking import done, refused
from .making import (
    new_dialogue,
    new_key,
    new_memory,
    new_message,
    new_messages,
    new_summary,
    new_window,
)

OWN = ("id", "dialogueId", "namespace", "created", "settings", "sha256", "verified", "deleted")
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


@pytest.fixture
def dialogue(api):
    made = new_dialogue(api, id="order-17")["id"]
    new_messages(
        api,
        made,
        {"id": "s", "role": "system", "content": "Be brief 😀."},
        {"id": "u1", "content": [{"type": "text", "text": "Where is order 17?"}, IMAGE]},
        {"id": "a1", "role": "assistant", "content": "It left on Monday."},
        {"id": "u2", "content": "When does the parcel arrive?"},
    )
    return made


def record(api, dialogue, **fields):
    return new_window(api, dialogue, record=True, **fields)


def again(api, window, **params):
    return done(api.get(f"/context/{window['id']}", params=params))


def shared(receipt):
    """Return the part of a receipt that is the window itself."""
    return {"id": receipt["id"], **{k: v for k, v in receipt.items() if k not in OWN}}


def summarized(api, dialogue, **fields):
    path = f"/summary/{new_summary(api, dialogue, **fields)['id']}"
    deadline = time.monotonic() + 60
    while (made := done(api.get(path)))["status"] == "processing":
        assert time.monotonic() < deadline
    return made


class TestRecording:
    @pytest.mark.parametrize("format_", ["openai", "responses", "anthropic", "gemini", "plain"])
    def test_the_window_is_answered_again_byte_for_byte(self, api, dialogue, format_):
        body = {"maxTokens": 4_000, "format": format_, "record": True}
        first = api.post(f"/dialogue/{dialogue}/context", json=body)
        window = done(first)
        receipt = api.get(f"/context/{window['id']}")
        assert shared(done(receipt)) == window
        messages = re.search(rb'"messages":(\[.*?\]),"(?:system|tokens)"', first.content)
        assert messages
        assert messages[1] in receipt.content
        assert done(receipt)["verified"] is True

    def test_a_window_that_is_not_recorded_has_no_id(self, api, dialogue):
        assert "id" not in new_window(api, dialogue)
        assert "id" not in new_window(api, dialogue, record=False)

    def test_a_get_can_record_as_well(self, api, dialogue):
        window = done(api.get(f"/dialogue/{dialogue}/context?maxTokens=4000&record=true"))
        assert shared(again(api, window)) == window

    def test_the_receipt_tells_how_the_window_was_asked_for(self, api, dialogue):
        query = "When does the parcel arrive?"
        window = record(api, dialogue, query=query, recent=2, memories=3, target="strict")
        receipt = again(api, window)
        assert receipt["settings"] == {
            "maxTokens": 4_000,
            "querySHA256": hashlib.sha256(query.encode()).hexdigest(),
            "format": "openai",
            "target": "strict",
            "recent": 2,
            "summary": True,
            "memories": 3,
            "stable": False,
            "unanswered": "drop",
        }
        assert receipt["dialogueId"] == dialogue
        assert "namespace" not in receipt
        assert receipt["deleted"] == {"messageIds": [], "memoryIds": []}
        assert re.fullmatch("[0-9a-f]{64}", receipt["sha256"])

    def test_later_messages_summaries_and_memories_change_nothing(self, api, dialogue):
        new_memory(api, id="k1", value="Likes deliveries in the morning")
        new_messages(api, dialogue, *[{"content": f"a long story, part {n}"} for n in range(60)])
        first = summarized(api, dialogue)
        window = record(api, dialogue, maxTokens=300, memories=2, recent=1)
        assert window["included"]["summaryId"] == first["id"]
        assert window["included"]["memoryIds"] == ["k1"]
        new_message(api, dialogue, content="And then?")
        new_memory(api, id="k2", value="Has a dog")
        summarized(api, dialogue)
        receipt = again(api, window)
        assert shared(receipt) == window
        assert receipt["verified"] is True

    def test_the_same_key_records_once(self, api, dialogue):
        body = {"maxTokens": 4_000, "record": True}
        header = {"Idempotency-Key": "once"}
        path = f"/dialogue/{dialogue}/context"
        first = done(api.post(path, json=body, headers=header))
        new_message(api, dialogue, content="More.")
        assert done(api.post(path, json=body, headers=header)) == first

    def test_a_retry_is_answered_until_the_dialogue_is_deleted(self, api, dialogue):
        body = {"maxTokens": 4_000, "record": True}
        header = {"Idempotency-Key": "once"}
        path = f"/dialogue/{dialogue}/context"
        first = done(api.post(path, json=body, headers=header))
        assert done(api.post(path, json=body, headers=header)) == first
        done(api.delete(f"/dialogue/{dialogue}"))
        refused(api.post(path, json=body, headers=header), "DIALOGUE_NOT_FOUND")


class TestDeleting:
    def test_what_is_deleted_is_named_and_gone(self, api, dialogue):
        new_memory(api, id="k1", value="Likes deliveries in the morning")
        window = record(api, dialogue, memories=1, query="Where is order 17?")
        done(api.delete(f"/dialogue/{dialogue}/messages/u1"))
        done(api.delete("/memory/k1"))
        receipt = again(api, window)
        assert receipt["verified"] is False
        assert "deleted" in receipt["differs"]
        assert receipt["deleted"] == {"messageIds": ["u1"], "memoryIds": ["k1"]}
        assert "order 17" not in json.dumps(receipt)
        assert "morning" not in json.dumps(receipt)
        assert "It left on Monday." in json.dumps(receipt)

    def test_so_is_a_summary(self, api, dialogue):
        new_messages(api, dialogue, *[{"content": f"a long story, part {n}"} for n in range(60)])
        made = summarized(api, dialogue)
        window = record(api, dialogue, maxTokens=300, recent=1)
        done(api.delete(f"/summary/{made['id']}"))
        receipt = again(api, window)
        assert receipt["deleted"]["summaryId"] == made["id"]
        assert receipt["verified"] is False

    def test_a_deleted_dialogue_takes_its_receipts_with_it(self, api, dialogue):
        window = record(api, dialogue)
        done(api.delete(f"/dialogue/{dialogue}"))
        refused(api.get(f"/context/{window['id']}"), "CONTEXT_NOT_FOUND")


class TestPermissions:
    def test_a_read_key_reads_receipts_and_records_none(self, api, client_of, dialogue):
        window = record(api, dialogue)
        reader = client_of(new_key(api, scope="read")["key"])
        assert shared(again(reader, window)) == window
        path = f"/dialogue/{dialogue}/context"
        refused(reader.post(path, json={"maxTokens": 99, "record": True}), "FORBIDDEN")
        refused(reader.get(f"{path}?maxTokens=99&record=true"), "FORBIDDEN")
        done(reader.post(path, json={"maxTokens": 4_000, "record": False}))

    def test_a_key_of_a_namespace_sees_only_what_is_there(self, api, client_of):
        windows = {}
        for namespace in ["mine", "other"]:
            new_dialogue(api, id="d", namespace=namespace, message={"role": "user", "content": "x"})
            windows[namespace] = record(api, "d", namespace=namespace)
        bound = client_of(new_key(api, namespace="mine")["key"])
        assert again(bound, windows["mine"])["namespace"] == "mine"
        refused(bound.get(f"/context/{windows['other']['id']}"), "CONTEXT_NOT_FOUND")
        assert again(api, windows["other"])["namespace"] == "other"
        refused(api.get(f"/context/{windows['other']['id']}?namespace="), "CONTEXT_NOT_FOUND")

    def test_archived_dialogues_show_their_receipts_and_take_no_new_ones(self, api, dialogue):
        window = record(api, dialogue)
        done(api.post(f"/dialogue/{dialogue}/archive"))
        assert again(api, window)["verified"]
        answer = api.post(f"/dialogue/{dialogue}/context", json={"maxTokens": 999, "record": True})
        refused(answer, "DIALOGUE_IMMUTABLE")

    def test_a_quota_of_stored_bytes_counts_receipts(self, api, dialogue):
        usage = done(api.get("/admin/usage"))
        record(api, dialogue)
        assert done(api.get("/admin/usage")) != usage

    @pytest.mark.parametrize("name", ["none", "01K9", "a%2Fb"])
    def test_what_is_not_there_is_not_found(self, api, name):
        assert api.get(f"/context/{name}").status_code in {400, 404}
        refused(api.get("/context/none"), "CONTEXT_NOT_FOUND")

    @pytest.mark.parametrize(
        "wrong",
        [{}, {"maxTokens": 0}, {"maxTokens": 99, "recent": "x"}, {"maxTokens": 99, "target": "x"}],
    )
    def test_what_a_key_may_record_comes_before_what_is_wrong(
        self, api, client_of, dialogue, wrong
    ):
        reader = client_of(new_key(api, scope="read")["key"])
        path = f"/dialogue/{dialogue}/context"
        refused(reader.post(path, json={**wrong, "record": True}), "FORBIDDEN")
        refused(reader.get(path, params={**wrong, "record": "true"}), "FORBIDDEN")
        refused(api.post(path, json={**wrong, "record": True}), refused_of(wrong))

    @pytest.mark.parametrize("body", [b'{"record":true', b'{"record":true}{}', b"[", b"\xff"])
    def test_a_broken_body_records_nothing(self, api, client_of, dialogue, body):
        reader = client_of(new_key(api, scope="read")["key"])
        refused(reader.post(f"/dialogue/{dialogue}/context", content=body), "INVALID_JSON")

    @pytest.mark.parametrize("flag", [False, None])
    def test_a_read_key_may_say_that_it_records_nothing(self, api, client_of, dialogue, flag):
        reader = client_of(new_key(api, scope="read")["key"])
        body = {"maxTokens": 4_000, "record": flag}
        assert "id" not in done(reader.post(f"/dialogue/{dialogue}/context", json=body))


def refused_of(wrong):
    return "INVALID_PARAMETER" if wrong else "MISSING_PARAMETER"
