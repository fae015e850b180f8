"""What is long is worked on in pieces, and comes out as if it had been done at once."""

import json
import random
import re

import msgspec
import pytest
from msgspec import Raw

from dialoguedb.errors import Forbidden, InvalidJSON
from dialoguedb.http.requests import bound_namespace, permissions
from dialoguedb.values import long_values, rawjson
from dialoguedb.values.long_values import LONG_BYTES, PIECE_BYTES, Shortened

MIB = 1024 * 1024
PARTS = [
    "x",
    "é",
    "港",
    "\U0001f6a2",
    r"\n",
    r"\\",
    r"\"",
    r"\u00e9",
    r"\ud83d\udea2",
    r"\uD83D\uDEA2",
    r"\\ud83d",
    "{[",
    " ",
]


def dense(size, seed=0, parts=PARTS):
    """Return the inside of a JSON string that is made of all that must not be cut apart."""
    choose = random.Random(seed)
    made = "".join(choose.choices(parts, k=size)).encode()
    return made * -(-size // len(made))


STRINGS = {
    "dense": dense(MIB),
    "escapes": rb"\u00e9" * (MIB // 4),
    "pairs": rb"\ud83d\udea2" * (MIB // 8),
    "backslashes": rb"\\" * MIB,
    "characters": "🚢".encode() * (MIB // 3),
    "shifted": b"x" + "é".encode() * MIB,
    "base64": b"QUJD" * MIB,
    "lines": (b"QUJD" * 19 + rb"\n") * (MIB // 60),
}
strings = pytest.mark.parametrize("inside", STRINGS.values(), ids=STRINGS)


class TestPieces:
    @strings
    @pytest.mark.parametrize("size", [PIECE_BYTES, 16 * 1024, 1_001])
    def test_are_the_value_each_of_them_whole_and_none_longer_than_asked_for(self, inside, size):
        pieces = [*long_values.safe_pieces(inside, size=size)]
        assert b"".join(pieces) == inside
        assert max(map(len, pieces)) <= size + len(rb"\udea2")
        texts = [json.loads(b'"%b"' % piece) for piece in pieces]
        assert "".join(texts) == json.loads(b'"%b"' % inside)

    def test_are_joined_to_what_they_were(self):
        parts = [b"a", memoryview(STRINGS["base64"]), b"", STRINGS["lines"]]
        assert long_values.joined(parts) == b"".join(parts)

    @pytest.mark.parametrize("at", [0, PIECE_BYTES - 3, PIECE_BYTES - 1, PIECE_BYTES, 2 * MIB - 5])
    def test_are_searched_across_their_ends(self, at):
        value = b"-" * at + b"words" + b"-" * (2 * MIB - at - 5)
        assert long_values.find(value, b"words", 0) == at
        assert long_values.find(value, b"words", at + 1) == -1
        assert long_values.find(value, b"words", 0, at) == -1
        assert long_values.contains(value, b"words")
        assert not long_values.contains(value, b"others")
        assert long_values.count(value, b"-") == len(value) - 5
        assert long_values.starts_with(value, memoryview(b"words"), at)
        assert not long_values.starts_with(value, memoryview(b"words"), at + 1)

    @pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\x80\x80\x80\x80\x80", b"\xf0\x9f\x9a"])
    @pytest.mark.parametrize("at", [3, PIECE_BYTES - 2, PIECE_BYTES, LONG_BYTES + 2])
    def test_that_are_no_utf8_are_named_by_their_position(self, bad, at):
        for value in (b"x" * at + bad, "é".encode() * at + bad + b"x" * MIB):
            with pytest.raises(UnicodeDecodeError) as refused:
                value.decode()
            assert long_values.invalid_utf8_at(value) == refused.value.start

    def test_that_are_utf8_are_fine(self):
        for inside in STRINGS.values():
            assert long_values.invalid_utf8_at(inside) is None


class TestShortened:
    @strings
    def test_it_is_short_valid_and_becomes_whole_again(self, inside):
        value = b'{"a":"%b","b":["%b",1],"%b":{}}' % (inside, inside, inside)
        shortened = Shortened(value)
        assert len(shortened.short) < MIB
        msgspec.json.decode(shortened.short, type=dict[str, Raw])
        assert shortened.whole(shortened.short) == value

    def test_members_become_whole_one_by_one(self):
        inside = STRINGS["lines"]
        shortened = Shortened(b'{"a":"%b","b":2,"c":["%b"]}' % (inside, inside))
        members = msgspec.json.decode(shortened.short, type=dict[str, Raw])
        assert shortened.whole(members["a"]) == b'"%b"' % inside
        assert shortened.whole(members["c"]) == b'["%b"]' % inside
        assert [shortened.is_whole(each) for each in members.values()] == [False, True, False]

    @pytest.mark.parametrize("bad", [b"\x01", rb"\q", rb"\u00x0"])
    def test_a_string_that_is_none_stays_as_it_is(self, bad):
        value = b'{"a":"%b"}' % (b"x" * MIB + bad + b"x" * MIB)
        assert Shortened(value).short == value

    def test_of_long_space_little_is_left_and_what_it_parts_stays_apart(self):
        space = b" \n\t\r" * (MIB // 4)
        assert len(Shortened(b'{"a":' + space + b"1}").short) < 64 * 1024
        with pytest.raises(InvalidJSON):
            rawjson.check_syntax(Shortened(b"1" + b" " * (32 * 1024 - 1) + b"2").short)

    def test_what_a_sender_writes_is_no_placeholder(self):
        value = b'{"a":"~long-0~"}' + b" " * 10
        shortened = Shortened(value)
        assert shortened.whole(shortened.short) == value


class TestLongJson:
    @strings
    def test_is_compacted_as_short_json_is(self, inside):
        item = rb'{ "a b" : ["x \" y\\" , 1.50, null ] , "c":"\\\\" }'.replace(
            b"null", b"\n\tnull\r"
        )
        value = b'[ "%b" , %b ]' % (inside, b" , ".join([item] * 3_000))
        assert len(value) > LONG_BYTES
        assert rawjson.compact(Raw(value)) == msgspec.json.format(value, indent=-1)

    @strings
    def test_is_measured_as_short_json_is(self, inside):
        value = b'"%b"' % inside
        text = json.loads(value)
        assert rawjson.length(value) == len(text.encode("utf-8", "surrogatepass"))

    def test_is_as_deep_as_it_is(self):
        inside = b'"%b"' % STRINGS["dense"]
        for levels in (1, 7, 200):
            nested = b"[" * levels + b"]" * levels
            value = b"[%b]" % b",".join([inside, nested, inside, b'["]"]'])
            assert rawjson.depth(value) == max(levels, 1) + 1

    def test_keeps_lone_surrogates(self):
        lone = rb"\ud800\\ud800 x \uDFFF\ud83d\udea2" * (MIB // 20)
        value = b'["%b",{"a":"%b"}]' % (lone, lone)
        prepared = rawjson.prepare(value)
        assert json.loads(prepared) != json.loads(value)
        assert rawjson.compact(msgspec.json.decode(prepared, type=Raw)) == value

    @pytest.mark.parametrize("broken", [b"]", b',"', b",tru", b', "\x01"', rb', "\q"'])
    def test_is_refused_with_the_position_of_what_is_wrong(self, broken):
        value = b'["%b"%b' % (STRINGS["lines"], broken)
        if broken == b"]":
            rawjson.check_syntax(value)
            value += b"]"
        with pytest.raises(msgspec.DecodeError) as refused:
            msgspec.json.decode(value, type=Raw)
        with pytest.raises(InvalidJSON, match=re.escape(str(refused.value))):
            rawjson.check_syntax(value)

    def test_names_what_a_key_may_name(self):
        long = b'"%b"' % STRINGS["lines"]
        body = b'{"content":%b,"namespace":"%b","record":%b}'
        bound_namespace.check_body(body % (long, b"mine", b"true"), "mine")
        assert permissions.body_sets(body % (long, b"mine", b"true"), "record")
        assert not permissions.body_sets(body % (long, b"mine", b"false"), "record")
        for other in (b"other", STRINGS["base64"]):
            for sent in (body % (long, other, b"1"), b"[%b]" % (body % (long, other, b"1"))):
                with pytest.raises(Forbidden):
                    bound_namespace.check_body(sent, "mine")
