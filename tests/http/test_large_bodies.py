"""The largest bodies that come in, and the largest pages that go out."""

import pytest

from .checking import done, ids, refused
from .making import (
    compact,
    new_dialogue,
    new_memory,
    new_messages,
    post_bytes,
    walk,
)
from .sockets import Line, chunked, head

MIB = 1024 * 1024
BODY_BYTES_MAX = 36 * MIB
PAGE_BYTES_MAX = 32 * MIB


class TestARequestsBody:
    def test_36_mib_are_taken_and_a_byte_more_is_not(self, api):
        body = b'{"id":"d"}'
        done(post_bytes(api, "/dialogue", body + b" " * (BODY_BYTES_MAX - len(body))))
        past = body + b" " * (BODY_BYTES_MAX + 1 - len(body))
        refused(post_bytes(api, "/dialogue", past), "PAYLOAD_TOO_LARGE")

    def test_the_same_holds_in_chunks(self, server, project, api):
        body = b'{"id":"%d"}'
        for size, status in [(BODY_BYTES_MAX, 200), (BODY_BYTES_MAX + 1, 413)]:
            start = body % size
            with Line(server) as line:
                line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
                line.send(chunked(start + b" " * (size - len(start)), size=MIB))
                answer = line.answer()
            # Who is still sending when the server hangs up may never see its answer.
            assert (answer is None and status == 413) or (answer and answer.status == status)
        assert ids(done(api.get("/dialogue"))) == [str(BODY_BYTES_MAX)]

    @pytest.mark.parametrize("declared", [BODY_BYTES_MAX + 1, 10**12, 2**63, 10**30])
    def test_a_declared_length_past_the_limit_is_refused_at_once(self, declared, server, project):
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Content_Length=declared))
            answer = line.answer()
        assert answer
        assert answer.status in {400, 413}
        if declared < 2**63:
            assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")

    def test_a_full_batch_of_large_messages_comes_back_whole(self, api):
        new_dialogue(api, id="d")
        batch = [{"role": "user", "content": f"{number}" * 1_000_000} for number in range(8)]
        sent = done(api.post("/dialogue/d/messages", json=batch))
        assert [message["contentLength"] for message in sent] == [1_000_000] * 8
        listed = walk(api, "/dialogue/d/messages")
        assert [message["content"] for message in listed] == [one["content"] for one in batch]


class TestAPageOfAList:
    @pytest.fixture
    def heavy(self, api):
        """Make forty messages of a mebibyte each."""
        new_dialogue(api, id="d")
        for start in range(0, 40, 20):
            batch = [{"id": f"{start + number}"} for number in range(20)]
            new_messages(api, "d", *({**one, "content": "x" * MIB} for one in batch))

    @pytest.mark.parametrize("order", ["asc", "desc"])
    def test_it_ends_early_at_32_mib_and_the_next_goes_on(self, heavy, order, api):
        params = {"limit": 1_000, "order": order}
        answer = api.get("/dialogue/d/messages", params=params)
        page = done(answer)
        assert len(answer.content) <= PAGE_BYTES_MAX
        assert len(page["items"]) == 31
        rest = done(api.get("/dialogue/d/messages", params={**params, "next": page["next"]}))
        assert rest["next"] is None
        expected = [str(number) for number in range(40)]
        seen = ids(page) + ids(rest)
        assert seen == (expected if order == "asc" else expected[::-1])

    def test_the_last_messages_of_a_dialogue_end_early_at_their_old_end(self, heavy, api):
        answer = api.get("/dialogue/d?messages=1000")
        shown = [int(message["id"]) for message in done(answer)["messages"]]
        assert len(answer.content) <= PAGE_BYTES_MAX
        assert shown == list(range(40 - len(shown), 40))
        assert len(shown) == 31

    @pytest.mark.parametrize("limit", [32, 1_000])
    def test_the_last_messages_tell_where_those_before_are(self, heavy, limit, api):
        dialogue = done(api.get(f"/dialogue/d?messages={limit}"))
        assert len(dialogue["messages"]) == 31
        rest = walk(api, "/dialogue/d/messages", next=dialogue["messagesNext"])
        seen = [one["id"] for one in (*reversed(rest), *dialogue["messages"])]
        assert seen == [str(number) for number in range(40)]

    def test_references_stay_references_in_what_comes_before(self, api):
        source = {"type": "base64", "media_type": "image/png", "data": "A" * 40_000}
        image = {"type": "image", "source": source}
        text = {"type": "text", "text": "x" * (MIB - 100_000)}
        new_dialogue(api, id="d")
        for start in range(0, 40, 20):
            batch = [{"id": f"{start + one}", "content": [text, image]} for one in range(20)]
            new_messages(api, "d", *batch)
        dialogue = done(api.get("/dialogue/d?messages=40&attachments=reference"))
        rest = walk(api, "/dialogue/d/messages", next=dialogue["messagesNext"])
        shown = [*rest, *dialogue["messages"]]
        assert len(shown) == 40
        assert all("A" * 1_000 not in str(one["content"][1]) for one in shown)

    @pytest.mark.parametrize("limit", [0, 31])
    def test_when_all_asked_for_are_there_nothing_more_is_told(self, heavy, limit, api):
        assert "messagesNext" not in done(api.get(f"/dialogue/d?messages={limit}"))

    def test_memories_and_dialogues_have_the_same_end(self, api):
        for number in range(33):
            new_memory(api, id=str(number), value="x" * MIB)
            new_dialogue(api, id=str(number), state={"a": "x" * (MIB - 8)})
        for path in ["/memory", "/dialogue"]:
            answer = api.get(path, params={"limit": 1_000})
            page = done(answer)
            assert len(answer.content) <= PAGE_BYTES_MAX
            assert len(page["items"]) == 31
            rest = done(api.get(path, params={"next": page["next"]}))
            assert len({*ids(page), *ids(rest)}) == 33

    def test_an_item_larger_than_that_comes_alone(self, api):
        new_dialogue(api, id="d")
        data = "A" * (33 * MIB)
        source = {"type": "base64", "media_type": "image/png", "data": data}
        image = {"type": "image", "source": source}
        new_messages(api, "d", {"id": "small"})
        body = compact([{"id": "large", "role": "user", "content": [image]}])
        done(post_bytes(api, "/dialogue/d/messages", body))
        new_messages(api, "d", {"id": "after"})
        params = {"limit": 10}
        pages = []
        while True:
            page = done(api.get("/dialogue/d/messages", params=params))
            pages.append(ids(page))
            if page["next"] is None:
                break
            params["next"] = page["next"]
        assert pages == [["small"], ["large"], ["after"]]
