"""The packages of providers and frameworks, as judges: each raises an error for what it refuses."""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch prices when it is imported

from anthropic.types import MessageParam
from anthropic.types.beta import BetaMessageParam
from google.genai import types as genai
from langchain_core.messages import convert_to_messages
from litellm.litellm_core_utils.prompt_templates.factory import anthropic_messages_pt
from litellm.llms.vertex_ai.gemini.transformation import _gemini_convert_messages_with_history
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
from mistral_common.tokens.tokenizers.base import TokenizerVersion
from openai.types.chat import ChatCompletionMessageParam
from openai.types.responses import ResponseInputItemParam
from pydantic import TypeAdapter
from pydantic_ai.ui.vercel_ai import VercelAIAdapter
from pydantic_ai.ui.vercel_ai.request_types import UIMessage

from bench.formats.rendering import declared_tools

Json = dict[str, Any]

MISTRAL_VERSIONS = [*TokenizerVersion]


def types_of(adapter: TypeAdapter[Any]) -> Callable[[Iterable[Json]], None]:
    """Return what validates messages by the types of a package."""

    def validate(messages: Iterable[Json]) -> None:
        for message in messages:
            _exhaust(adapter.validate_python(message))

    return validate


def _exhaust(value: Any) -> None:
    """Read everything in a validated value, as pydantic validates an `Iterable` when it is read."""
    if isinstance(value, dict):
        for item in value.values():
            _exhaust(item)
    elif not isinstance(value, str | bytes) and isinstance(value, Iterable):
        for item in value:
            _exhaust(item)


openai_chat = types_of(TypeAdapter(ChatCompletionMessageParam))
openai_responses = types_of(TypeAdapter(ResponseInputItemParam))
_anthropic = types_of(TypeAdapter(MessageParam))
anthropic_beta = types_of(TypeAdapter(BetaMessageParam))


def anthropic(messages: list[Json]) -> None:
    """Validate messages by Anthropic's types; blocks of MCP are known to the beta's alone."""
    of_mcp = [one for each in messages for one in each["content"] if one["type"][:4] == "mcp_"]
    (anthropic_beta if of_mcp else _anthropic)(messages)


def google_genai(contents: Iterable[Json]) -> None:
    """Validate contents of Gemini; members that it does not know are refused."""
    for content in contents:
        genai.Content.model_validate(content)


def langchain(messages: list[Json]) -> None:
    """Convert messages to LangChain's own."""
    convert_to_messages(messages)


def litellm_anthropic(messages: list[Json]) -> list[Any]:
    """Convert messages to Anthropic's, without the system's."""
    others = [message for message in messages if message["role"] != "system"]
    return list(anthropic_messages_pt(others, model="claude-sonnet-4-5", llm_provider="anthropic"))


def litellm_gemini(messages: list[Json]) -> list[Any]:
    """Convert messages to Gemini's, without the system's."""
    others: Any = [message for message in messages if message["role"] != "system"]
    return list(_gemini_convert_messages_with_history(others, model="gemini-2.5-pro"))


def mistral(messages: list[Json], version: TokenizerVersion) -> None:
    """Validate messages by the rules of a generation of Mistral's models, which answer a user."""
    goes_on = [*messages, {"role": "user", "content": "Go on."}]
    sent = goes_on if messages[-1]["role"] == "assistant" else messages
    tools = declared_tools(messages)
    request: Any = ChatCompletionRequest.from_openai(sent, tools, model="mistral")
    get_validator(version, ValidationMode.test).validate_request(request)


_ui_messages = TypeAdapter(list[UIMessage])


def pydantic_ai(messages: list[Json]) -> list[Any]:
    """Convert messages of the AI SDK's user interface to those of pydantic-ai."""
    return list(VercelAIAdapter.load_messages(_ui_messages.validate_python(messages)))
