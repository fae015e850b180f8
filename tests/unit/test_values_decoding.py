"""Decoding: whatever is received becomes a value of the model, or one error with every fault."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.model.dialogues import DialogueChange, DialogueInput
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.memories import MemoryChange, MemoryInput
from dialoguedb.model.messages import MessageChange, MessageInput
from dialoguedb.model.projects import ProjectInput, SettingsChange
from dialoguedb.values.decoding import decode, decode_list
from dialoguedb.values.rawjson import prepare
from dialoguedb.values.validation_errors import ValidationErrors

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


def accepted(kind, body):
    """Take a body as the server would; returns what it became, or the error it is refused with."""
    try:
        value = decode(kind, prepare(body))
        if isinstance(value, MessageInput):
            faults = ValidationErrors()
            value.validate("", faults)
            faults.raise_if_any()
        elif isinstance(value, DialogueInput):
            value.validate("request")
        elif hasattr(value, "accept"):
            value.validate()
    except InvalidRequest as refusal:
        return refusal
    return value


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


class TestFaults:
    def details(self, kind, body):
        refusal = accepted(kind, json.dumps(body).encode())
        assert isinstance(refusal, InvalidRequest)
        return refusal, {fault.field: fault.code for fault in refusal.details}

    def test_every_fault_is_listed_with_its_place(self):
        messages: list[Any] = [{"role": "user", "content": "fine"}, {"role": 1, "content": ""}, 5]
        refusal, details = self.details(
            DialogueInput,
            {"id": "a/b", "label": 5, "tags": ["x" * 65], "messages": messages, "created": "now"},
        )
        assert refusal.code == "VALIDATION_ERROR"
        assert details == {
            "id": "INVALID",
            "label": "INVALID",
            "tags[0]": "INVALID",
            "created": "INVALID",
            "messages[1].role": "INVALID",
            "messages[1].content": "INVALID",
            "messages[2]": "INVALID",
        }

    def test_faults_of_one_code_give_their_code(self):
        assert self.details(MessageInput, {})[0].code == "MISSING_PARAMETER"
        assert self.details(MessageInput, {"role": "", "content": 5})[0].code == "INVALID_PARAMETER"
        empty = {"role": "user", "content": ""}
        assert self.details(MessageInput, empty)[0].code == "MESSAGE_CONTENT_EMPTY"
        large = {"role": "user", "content": "x" * 1_048_577}
        assert self.details(MessageInput, large)[0].code == "MESSAGE_TOO_LARGE"

    def test_not_more_faults_are_listed_than_anybody_reads(self):
        _, details = self.details(DialogueInput, {"messages": [{}] * 1_000})
        assert len(details) == 100

    @pytest.mark.parametrize(
        "body",
        [
            b'{"role":1,"role":"user","content":"x"}',
            b'{"role":"user","content":"x","tags":5,"tags":["a"]}',
            b'{"role":"user","content":"x","id":"a/b","id":"c"}',
            b'{"role":"user","content":"x","\\u0069d":5,"id":"c"}',
        ],
    )
    def test_a_name_that_comes_twice_is_a_fault_when_either_value_is(self, body):
        refusal = accepted(MessageInput, body)
        assert isinstance(refusal, InvalidRequest)
        assert refusal.details
        with pytest.raises(InvalidRequest) as caught:
            decode_list(MessageInput, b"[%s]" % body, "messages")
        assert caught.value.details[0].field.startswith("messages[0].")

    def test_of_two_equal_names_with_good_values_the_later_counts(self):
        body = b'{"role":"a","content":"1","role":"b","content":"2"}'
        taken = accepted(MessageInput, body)
        assert (taken.role, bytes(taken.content)) == ("b", b'"2"')

    def test_unknown_names_are_passed_over_where_nothing_says_otherwise(self):
        body = {"role": "user", "content": "x", "unknown": {"role": 1}}
        assert isinstance(accepted(MessageInput, json.dumps(body).encode()), MessageInput)
        _, details = self.details(SettingsChange, {"immutable": True, "imutable": True})
        assert details == {"imutable": "UNKNOWN"}

    def test_what_is_expected_is_said_in_words(self):
        refusal = accepted(MessageInput, b'{"role":1,"content":"x","name":[]}')
        assert [fault.message for fault in refusal.details] == [
            "role must be a string, not a whole number",
            "name must be a string or null, not an array",
        ]

    def test_a_choice_is_refused_with_all_there_are(self):
        refusal = accepted(KeyInput, b'{"scope":"root"}')
        assert refusal.message == "scope must be one of: read, write, admin"
