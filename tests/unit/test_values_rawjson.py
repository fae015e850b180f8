"""JSON kept as the bytes that were received."""

import json

import pytest
from msgspec import Raw

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import rawjson
from dialoguedb.values.limits import JSON_DEPTH_MAX


def stored(received: bytes) -> bytes:
    """Do to a value what the server does before it is stored."""
    return rawjson.compact(Raw(rawjson.prepare(received).strip()))


class TestCompact:
    def test_a_lone_surrogate_is_told_from_a_pair(self):
        for lone in [rb'"\ud800"', rb'"\udc00"', rb'"\udc00\ud800"', rb'"\ud800x\udc00"']:
            assert rawjson.has_hidden_surrogate(rawjson.prepare(lone))
        for fine in [rb'"\ud83d\ude00"', rb'"\\ud800"', rb'"\ue000"', '"😀"'.encode()]:
            assert not rawjson.has_hidden_surrogate(rawjson.prepare(fine))

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff",
            b'"\xc3"',
            b'"\xed\xa0\x80"',
            b'"\xc0\x80"',
            b'"\xf5\x80\x80\x80"',
            b'{"\x80":1}',
        ],
    )
    def test_what_is_no_utf8_is_refused(self, body):
        with pytest.raises(InvalidJSON):
            rawjson.prepare(body)


class TestLength:
    @pytest.mark.parametrize(
        ("value", "length"),
        [
            (b'"abc"', 3),
            ('"é😀"'.encode(), 6),
            (rb'"\u00e9\ud83d\ude00"', 6),
            (rb'"\n\"\\\/"', 4),
            (rb'"\ud800"', 3),
            (rb'"\udc00\ud800"', 6),
            (rb'"\u0000"', 1),
            (b'{"a":1}', 7),
            (b"[1.0,null]", 10),
            (b"123", 3),
            (rb'{"a":"\u00e9"}', 14),
        ],
    )
    def test_a_text_counts_as_utf8_and_all_else_as_its_json(self, value, length):
        assert rawjson.length(value) == length


class TestDepth:
    @pytest.mark.parametrize(
        ("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('{"]":[', "]}")]
    )
    def test_the_limit_is_the_limit(self, opening, closing):
        levels = sum(map(opening.replace('"]"', "").count, "[{"))
        steps = JSON_DEPTH_MAX // levels
        fine = opening * steps + "1" + closing * steps
        assert rawjson.prepare(fine.encode())
        with pytest.raises(InvalidRequest, match="deeper than 128"):
            rawjson.prepare(f"[{fine}]".encode())

    @pytest.mark.parametrize("count", [1_000, 100_000, 1_000_000])
    def test_a_bomb_is_refused_and_nothing_worse(self, count):
        for bomb in [b"[" * count, b'{"a":' * count, b"[" * count + b"]" * count, b"]" * count]:
            with pytest.raises(InvalidRequest):
                rawjson.check_syntax(rawjson.prepare(bomb))

    def test_brackets_inside_of_texts_are_no_depth(self):
        body = json.dumps(["[" * 500, '"[' * 200, "\\[" * 200, {"{" * 300: "]"}]).encode()
        assert stored(body) == stored(stored(body))

    def test_width_is_no_depth(self):
        body = b"[" + b",".join([b"[[]]"] * 50_000) + b"]"
        assert rawjson.prepare(body) == body


class TestMerging:
    def test_the_later_of_two_equal_names_counts(self):
        assert rawjson.merge(b'{"a":1,"a":2}', b"{}") == b'{"a":2}'
        assert rawjson.merge(b'{"a":1}', rb'{"\u0061":2}') == b'{"a":2}'
        assert rawjson.merge(b'{"a":1}', b'{"b":1,"b":2}') == b'{"a":1,"b":2}'

    def test_names_with_lone_surrogates_are_names(self):
        value = rb'{"\ud800":1}'
        assert rawjson.merge(value, rb'{"\ud801":2}') == rb'{"\ud800":1,"\ud801":2}'
        assert rawjson.merge_patch(value, rb'{"\ud800":null}') == b"{}"
        assert rawjson.merge(value, rb'{"\ud800":3}') == rb'{"\ud800":3}'
