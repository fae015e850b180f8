"""Decoding: whatever is received becomes a value of the model, or one error with every fault."""

import json
from typing import Any

import pytest

from dialoguedb.errors import InvalidRequest
from dialoguedb.model.dialogues import DialogueInput
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.messages import MessageInput
from dialoguedb.model.projects import SettingsChange
from dialoguedb.values.decoding import decode, decode_list
from dialoguedb.values.rawjson import prepare
from dialoguedb.values.validation_errors import ValidationErrors


def accepted(kind, body):
    """Take a body as the server would; returns what it became, or the error it is refused with."""
    try:
        value = decode(kind, prepare(body))
        if isinstance(value, MessageInput):
            errors = ValidationErrors()
            value.validate("", errors)
            errors.raise_if_any()
        elif isinstance(value, DialogueInput):
            value.validate("request")
        elif hasattr(value, "accept"):
            value.validate()
    except InvalidRequest as refusal:
        return refusal
    return value


class TestValidationErrors:
    def details(self, kind, body):
        refusal = accepted(kind, json.dumps(body).encode())
        assert isinstance(refusal, InvalidRequest)
        return refusal, {detail.field: detail.code for detail in refusal.details}

    def test_every_error_is_listed_with_its_field(self):
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

    def test_errors_of_one_code_give_their_code(self):
        assert self.details(MessageInput, {})[0].code == "MISSING_PARAMETER"
        assert self.details(MessageInput, {"role": "", "content": 5})[0].code == "INVALID_PARAMETER"
        empty = {"role": "user", "content": ""}
        assert self.details(MessageInput, empty)[0].code == "MESSAGE_CONTENT_EMPTY"
        large = {"role": "user", "content": "x" * 1_048_577}
        assert self.details(MessageInput, large)[0].code == "MESSAGE_TOO_LARGE"

    def test_not_more_errors_are_listed_than_anybody_reads(self):
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
    def test_a_name_that_comes_twice_is_an_error_when_either_value_is(self, body):
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
        assert [detail.message for detail in refusal.details] == [
            "role must be a string, not a whole number",
            "name must be a string or null, not an array",
        ]

    def test_a_choice_is_refused_with_all_there_are(self):
        refusal = accepted(KeyInput, b'{"scope":"root"}')
        assert refusal.message == "scope must be one of: read, write, admin"
