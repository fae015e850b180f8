"""Models behind an endpoint that chats like OpenAI's: OpenAI, Ollama, vLLM, LM Studio."""

import msgspec
from msgspec import Struct

from dialoguedb.endpoints import EndpointFailure, EndpointRefused
from dialoguedb.model.summaries import LLMUsage
from dialoguedb.summarize.chat_client import (
    ChatConnection,
    ChatEndpoint,
    ChatReply,
    decode_response,
    reported_tokens,
)

_RENAMED = "max_completion_tokens"
"""What newer models of OpenAI call `max_tokens`; most others know only the older name."""


class _Part(Struct):
    text: str = ""


class _Message(Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None


class _Choice(Struct):
    message: _Message
    finish_reason: str | None = None


class _ChatCompletion(Struct):
    choices: list[_Choice]
    usage: object = None


_decoder = msgspec.json.Decoder(_ChatCompletion)


class OpenAIChat:
    """A model that `POST /chat/completions` reaches."""

    def __init__(self, endpoint: ChatEndpoint, key: str | None) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._caller = ChatConnection(
            f"{endpoint.url}/chat/completions", headers, endpoint.timeout_s
        )
        self._model = endpoint.model
        self._limit = "max_tokens"

    async def close(self) -> None:
        """Close the connections."""
        await self._caller.close()

    async def ask(self, prompt: str, tokens_max: int, usage: LLMUsage) -> ChatReply:
        """Return the model's reply; EndpointFailure."""
        request = {"model": self._model, "messages": [{"role": "user", "content": prompt}]}
        try:
            return await self._caller.call(request | {self._limit: tokens_max}, _read, usage)
        except EndpointRefused as refused:
            if self._limit == _RENAMED or _RENAMED not in refused.body:
                raise
        self._limit = _RENAMED
        return await self._caller.call(request | {self._limit: tokens_max}, _read, usage)


def _read(body: bytes) -> ChatReply:
    response = decode_response(_decoder, body)
    if not response.choices:
        raise EndpointFailure("its answer holds no choice", again=True)
    choice = response.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise EndpointFailure("the model refused to summarize this", again=False)
    return ChatReply(
        text=_text(choice.message),
        input_tokens=reported_tokens(response.usage, "prompt_tokens"),
        output_tokens=reported_tokens(response.usage, "completion_tokens"),
        is_cut=choice.finish_reason == "length",
    )


def _text(message: _Message) -> str:
    if isinstance(message.content, list):
        return "".join(part.text for part in message.content)
    return message.content or ""
