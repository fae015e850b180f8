"""Fidelity: what was sent comes back, byte for byte in its compact form."""

import json

import pytest

from .checking import done
from .making import new_dialogue, post_bytes

# Each is compact JSON already, so it must come back exactly like this.
OBJECTS = [
    rb'{"nul":"a\u0000b"}',
    rb'{"lone":"\ud800","low":"\udfff","swapped":"\udc00\ud800"}',
    rb'{"\ud800":"lone key"}',
    rb'{"pair":"\ud83d\ude00"}',
    '{"raw":"😀 é ☃ \u2028 \ufeff"}'.encode(),
    rb'{"escapes":"\" \\ \/ \b \f \n \r \t \u001f \u0041"}',
    b'{"del":"\x7f"}',
    b'{"big":123456789012345678901234567890123456789}',
    b'{"small":-123456789012345678901234567890,"zero":-0,"minus":-0.0}',
    b'{"one":1,"point":1.0,"zeros":1.000,"exponent":1e0,"capital":1E+5}',
    b'{"huge":1e400,"tiny":1e-400,"long":3.14159265358979323846264338327950288}',
    b'{"endless":%s,"fraction":0.%se-%s}' % (b"7" * 4_000, b"3" * 5_000, b"9" * 4_000),
    b'{"n":null,"t":true,"f":false}',
    b'{"z":1,"a":2,"m":3,"A":4}',
    b'{"":{"":[]}}',
    b'{"twice":1,"twice":2}',
    b'{"a":[[[[]]],{},[{}],""]}',
    b'{"9007199254740993":9007199254740993}',
    b'{"spaces":" a  b ","tab":"\\t","braces":"} ] , : {"}',
    b'{"__proto__":{"x":1},"constructor":null}',
]
IMAGE = b'{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%s"}}'
TEXTS = [
    rb'"a\u0000b"',
    rb'"\ud800"',
    rb'"\udc00\ud800"',
    '"😀 é ☃ \u2028 \ufeff"'.encode(),
    b'"plain"',
    b'" outer spaces "',
    b'"1.0"',
    b'"null"',
    b'"{\\"json\\":1}"',
    rb'"line\nbreak \\ \" quote"',
]
ANY = [b"1", b"1.0", b"-0", b"1e400", b"null", b"true", b"[]", b"{}", b'""', b"[1.0,null]"]
MESSAGES = "/dialogue/d/messages"


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


STATES = [state for state in OBJECTS if b"twice" not in state]  # merging keeps one of each key


def short(data: bytes) -> str:
    """Name an example by its start."""
    return repr(data[:40])


def occurrences(answer, name: bytes, value: bytes) -> int:
    """Count how often an answer has exactly these bytes under this name."""
    _, *after = answer.content.split(b'"%s":%s' % (name, value))
    return sum(rest[:1] in {b",", b"}"} for rest in after)


def spread(data: bytes) -> bytes:
    """Put white space around the outer brackets and after the first one."""
    return b" \n" + data[:1] + b"\t\r\n " + data[1:-1] + b"  " + data[-1:] + b"\n"


class TestContent:
    @pytest.mark.parametrize("content", [*OBJECTS, *(b"[%s]" % one for one in OBJECTS)], ids=short)
    def test_structured_content_comes_back_in_the_same_bytes(self, content, api):
        for name, sent_as in [("a", content), ("b", spread(content))]:
            body = b'{"id":"%s","role":"user","content":%s}' % (name.encode(), sent_as)
            sent = post_bytes(api, MESSAGES, body)
            assert done(sent)["contentLength"] == len(content)
            for answer in [sent, api.get(f"{MESSAGES}/{name}")]:
                assert occurrences(answer, b"content", content) == 1
        assert occurrences(api.get(MESSAGES), b"content", content) == 2

    @pytest.mark.parametrize("beside", OBJECTS, ids=short)
    @pytest.mark.parametrize("filling", [b"AAAA", b"A" * 1_100_000], ids=["small", "large"])
    def test_what_stands_beside_an_image_comes_back_too(self, beside, filling, api):
        content = b"[%s,%s]" % (IMAGE % filling, beside)
        sent = post_bytes(api, MESSAGES, b'{"id":"m","role":"user","content":%s}' % content)
        assert sent.status_code == 200
        assert occurrences(api.get(f"{MESSAGES}/m"), b"content", content) == 1

    @pytest.mark.parametrize("content", TEXTS, ids=short)
    def test_text_comes_back_as_the_same_text(self, content, api):
        sent = post_bytes(api, MESSAGES, b'{"id":"m","role":"user","content":%s}' % content)
        parsed = done(sent)["content"]
        assert parsed == json.loads(content)
        assert done(api.get(f"{MESSAGES}/m"))["content"] == parsed
        assert done(api.get(MESSAGES))["items"][0]["content"] == parsed

    @pytest.mark.parametrize("content", OBJECTS, ids=short)
    def test_every_way_of_sending_keeps_the_bytes(self, content, api):
        message = b'{"role":"user","content":%s}' % content
        for method, path, body in [
            ("POST", MESSAGES, b"[%s]" % message),
            ("POST", "/messages", b'{"dialogueId":"d","messages":[%s]}' % message),
            ("PUT", "/dialogue/d", b'{"message":%s}' % message),
            ("POST", "/dialogue", b'{"messages":[%s]}' % message),
        ]:
            answer = post_bytes(api, path, body, method)
            done(answer)
            assert occurrences(answer, b"content", content) == 1
        assert occurrences(api.get(MESSAGES), b"content", content) == 3


class TestMetadata:
    @pytest.mark.parametrize("metadata", OBJECTS, ids=short)
    def test_it_comes_back_in_the_same_bytes(self, metadata, api):
        bodies = {
            "/dialogue": b'{"metadata":%s}',
            MESSAGES: b'{"role":"user","content":"c","metadata":%s}',
            "/memory": b'{"value":1,"metadata":%s}',
        }
        for path, body in bodies.items():
            made = post_bytes(api, path, body % spread(metadata))
            done(made)
            assert occurrences(made, b"metadata", metadata) == 1
            assert occurrences(api.get(path), b"metadata", metadata) == 1


class TestState:
    @pytest.mark.parametrize("state", STATES, ids=short)
    def test_it_comes_back_in_the_same_bytes(self, state, api):
        made = post_bytes(api, "/dialogue", b'{"id":"s","state":%s}' % spread(state))
        done(made)
        assert occurrences(made, b"state", state) == 1
        put = post_bytes(api, "/dialogue/d/state", spread(state), "PUT")
        assert (put.status_code, put.content) == (200, state)
        for name in "ds":
            assert occurrences(api.get(f"/dialogue/{name}"), b"state", state) == 1
            assert api.get(f"/dialogue/{name}/state").content == state
        assert occurrences(api.get("/dialogue"), b"state", state) == 2


class TestMemories:
    @pytest.mark.parametrize("value", [*OBJECTS, *ANY], ids=short)
    def test_a_value_comes_back_in_the_same_bytes(self, value, api):
        made = post_bytes(api, "/memory", b'{"id":"k","value": %s }' % value)
        done(made)
        for answer in [made, api.get("/memory/k"), api.get("/memory")]:
            assert occurrences(answer, b"value", value) == 1

    @pytest.mark.parametrize("value", TEXTS, ids=short)
    def test_text_comes_back_as_the_same_text(self, value, api):
        done(post_bytes(api, "/memory", b'{"id":"k","value":%s}' % value))
        assert done(api.get("/memory/k"))["value"] == json.loads(value)


class TestUnicodeInNames:
    @pytest.mark.parametrize(
        "text",
        [
            "😀",
            "é",
            "e\u0301",
            "日本語",
            "a\u200bb",
            "ﬀ",
            "İ",
            "\u202eright",
            "a\ufffdb",
            "\U0010ffff",
        ],
    )
    def test_every_name_comes_back_as_sent(self, text, api):
        dialogue = new_dialogue(api, id=text, namespace=text, label=text, tags=[text])
        assert {dialogue[name] for name in ("id", "namespace", "label")} == {text}
        message = {"id": text, "role": text, "name": text, "tags": [text], "content": text}
        path = f"/dialogue/{text}/messages"
        sent = done(api.post(path, params={"namespace": text}, json=message))
        assert {name: sent[name] for name in message} == message
        listed = done(api.get("/dialogue", params={"namespace": text, "tags": text}))
        assert [item["id"] for item in listed["items"]] == [text]
        read = api.get(f"{path}/{text}", params={"namespace": text})
        assert done(read) == sent

    def test_names_that_only_look_alike_are_different(self, api):
        for name in ["é", "e\u0301", "E", "e", "ｅ"]:
            new_dialogue(api, id=name)
        assert len(done(api.get("/dialogue"))["items"]) == 6
