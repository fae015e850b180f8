"""Which summarizer the settings choose.

Its module is imported when it is chosen: an HTTP client, or the vectors of words, take a moment.
"""

import importlib
from typing import Any

from dialoguedb.bootstrap.tokens import count_tokens
from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.summaries import Summarizer
from dialoguedb.settings import Settings

_OPENAI_URL = "https://api.openai.com/v1"
_ANTHROPIC_URL = "https://api.anthropic.com/v1"


def chosen_summarizer(settings: Settings) -> Summarizer:
    """Return the summarizer of the settings; InvalidSetting."""
    match settings.summarizer:
        case "extractive":
            return _extractive(settings)
        case "openai":
            return _model(settings, "openai_chat", "OpenAIChat", _OPENAI_URL)
        case "anthropic":
            return _model(settings, "anthropic", "AnthropicChat", _ANTHROPIC_URL)


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
    weights = importlib.import_module("dialoguedb.embed.word_weights").word_weights
    module = _module("extractive")
    summarizer: Summarizer = module.ExtractiveSummarizer(count_tokens, weights)
    return summarizer


def _model(settings: Settings, module: str, kind: str, url: str) -> Summarizer:
    if settings.summarizer_model is None:
        raise InvalidSetting(
            f"the summarizer {settings.summarizer!r} needs summarizer-model: the name of a model"
        )
    key = settings.summarizer_key.text if settings.summarizer_key else None
    endpoint = _module("calls").Endpoint(
        url=settings.summarizer_url or url,
        model=settings.summarizer_model,
        timeout_s=settings.summarizer_timeout,
    )
    chat = getattr(_module(module), kind)(endpoint, key)
    summarizer: Summarizer = _module("models").ModelSummarizer(
        settings.summarizer, settings.summarizer_model, chat, key
    )
    return summarizer


def _module(name: str) -> Any:
    return importlib.import_module(f"dialoguedb.summarize.{name}")
