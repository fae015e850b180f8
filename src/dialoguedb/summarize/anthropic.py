"""Anthropic's models, by its Messages API."""

import msgspec
from msgspec import Struct

from dialoguedb.endpoints import EndpointFailure
from dialoguedb.model.summaries import LLMUsage
from dialoguedb.summarize.chat_client import (
    ChatConnection,
    ChatEndpoint,
    ChatReply,
    decode_response,
    reported_tokens,
)

_VERSION = "2023-06-01"
_INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_CUT = frozenset({"max_tokens", "model_context_window_exceeded"})


class _Block(Struct):
    type: str
    text: str = ""


class _MessagesResponse(Struct):
    content: list[_Block]
    stop_reason: str | None = None
    usage: object = None


_decoder = msgspec.json.Decoder(_MessagesResponse)


class AnthropicChat:
    """A model that `POST /messages` reaches."""

    def __init__(self, endpoint: ChatEndpoint, key: str | None) -> None:
        headers = {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})
        self._caller = ChatConnection(f"{endpoint.url}/messages", headers, endpoint.timeout_s)
        self._model = endpoint.model

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def ask(self, prompt: str, tokens_max: int, usage: LLMUsage) -> ChatReply:
        """Return the model's reply; EndpointFailure."""
        messages = [{"role": "user", "content": prompt}]
        request = {"model": self._model, "max_tokens": tokens_max, "messages": messages}
        return await self._caller.call(request, _read, usage)


def _read(body: bytes) -> ChatReply:
    response = decode_response(_decoder, body)
    if response.stop_reason == "refusal":
        raise EndpointFailure("the model refused to summarize this", again=False)
    return ChatReply(
        text="".join(block.text for block in response.content if block.type == "text"),
        input_tokens=reported_tokens(response.usage, *_INPUTS),
        output_tokens=reported_tokens(response.usage, "output_tokens"),
        is_cut=response.stop_reason in _CUT,
    )
