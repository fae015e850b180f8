"""What is indexed of an object: the text that is embedded, the words and the filter tokens."""

from collections.abc import Callable, Iterable
from logging import getLogger
from typing import Any, NamedTuple

from dialoguedb.formats.content import has_image
from dialoguedb.formats.search_text import dialogue_text, memory_text, message_text, message_words
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.text import set_apart

logger = getLogger(__name__)


class Document(NamedTuple):
    """An object as it is indexed."""

    text: str
    """What is embedded."""

    words: str
    """By which words it is found."""

    tokens: list[str]
    """What it can be filtered by."""


def document(kind: str, key: int, tags: bytes, metadata: bytes, *fields: Any) -> Document:
    """Make it of what is stored; empty, with a line in the log, when that cannot be read.

    Further fields of a message are its content, name, time and role; of a dialogue its label; of a
    memory its value, label and description. `key` is the engine's own, for the log.
    """
    try:
        text, words, tokens = _MAKERS[kind](tags, *fields)
        tokens += filter_tokens.tag_tokens(tags)
        tokens += filter_tokens.metadata_tokens(metadata)
    except Exception:  # whatever it is, of one object: all others must be found all the same
        logger.exception("the %s with number %d cannot be indexed, and is left out", kind, key)
        return Document("", "", [])
    return Document(text, words, tokens)


def indexed(tokens: Iterable[str], words: str) -> str:
    """Put filter tokens and words together into the text that an index of words reads."""
    return f"{' '.join(tokens)} {set_apart(words)}"


def _of_message(
    _tags: bytes, content: bytes, name: str | None, created: str, role: str
) -> Document:
    tokens = [filter_tokens.role_token(role)]
    if has_image(content):
        tokens.append(filter_tokens.IMAGE)
    text = message_text(content)
    return Document(text, message_words(text, name, created), tokens)


def _of_dialogue(tags: bytes, label: str | None) -> Document:
    text = dialogue_text(label, filter_tokens.decoded_tags(tags))
    return Document(text, text, [])


def _of_memory(_tags: bytes, value: bytes, label: str | None, description: str | None) -> Document:
    text = memory_text(value, label, description)
    return Document(text, text, [])


_MAKERS: dict[str, Callable[..., Document]] = {
    "message": _of_message,
    "dialogue": _of_dialogue,
    "memory": _of_memory,
}
