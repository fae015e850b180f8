"""Attachments of every spelling over the wire: stored whole, read back whole or by reference."""

import hashlib
import json
import random

import pytest

from tests.attachments import BY_REFERENCE, PNG, SPELLINGS, anthropic, base64_of, data_uri

from .checking import done, ids, refused
from .making import compact, new_dialogue, new_message, new_messages, post_bytes

MIB = 1024 * 1024
BYTES_MAX = 25 * MIB
LARGE = base64_of(random.Random(1).randbytes(20_000_000))
SMALL = base64_of(random.Random(2).randbytes(30_000))
SHA256 = hashlib.sha256(SMALL.encode()).hexdigest()
REFERENCE = f"attachment:sha256:{SHA256}"


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


def post(api, content, **fields):
    body = compact({"role": "user", "content": content, **fields})
    return post_bytes(api, "/dialogue/d/messages", body)


def listed(api, **params):
    return done(api.get("/dialogue/d/messages", params=params))["items"]


def picture(data=SMALL):
    return [{"type": "text", "text": "Look"}, *anthropic("image", PNG)(data)]


class TestSize:
    @pytest.mark.parametrize("spelling", SPELLINGS, ids=[one.name for one in SPELLINGS])
    def test_20_mb_in_every_spelling_come_back_byte_for_byte(self, spelling, api):
        content = spelling.write(LARGE)
        sent = done(post(api, content, id="m"))
        assert sent["contentLength"] == len(compact(content))
        answer = api.get("/dialogue/d/messages/m")
        assert b'"content":' + compact(content) + b"," in answer.content
        assert done(answer) == sent
        reference = listed(api, attachments="reference")[0]["attachments"]
        assert [(one["kind"], one["bytes"]) for one in reference] == [(spelling.kind, 20_000_000)]

    @pytest.mark.parametrize(
        "write",
        [
            anthropic("document", "application/pdf"),
            lambda data: [{"type": "image_url", "image_url": {"url": data_uri(PNG)(data)}}],
            lambda data: {"parts": [{"inline_data": {"mime_type": "video/mp4", "data": data}}]},
        ],
    )
    def test_25_mib_are_taken_and_a_byte_more_is_not(self, write, api):
        for size in (BYTES_MAX - 1, BYTES_MAX):
            done(post(api, write(base64_of(bytes(size)))))
        error = refused(
            post(api, write(base64_of(bytes(BYTES_MAX + 1)))), "MESSAGE_TOO_LARGE", "content"
        )
        assert error["details"][0]["code"] == "TOO_LARGE"

    def test_20_are_taken_and_one_more_is_not(self, api):
        block = anthropic("image", PNG)(SMALL)
        done(post(api, block * 20))
        refused(post(api, block * 21), "MESSAGE_TOO_LARGE", "content")

    def test_text_beside_them_has_its_own_limit(self, api):
        text = {"type": "text", "text": "x" * (MIB - 1_000)}
        done(post(api, [text, *picture(LARGE)]))
        text = {"type": "text", "text": "x" * MIB}
        refused(post(api, [text, *picture()]), "MESSAGE_TOO_LARGE", "content")

    def test_long_texts_beside_them_come_in_one_answer_of_its_length(self, api):
        data = base64_of(random.Random(3).randbytes(2 * MIB))
        for number in range(3):
            content = [{"type": "text", "text": f"{number}" * 300_000}, *picture(data)]
            done(post(api, content, id=f"m{number}"))
        answer = api.get("/dialogue/d", params={"messages": 3})
        assert done(answer)["messages"] == listed(api)
        assert int(answer.headers["content-length"]) == len(answer.content)
        head = api.request("HEAD", "/dialogue/d", params={"messages": 3})
        assert head.headers["content-length"] == answer.headers["content-length"]


class TestReferences:
    def test_they_are_shown_where_they_are_asked_for(self, api):
        sent = new_message(api, "d", id="m", content=picture())
        reference = {"sha256": SHA256, "kind": "image", "bytes": 30_000, "mediaType": PNG}
        shown = {**sent, "content": picture(REFERENCE), "attachments": [reference]}
        for path in ("/dialogue/d/messages/m", "/message/m"):
            assert done(api.get(path, params={"dialogueId": "d"})) == sent
            params = {"dialogueId": "d", "attachments": "reference"}
            assert done(api.get(path, params=params)) == shown
        assert listed(api, attachments="reference") == [shown]
        assert listed(api, attachments="inline") == listed(api) == [sent]
        last = done(api.get("/dialogue/d", params={"messages": 1, "attachments": "reference"}))
        assert last["messages"] == [shown]

    def test_another_word_is_refused(self, api):
        refused(
            api.get("/dialogue/d/messages?attachments=none"), "INVALID_PARAMETER", "attachments"
        )

    def test_a_page_token_keeps_the_choice(self, api):
        new_messages(api, "d", {"content": picture()}, {"content": picture()})
        params = {"limit": 1, "attachments": "reference"}
        first = done(api.get("/dialogue/d/messages", params=params))
        second = done(api.get("/dialogue/d/messages", params={"next": first["next"]}))
        assert second["items"][0]["content"] == picture(REFERENCE)
        refused(
            api.get(
                "/dialogue/d/messages", params={"next": first["next"], "attachments": "inline"}
            ),
            "INVALID_PARAMETER",
        )

    def test_a_sender_cannot_write_one(self, api):
        new_message(api, "d", id="picture", content=picture())
        sent = new_message(api, "d", id="text", content=picture(REFERENCE))
        assert done(api.get("/dialogue/d/messages/text")) == sent
        assert listed(api, attachments="reference")[1] == sent

    def test_projects_do_not_learn_of_each_others(self, api, stranger):
        new_message(api, "d", content=picture())
        new_dialogue(stranger, id="d")
        sent = new_message(stranger, "d", content=picture(REFERENCE))
        assert listed(stranger) == [sent]


class TestRetries:
    def test_an_idempotency_key_brings_the_first_response_back(self, api):
        body = {"role": "user", "content": [*picture(), *picture(SMALL[4:])]}
        headers = {"Idempotency-Key": "k"}
        first = done(api.post("/dialogue/d/messages", json=body, headers=headers))
        assert first["content"] == body["content"]
        assert done(api.post("/dialogue/d/messages", json=body, headers=headers)) == first
        assert ids({"items": listed(api)}) == [first["id"]]

    def test_an_id_finds_the_same_bytes(self, api):
        sent = new_message(api, "d", id="m", content=picture())
        assert new_message(api, "d", id="m", content=picture()) == sent
        refused(post(api, picture(SMALL[4:]), id="m"), "DUPLICATE_ID")


class TestImages:
    def test_a_search_finds_images_of_every_spelling(self, api):
        for number, spelling in enumerate(SPELLINGS):
            content = [{"type": "text", "text": "parcel"}, {"x": spelling.write(SMALL)}]
            new_message(api, "d", id=f"{spelling.kind}-{number}", content=content)
        for name, value in BY_REFERENCE.items():
            content = [{"type": "text", "text": "parcel"}, {"x": value}]
            new_message(api, "d", id=f"image-{name.replace(' ', '-')}", content=content)
        query = {"query": "parcel", "object": "message", "limit": 100}
        for has_image in (True, False):
            found = done(api.post("/search", json={**query, "filter": {"hasImage": has_image}}))
            expected = {
                one["id"]
                for one in listed(api, limit=1_000, attachments="reference")
                if one["id"].startswith("image-") is has_image
            }
            assert {one["id"] for one in found["items"]} == expected
            assert all("attachment:" not in json.dumps(one) for one in found["items"])
