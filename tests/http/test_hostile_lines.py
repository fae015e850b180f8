"""Hostile use: whatever comes down the line, the answer is ours, and the server lives on."""

import json

import pytest

from .checking import done, ids
from .making import HELLO, contents, get_dialogue, new_dialogue
from .sockets import Line, head, no_surprise, whole

POST = b"POST /dialogue HTTP/1.1\r\nHost: x\r\n"
pytestmark = pytest.mark.usefixtures("survives")


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


class TestBodiesThatDoNotEnd:
    @pytest.mark.parametrize("sent", [b"", b"{", b'{"id":"half"'])
    def test_a_truncated_body_stores_nothing(self, sent, server, project, api):
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Content_Length=1_000) + sent)
        assert ids(done(api.get("/dialogue"))) == ["d"]

    def test_a_truncated_body_that_would_be_whole_json_stores_nothing(self, server, project, api):
        with Line(server) as line:
            start = head("POST", "/dialogue/d/messages", project.key, Content_Length=1_000)
            line.send(start + json.dumps(HELLO).encode())
        assert contents(api, "d") == []

    def test_chunks_that_break_off_store_nothing(self, server, project, api):
        for rest in [b'5\r\n{"a"', b"zz\r\n", b"-1\r\n", b"5\r\n", b"ffffffffffffffff1\r\n{}"]:
            with Line(server) as line:
                line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
                line.send(rest)
        assert ids(done(api.get("/dialogue"))) == ["d"]

    def test_slow_clients_hold_up_nobody(self, server, project, api):
        slow = [Line(server) for _ in range(50)]
        try:
            for line in slow:
                line.send(head("POST", "/dialogue", project.key, Content_Length=12)[:-30])
            for _ in range(20):
                done(api.get("/dialogue/d"))
        finally:
            for line in slow:
                line.close()

    def test_a_body_may_come_byte_by_byte(self, server, project, api):
        body = json.dumps({"id": "slow"}).encode()
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Content_Length=len(body)))
            for index in range(len(body)):
                line.send(body[index : index + 1])
            answer = line.answer()
        assert answer
        assert answer.status == 200
        assert get_dialogue(api, "slow")["id"] == "slow"


class TestWaitingForLeave:
    def test_a_client_may_ask_before_it_sends_its_body(self, server, project, api):
        body = json.dumps({"id": "asked"}).encode()
        with Line(server) as line:
            expect = {"Expect": "100-continue", "Content-Length": len(body)}
            line.send(head("POST", "/dialogue", project.key, **expect))
            assert line.received.readline().startswith(b"HTTP/1.1 100")
            assert line.received.readline().strip() == b""
            line.send(body)
            answer = line.answer()
        assert answer
        assert answer.status == 200
        assert get_dialogue(api, "asked")["id"] == "asked"

    def test_it_is_told_before_that_the_body_is_too_large(self, server, project):
        with Line(server) as line:
            expect = {"Expect": "100-continue", "Content-Length": 40_000_000}
            line.send(head("POST", "/dialogue", project.key, **expect))
            answer = line.answer()
        assert answer
        assert answer.status == 413


class TestPipelining:
    def test_requests_sent_ahead_are_answered_in_order(self, server, project):
        requests = [
            whole("POST", "/dialogue/d/messages", project.key, json.dumps(m).encode())
            for m in [{**HELLO, "content": str(number)} for number in range(20)]
        ]
        requests.append(whole("GET", "/dialogue/d/messages", project.key))
        with Line(server) as line:
            line.send(b"".join(requests))
            answers = [line.answer() for _ in requests]
        assert [answer.json["content"] for answer in answers[:-1] if answer] == [
            str(number) for number in range(20)
        ]
        assert answers[-1]
        assert len(answers[-1].json["items"]) == 20

    def test_a_refused_request_does_not_confuse_the_next(self, server, project):
        with Line(server) as line:
            line.send(whole("POST", "/dialogue", project.key, b"{nonsense"))
            line.send(whole("POST", "/nothing", None, b'{"a":1}'))
            line.send(whole("GET", "/dialogue/d", project.key))
            answers = [line.answer() for _ in range(3)]
        statuses = [answer.status for answer in answers if answer]
        assert statuses in ([400, 404, 200], [400, 404], [400])


class TestHeads:
    def test_a_flood_of_headers_is_refused_or_survived(self, server, project):
        flood = {f"X_{number}": "x" * 100 for number in range(5_000)}
        with Line(server) as line:
            line.send(head("GET", "/dialogue", project.key, **flood))
            no_surprise(line.answer())

    @pytest.mark.parametrize("name", ["X-Long", "Cookie", "Authorization", "Idempotency-Key"])
    def test_so_is_one_huge_header(self, name, server):
        with Line(server) as line:
            line.send(head("GET", "/dialogue", **{name: "x" * 2_000_000}))
            no_surprise(line.answer())

    def test_so_is_a_huge_target(self, server, project):
        for target in ["/dialogue/" + "x" * 500_000, "/dialogue?next=" + "x" * 500_000]:
            with Line(server) as line:
                line.send(head("GET", target, project.key))
                no_surprise(line.answer())

    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"\r\n\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"BREW /dialogue HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /dialogue HTTP/1.1\r\n\r\n",
            b"GET dialogue HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET http://evil/dialogue HTTP/1.1\r\nHost: x\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /dialogue\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n folded: b\r\n\r\n",
            POST + b"Content-Length: -1\r\n\r\n",
            POST + b"Content-Length: abc\r\n\r\n",
            POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
            POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ],
        ids=repr,
    )
    def test_what_is_hardly_http_breaks_nothing(self, request_bytes, server):
        with Line(server) as line:
            line.socket.settimeout(0.5)
            line.send(request_bytes)
            try:
                no_surprise(line.answer())
            except TimeoutError:
                return  # It waits for more, as it may.

    def test_what_is_no_http_is_told(self, server):
        for broken, named in [
            (POST + b"Content-Length: abc\r\n\r\n", "Content-Length"),
            (b"BREW /dialogue HTTP/1.1\r\nHost: x\r\n\r\n", "method"),
        ]:
            with Line(server) as line:
                line.send(broken)
                answer = line.answer()
            assert answer
            assert answer.status == 400
            assert named in answer.json["error"]["message"]

    def test_letters_in_a_target_may_stand_as_they_are(self, server, project, api):
        for name in ["café", "Привет:1", "日本"]:
            new_dialogue(api, id=name, namespace=name)
            target = f"/dialogue/{name}?namespace={name}"
            with Line(server) as line:
                for sent in (head("GET", target, project.key), whole("GET", target, project.key)):
                    line.send(sent)
                    answer = line.answer()
                    assert answer
                    assert answer.json["id"] == name, answer

    def test_an_upgrade_is_not_taken_up(self, server, project):
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        with Line(server) as line:
            line.send(head("GET", "/dialogue", project.key, **upgrade, **key))
            answer = line.answer()
        assert answer
        assert answer.status != 101
        no_surprise(answer)
