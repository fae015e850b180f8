"""The summarizer that asks a chat model."""

import logging
import re
from collections.abc import Sequence

from msgspec import Struct

from dialoguedb.endpoints import EndpointFailure, EndpointRefused
from dialoguedb.errors import SummarizerRefused, SummarizerUnavailable
from dialoguedb.model.summaries import LLMUsage
from dialoguedb.ports.summaries import CombineRequest, Prompt, SummaryRequest, SummaryText
from dialoguedb.summarize.chat_client import ChatModel, ChatReply
from dialoguedb.summarize.sentences import cut_at_sentence
from dialoguedb.summarize.transcripts import split_in_half, transcript

logger = logging.getLogger(__name__)

_ROOM_TO_THINK = 8_192
"""More tokens for models that spend theirs on thinking before they write a word."""

_TOKEN_CHARS_MAX = 32
"""Far above what any text takes for a token: a model that says more ignores its limit."""

_THOUGHTS = re.compile(r"\A\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_TOO_LONG = re.compile(
    r"context.{0,3}(?:length|size|window)|maximum context|too long|too large|too many tokens"
    r"|token limit|exceeds? the (?:available|maximum|limit)",
    re.IGNORECASE,
)
_TOO_LONG_STATUS = 413

_HINTS = {
    301: "summarizer-url has moved",
    302: "summarizer-url has moved",
    307: "summarizer-url has moved",
    308: "summarizer-url has moved",
    401: "summarizer-key is missing or not valid",
    402: "the account has nothing left to spend",
    403: "summarizer-key may not use this model",
    404: "there is no such summarizer-model, or nothing at summarizer-url",
    429: "it allows no more requests for now",
}
"""What an operator can do about a status."""


class _Task(Struct, frozen=True):
    prompt: Prompt
    tokens_max: int
    joint: str
    """The separator between the texts."""


class ModelSummarizer:
    """Asks a model to write summaries; a text that is too long is read in halves."""

    def __init__(self, name: str, model: str, chat: ChatModel, key: str | None = None) -> None:
        self.name = name
        self.model: str | None = model
        self._chat = chat
        self._key = key
        self._room = 0

    async def close(self) -> None:
        """Close the connections."""
        await self._chat.close()

    async def summarize(self, request: SummaryRequest) -> SummaryText:
        """Have the model summarize turns; SummarizerUnavailable, SummarizerRefused."""
        task = _Task(request.prompt, request.tokens_max, "\n")
        return await self._done(task, transcript(request.turns), request.previous)

    async def combine(self, request: CombineRequest) -> SummaryText:
        """Have the model merge summaries into one; SummarizerUnavailable, SummarizerRefused."""
        task = _Task(request.prompt, request.tokens_max, "\n\n")
        return await self._done(task, request.parts, request.previous)

    async def _done(self, task: _Task, texts: Sequence[str], previous: str | None) -> SummaryText:
        usage = LLMUsage()
        try:
            content = await self._of(task, texts, previous, usage) if texts else previous or ""
        except EndpointFailure as failure:
            error = self._error(failure)
            if isinstance(error, SummarizerUnavailable):
                error.after_s = failure.after_s
            error.took = (usage.input_tokens, usage.output_tokens, usage.calls)
            raise error from None
        return SummaryText(
            content=content,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            calls=usage.calls,
        )

    async def _of(
        self, task: _Task, texts: Sequence[str], previous: str | None, usage: LLMUsage
    ) -> str:
        """Summarize texts; when they are too long, the first half, then the second on top of it."""
        try:
            return await self._written(task, task.joint.join(texts), previous, usage)
        except EndpointRefused as refused:
            halves = split_in_half(texts) if _is_too_long(refused) else None
            if not halves:
                raise
        first, second = halves
        return await self._of(task, second, await self._of(task, first, previous, usage), usage)

    async def _written(self, task: _Task, text: str, previous: str | None, usage: LLMUsage) -> str:
        prompt = task.prompt(text, previous)
        reply = await self._chat.ask(prompt, task.tokens_max + self._room, usage)
        if reply.is_cut and not _text_of(reply) and not self._room:
            self._room = _ROOM_TO_THINK
            reply = await self._chat.ask(prompt, task.tokens_max + self._room, usage)
        summary = _text_of(reply)
        if not summary:
            raise EndpointFailure("it answered without a word", again=not reply.is_cut)
        most = task.tokens_max * _TOKEN_CHARS_MAX
        return cut_at_sentence(summary[:most]) if reply.is_cut or len(summary) > most else summary

    def _error(self, failure: EndpointFailure) -> SummarizerUnavailable | SummarizerRefused:
        """Log the details for the operator, and return the error that a client may see."""
        body = failure.body_without(self._key)
        extra = {"summarizer": self.name, "model": self.model, "response": body}
        logger.warning("The summarizer failed: %s", failure.reason, extra=extra)
        hint = "it cannot read texts of this length" if _is_too_long(failure) else None
        hint = hint or _HINTS.get(failure.status or 0)
        message = f"The summarizer {self.name}/{self.model} failed: {failure.reason}"
        kind = SummarizerUnavailable if failure.again else SummarizerRefused
        return kind(f"{message}: {hint}" if hint else message)


def _text_of(reply: ChatReply) -> str:
    return _THOUGHTS.sub("", reply.text).strip()


def _is_too_long(failure: EndpointFailure) -> bool:
    if not isinstance(failure, EndpointRefused):
        return False
    return failure.status == _TOO_LONG_STATUS or _TOO_LONG.search(failure.body) is not None
