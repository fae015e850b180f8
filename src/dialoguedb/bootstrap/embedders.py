"""Which embedder the settings choose, and which others can serve an index that is there already.

An embedder's module is imported when it is chosen: what they need takes from 30 ms to seconds.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dialoguedb.embed.texts import Prefixes
from dialoguedb.errors import InvalidSetting
from dialoguedb.ports.search import Embedder
from dialoguedb.settings import Settings


def chosen(settings: Settings) -> Embedder | None:
    """Return the embedder of the settings; None for keyword search alone; InvalidSetting."""
    match settings.embedder:
        case "none":
            return None
        case "wordllama":
            return _wordllama(settings)
        case "openai":
            return _openai(settings)
        case "sentence-transformers":
            return _sentence_transformers(settings)


def known(settings: Settings) -> list[Embedder]:
    """Return the chosen embedder, and after it the others that work without being set up.

    The index of one of these can go on serving while the chosen one's is built; InvalidSetting.
    """
    embedder = chosen(settings)
    if embedder is None:
        return []
    others: list[Embedder] = []
    if settings.embedder != "wordllama":
        with suppress(InvalidSetting):  # it is not installed
            others.append(_load_wordllama())
    return [embedder, *others]


def warm_up(embedders: Sequence[Embedder]) -> None:
    """Have the chosen one load what it needs, so that the first write does not wait; blocks."""
    for embedder in embedders[:1]:
        if embedder.in_process:
            embedder.embed(["ready"])


def _wordllama(settings: Settings) -> Embedder:
    for name, is_given in {
        "embedder-model": settings.embedder_model,
        "embedder-key": settings.embedder_key,
        "embedder-dimensions": settings.embedder_dimensions,
        "embedder-query-prefix": settings.embedder_query_prefix,
        "embedder-document-prefix": settings.embedder_document_prefix,
    }.items():
        if is_given:
            raise InvalidSetting(
                f"{name} is not for the embedder 'wordllama', which is built in;"
                " choose another with embedder"
            )
    return _load_wordllama()


def _load_wordllama() -> Embedder:
    from dialoguedb.embed.wordllama import WordLlama  # noqa: PLC0415 - slow to load

    return WordLlama()


def _openai(settings: Settings) -> Embedder:
    from dialoguedb.embed import openai_api  # noqa: PLC0415 - slow to load

    endpoint = openai_api.EmbeddingEndpoint(
        url=settings.embedder_url,
        model=_model(settings, "the name of a model, such as text-embedding-3-small"),
        dimensions=settings.embedder_dimensions,
        prefixes=_prefixes(settings),
        batch_size=settings.embedder_batch_size,
        timeout_s=settings.embedder_timeout,
    )
    key = settings.embedder_key
    return openai_api.OpenAIEmbedder(endpoint, key.text if key else None)


def _sentence_transformers(settings: Settings) -> Embedder:
    if settings.embedder_key:
        raise InvalidSetting("embedder-key is for the embedder 'openai' alone")
    from dialoguedb.embed import sentence_transformers  # noqa: PLC0415 - slow to load

    directory = Path(_model(settings, "the directory of a model")).expanduser()
    return sentence_transformers.SentenceTransformersEmbedder(
        directory,
        dimensions=settings.embedder_dimensions,
        prefixes=_prefixes(settings),
        batch_size=settings.embedder_batch_size,
    )


def _model(settings: Settings, what: str) -> str:
    if settings.embedder_model is None:
        raise InvalidSetting(f"the embedder {settings.embedder!r} needs embedder-model: {what}")
    return settings.embedder_model


def _prefixes(settings: Settings) -> Prefixes:
    return Prefixes(settings.embedder_query_prefix, settings.embedder_document_prefix)
