"""Decoding: what is received becomes a value of the model, or one error with all its details."""

import json
from contextlib import suppress

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.model.dialogues import DialogueChange, DialogueInput
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.memories import MemoryChange, MemoryInput
from dialoguedb.model.messages import MessageChange, MessageInput
from dialoguedb.model.projects import ProjectInput, SettingsChange
from dialoguedb.values.decoding import decode_list
from dialoguedb.values.rawjson import prepare
from tests.unit.test_values_decoding import accepted

KINDS = (
    DialogueInput,
    DialogueChange,
    MessageInput,
    MessageChange,
    MemoryInput,
    MemoryChange,
    KeyInput,
    ProjectInput,
    SettingsChange,
)

NAMES = sorted(
    {field.encode_name for kind in KINDS for field in msgspec.structs.fields(kind)}
    | {"perSecond", "burst", "enabled", "storedBytes", "unknown", "", "\ud800"}
)

MANY = settings(max_examples=80, database=None)

WORDS = [
    *("null", "true", "0", "-1", "1.5", "1e400", "123456789012345678901234567890", '""', '"x"'),
    *('"2025-11-06"', '"\\ud800"', '"\\u0000"', '"a/b"', '"write"', "[]", "{}", '[""]', "[1]"),
    *('["a","b"]', '[{"role":"user","content":"x"}]', '{"role":"user","content":"x"}'),
    *('{"role":1}', '[{"role":"user"}]', '{"type":"image","source":{"data":"data:"}}', "[[]]"),
    *('["10.0.0.0/8"]', '["nowhere"]', '{"perSecond":0}', '{"messages":null}', '{"a":{"b":[1]}}'),
]


def written(members):
    """Write an object, in which a name may come twice."""
    return f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in members)}}}"


VALUES = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=4).map(written)
    ),
    max_leaves=8,
)

OBJECTS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8).map(written)


class TestAnything:
    @MANY
    @given(body=OBJECTS)
    def test_any_object_is_taken_or_refused(self, body):
        for kind in KINDS:
            accepted(kind, body.encode())

    @MANY
    @given(body=VALUES)
    def test_any_value_is_taken_or_refused(self, body):
        for kind in KINDS:
            taken = accepted(kind, body.encode())
            if not body.startswith("{"):
                assert isinstance(taken, InvalidRequest)

    @MANY
    @given(body=st.binary(max_size=60) | OBJECTS.map(lambda text: text.encode()[:-1]))
    @example(body=b"")
    @example(body=b"\xff")
    @example(body=b'{"a":NaN}')
    @example(body=b'{"a":"\xed\xa0\x80"}')
    @example(body=b"{}x")
    @example(body=b'{"a":1,}')
    @example(body=b"{'a':1}")
    @example(body=b'{"a":01}')
    @example(body=b"\xef\xbb\xbf{}")
    def test_what_is_no_json_is_said_to_be_none(self, body):
        try:
            json.loads(body, parse_constant=lambda name: name[0])
            is_json = True
        except ValueError:
            is_json = False
        for kind in KINDS:
            taken = accepted(kind, body)
            assert is_json or isinstance(taken, InvalidJSON)

    @MANY
    @given(items=st.lists(OBJECTS, max_size=4))
    def test_a_list_of_anything_is_taken_or_refused(self, items):
        body = f"[{','.join(items)}]".encode()
        for kind in KINDS:
            with suppress(InvalidRequest):
                assert len(decode_list(kind, prepare(body), "messages")) == len(items)
