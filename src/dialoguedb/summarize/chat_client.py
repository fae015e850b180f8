"""Requests to a chat model over HTTP, retried with exponential backoff and jitter."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import httpx2
import msgspec
import stamina
from msgspec import Struct

from dialoguedb.endpoints import EndpointFailure, failure_from, retry_delay_s, silence_http_logs
from dialoguedb.model.summaries import LLMUsage

T = TypeVar("T")

_ATTEMPTS = 4
_WAIT_S_INITIAL = 0.25
_WAIT_S_MAX = 20.0
"""With a longer wait the job fails and is retried as a whole, later."""


_ANSWER_BYTES_MAX = 4 * 1024 * 1024
_TOKENS_MAX = 1_000_000_000


class ChatReply(Struct, frozen=True):
    """The response of a model."""

    text: str
    input_tokens: int
    output_tokens: int
    is_cut: bool
    """Whether the token limit cut it off."""


class ChatModel(Protocol):
    """A chat model."""

    async def ask(self, prompt: str, tokens_max: int, usage: LLMUsage) -> ChatReply:
        """Return its answer, of so many tokens at most; EndpointFailure."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class ChatEndpoint(Struct, frozen=True):
    """The address of a model."""

    url: str
    model: str
    timeout_s: float


class ChatConnection:
    """Sends requests to one URL, with retries."""

    def __init__(self, url: str, headers: dict[str, str], timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._client = httpx2.AsyncClient(headers=headers, timeout=timeout_s)
        silence_http_logs()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(
        self, body: dict[str, Any], read: Callable[[bytes], ChatReply], usage: LLMUsage
    ) -> ChatReply:
        """Return the decoded reply, recording its usage; EndpointFailure."""
        attempts = stamina.retry_context(
            on=lambda error: retry_delay_s(error, _WAIT_S_MAX),
            attempts=_ATTEMPTS,
            timeout=None,
            wait_initial=_WAIT_S_INITIAL,
            wait_max=_WAIT_S_MAX,
            wait_jitter=_WAIT_S_INITIAL,
        )
        async for attempt in attempts:
            with attempt:
                usage.calls += 1
                reply = read(await self._posted(body))
                usage.input_tokens += reply.input_tokens
                usage.output_tokens += reply.output_tokens
                return reply
        raise AssertionError  # the last attempt has returned or raised

    async def _posted(self, body: dict[str, Any]) -> bytes:
        try:
            async with (
                asyncio.timeout(self._timeout_s),  # the client's own is for each piece of an answer
                self._client.stream("POST", self._url, json=body) as answer,
            ):
                received = await _received(answer)
        except (httpx2.TimeoutException, TimeoutError):
            raise EndpointFailure(
                f"it did not answer within {self._timeout_s:g} s", again=True
            ) from None
        except httpx2.HTTPError as error:
            raise EndpointFailure(f"it cannot be reached: {error}", again=True) from None
        if not answer.is_success:
            raise failure_from(answer, received)
        return received


async def _received(answer: httpx2.Response) -> bytes:
    received = bytearray()
    async for piece in answer.aiter_bytes():
        received += piece
        if len(received) > _ANSWER_BYTES_MAX:
            raise EndpointFailure("its answer is far longer than any summary", again=True)
    return bytes(received)


def reported_tokens(usage: object, *names: str) -> int:
    """Return the sum of these token counts of a provider; implausible ones count as 0."""
    counts = [usage.get(name) for name in names] if isinstance(usage, dict) else []
    return sum(one for one in counts if type(one) is int and 0 <= one <= _TOKENS_MAX)


def decode_response(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode a response; EndpointFailure."""
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or of another shape
        raise EndpointFailure("its answer cannot be read", again=True) from None
