"""Every type of part that the packages of providers and frameworks have is in a table of ours."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
import typing_extensions
from anthropic.types import ContentBlock, ContentBlockParam, beta
from google.genai.types import Part
from langchain_core.messages import content as langchain
from openai.types import chat, responses
from pydantic import BaseModel
from pydantic_ai import messages as pydantic_ai

from dialoguedb.formats.spellings.dispatch import find

Json = dict[str, Any]

INNER = {"content", "output", "outputs", "summary", "tool_calls"}
"""Members that hold parts."""


def members(kind: Any) -> dict[str, Any]:
    """Return the members of a type, with their types."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    is_record = dataclasses.is_dataclass(kind) or typing_extensions.is_typeddict(kind)
    return typing_extensions.get_type_hints(kind) if is_record else {}


def alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types that a type stands for."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from alternatives(get_args(kind)[0])
    elif origin in {typing.Union, UnionType} or (origin and origin is not Literal):
        for one in get_args(kind):
            yield from alternatives(one)
    elif isinstance(kind, typing_extensions.TypeAliasType):
        yield from alternatives(kind.__value__)
    else:
        yield kind


def literal(kind: Any) -> str:
    """Return the name that a member with the type of a part has."""
    return next((name for one in alternatives(kind) for name in get_args(one)), "")


def parts_of(kind: Any, by: str = "type", seen: set[Any] | None = None) -> Iterator[Json]:
    """Yield objects of each type of part, and of those within it: with all members, and with few.

    A member is `x`, as types are told by the names of their members alone.
    """
    seen = set() if seen is None else seen
    for one in alternatives(kind):
        fields = members(one)
        if not fields or one in seen:
            continue
        seen.add(one)
        if name := literal(fields.get(by)):
            yield {**dict.fromkeys(fields, "x"), by: name}
            yield {**dict.fromkeys(required(one) or fields, "x"), by: name}
        for inner in INNER & fields.keys():
            yield from parts_of(fields[inner], by, seen)


def required(kind: Any) -> set[str]:
    """Return the members that every object of a type has; none when that is not known."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name for name, field in kind.model_fields.items() if field.is_required()}
    return set(getattr(kind, "__required_keys__", ()))


TYPES: dict[str, tuple[Any, str, int]] = {
    "the input of Responses": (responses.ResponseInputItemParam, "type", 40),
    "the output of Responses": (responses.ResponseOutputItem, "type", 30),
    "messages of Chat Completions": (chat.ChatCompletionMessageParam, "type", 6),
    "answers of Chat Completions": (chat.ChatCompletionMessage, "type", 2),
    "the input of Messages": (ContentBlockParam, "type", 30),
    "the output of Messages": (ContentBlock, "type", 25),
    "the beta input of Messages": (beta.BetaContentBlockParam, "type", 35),
    "the beta output of Messages": (beta.BetaContentBlock, "type", 30),
    "LangChain's blocks": (langchain.ContentBlock, "type", 15),
    "pydantic-ai's messages": (pydantic_ai.ModelMessage, "kind", 2),
    "what pydantic-ai's users write": (pydantic_ai.UserContent, "kind", 8),
    "pydantic-ai's requests": (pydantic_ai.ModelRequestPart, "part_kind", 5),
    "pydantic-ai's responses": (pydantic_ai.ModelResponsePart, "part_kind", 5),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_a_package_is_in_a_table(name):
    kind, by, least = TYPES[name]
    found = list(parts_of(kind, by))
    assert len({value[by] for value in found}) >= least
    assert [value for value in found if find(value) is None] == []


def test_a_type_that_is_new_is_noticed():
    class Sparkline(BaseModel):
        type: Literal["sparkline"]

    assert [find(value) for value in parts_of(Sparkline)] == [None, None]


PARTS_OF_GEMINI: list[Json] = [
    {"text": "Hello"},
    {"text": "Hm.", "thought": True},
    {"thought_signature": b"signed"},
    {"inline_data": {"data": b"pixels", "mime_type": "image/png"}},
    {"file_data": {"file_uri": "https://e.com/a.pdf", "mime_type": "application/pdf"}},
    {"function_call": {"name": "track", "args": {"order": 17}, "id": "c1"}},
    {"function_response": {"name": "track", "response": {"result": "sent"}, "id": "c1"}},
    {"executable_code": {"code": "print(1)", "language": "PYTHON"}},
    {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
    {"tool_call": {"id": "c1", "tool_type": "GOOGLE_SEARCH_WEB", "args": {"q": "cup"}}},
    {"tool_response": {"id": "c1", "tool_type": "GOOGLE_SEARCH_WEB", "response": {"a": 1}}},
]
BESIDE_DATA = re.compile(r"thought|metadata|resolution|processing|transcription")


def test_every_member_of_geminis_parts_that_is_data_is_read():
    data = {name for name in Part.model_fields if not BESIDE_DATA.search(name)}
    assert data - {name for part in PARTS_OF_GEMINI for name in part} == set()


@pytest.mark.parametrize("options", [{"by_alias": True, "exclude_none": True}, {}])
@pytest.mark.parametrize("part", PARTS_OF_GEMINI, ids="+".join)
def test_geminis_parts_are_read_in_camel_and_snake_case_and_with_nulls(part, options):
    written = Part.model_validate(part).model_dump(mode="json", **options)
    found = find(written)
    assert found
    assert found[0] == "gemini"
