"""Which summarizer the settings choose.

Its module is imported when it is chosen: an HTTP client, or the vectors of words, take time.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.summaries import Summarizer
from dialoguedb.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OPENAI_URL = "https://api.openai.com/v1"
_ANTHROPIC_URL = "https://api.anthropic.com/v1"


def chosen_summarizer(settings: Settings) -> Summarizer:
    """Return the summarizer of the settings; InvalidSetting."""
    match settings.summarizer:
        case "extractive":
            return _extractive(settings)
        case "openai":
            return _by_model(settings, _OPENAI_URL)
        case "anthropic":
            return _by_model(settings, _ANTHROPIC_URL)


def _extractive(settings: Settings) -> Summarizer:
    for name, is_given in {
        "summarizer-model": settings.summarizer_model,
        "summarizer-url": settings.summarizer_url,
        "summarizer-key": settings.summarizer_key,
    }.items():
        if is_given:
            raise InvalidSetting(
                f"{name} is not for the summarizer 'extractive', which is built in;"
                " choose another with summarizer"
            )
    from dialoguedb.summarize.extractive import ExtractiveSummarizer  # noqa: PLC0415 - slow to load

    return ExtractiveSummarizer(count_tokens, _word_weights)


def _word_weights(words: Sequence[str]) -> "NDArray[np.float32]":
    from dialoguedb.embed.word_weights import word_weights  # noqa: PLC0415 - it loads numpy

    return word_weights(words)


def _by_model(settings: Settings, url: str) -> Summarizer:
    if settings.summarizer_model is None:
        raise InvalidSetting(
            f"the summarizer {settings.summarizer!r} needs summarizer-model: the name of a model"
        )
    from dialoguedb.summarize.anthropic import AnthropicChat  # noqa: PLC0415 - slow to load
    from dialoguedb.summarize.chat_client import ChatEndpoint  # noqa: PLC0415 - slow to load
    from dialoguedb.summarize.model_summarizer import ModelSummarizer  # noqa: PLC0415 - slow
    from dialoguedb.summarize.openai_chat import OpenAIChat  # noqa: PLC0415 - slow to load

    key = settings.summarizer_key.text if settings.summarizer_key else None
    endpoint = ChatEndpoint(
        url=settings.summarizer_url or url,
        model=settings.summarizer_model,
        timeout_s=settings.summarizer_timeout,
    )
    is_openai = settings.summarizer == "openai"
    chat = (OpenAIChat if is_openai else AnthropicChat)(endpoint, key)
    return ModelSummarizer(settings.summarizer, settings.summarizer_model, chat, key)
