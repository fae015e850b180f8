"""A conversation is converted into what the packages of every API read."""

from collections.abc import Callable

import pytest

from bench.formats.samples.sample import Json
from dialoguedb.formats.transcoder import convert
from tests.formats import packages

READERS: dict[str, Callable[[list[Json]], object]] = {
    "openai": packages.openai_chat,
    "responses": packages.openai_responses,
    "anthropic": packages.anthropic,
    "gemini": packages.google_genai,
    "ui-message": packages.pydantic_ai,
}


@pytest.mark.parametrize("target", READERS)
def test_a_converted_conversation_is_read_by_packages_of_its_target(sample, target):
    messages = [
        {**(one["content"] if isinstance(one["content"], dict) else one)} for one in sample.messages
    ]
    READERS[target](convert(messages, "auto", target).messages)
