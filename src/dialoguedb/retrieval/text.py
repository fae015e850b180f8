"""Words: what is indexed of an object, and what of a query is looked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from logging import getLogger
from typing import Any, NamedTuple

from dialoguedb.formats.attachments.scanner import has_image
from dialoguedb.formats.search_text import (
    dialogue_text,
    memory_text,
    message_text,
    message_words,
)
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.normal_form import compounds, normalized
from dialoguedb.retrieval.terms import Term, TermGroup, Tokenizer

logger = getLogger(__name__)

_TERMS_MAX = 32
"""Words of a query that count each for itself; those beyond count together, as one."""

_SAY_LITTLE = """
    a about above after again all also am an and any are aren as at be because been before
    being below between both but by can cannot could couldn d did didn do does doesn doing don
    down during each few for from further had hadn has hasn have haven having he her here hers
    herself him himself his how i if in into is isn it its itself just ll m me might more most
    must my myself no nor not now of off on once only or other our ours ourselves out over own
    re s same shall she should shouldn so some such t than that the their theirs them
    themselves then there these they this those through to too under until up us ve very was
    wasn we were weren what when where which while who whom whose why will with won would
    wouldn you your yours yourself yourselves
"""
STOP_WORDS = frozenset(_SAY_LITTLE.split())
"""Words of English that say little."""


# --- Of objects ----------------------------------------------------------------------------------


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
        text, words, tokens = _MAKERS[kind](tags, metadata, *fields)
        tokens += filter_tokens.tag_tokens(tags)
        tokens += filter_tokens.metadata_tokens(metadata)
    except Exception:  # whatever it is, of one object: all others must be found all the same
        logger.exception("the %s with number %d cannot be indexed, and is left out", kind, key)
        return Document("", "", [])
    return Document(text, words, tokens)


def indexed(tokens: Iterable[str], words: str) -> str:
    """Put filter tokens and words together into the text that an index of words reads.

    A compound is in it as one word, too: `e-mail` is found by `email`.
    """
    normal = normalized(words)
    joined = ("".join(compound) for compound in compounds(normal))
    return " ".join((*tokens, normal, *joined))


def _of_message(_tags: bytes, metadata: bytes, *fields: Any) -> Document:
    content, name, created, role = fields
    tokens = [filter_tokens.role_token(role)]
    if has_image(content):
        tokens.append(filter_tokens.IMAGE)
    text = message_text(role, content, metadata)
    return Document(text, message_words(text, name, created), tokens)


def _of_dialogue(tags: bytes, _metadata: bytes, label: str | None) -> Document:
    text = dialogue_text(label, filter_tokens.decoded_tags(tags))
    return Document(text, text, [])


def _of_memory(_tags: bytes, _metadata: bytes, *fields: Any) -> Document:
    value, label, description = fields
    text = memory_text(value, label, description)
    return Document(text, text, [])


_MAKERS: dict[str, Callable[..., Document]] = {
    "message": _of_message,
    "dialogue": _of_dialogue,
    "memory": _of_memory,
}


# --- Of queries ----------------------------------------------------------------------------------


def stems(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[str]]:
    """Return the words of each text as the index has them, in order, repeated as they are."""
    tokenized = tokenizer.tokenize([normalized(text) for text in texts])
    return [[term.stem for term in terms] for terms in tokenized]


class QueryTerms(NamedTuple):
    """What is looked for in a query by its words."""

    terms: list[Term]
    groups: list[TermGroup]
    """The same one by one, and all further words as the last group."""

    stems: list[list[str]]
    """Of each text that was given besides the query."""


def query_terms(tokenizer: Tokenizer, query: str, others: Sequence[str] = ()) -> QueryTerms:
    """Return each word of a query once, stop words only if there is nothing else.

    The words of `others` come along, since each call of a tokenizer has its price.
    """
    normal = normalized(query)
    parted = [f"{one} {two} {one}{two}" for one, two in compounds(normal)]
    texts = [normal, *parted, *map(normalized, others)]
    of_query, *tokenized = tokenizer.tokenize(texts)
    as_one = {part.stem: whole for *parts, whole in tokenized[: len(parted)] for part in parts}
    found: dict[str, Term] = {}
    for term in of_query:
        found.setdefault(term.stem, term)
    telling = [term for term in found.values() if term.word not in STOP_WORDS]
    terms = telling or list(found.values())
    if len(terms) > _TERMS_MAX:  # the longer, the rarer
        terms.sort(key=lambda term: len(term.word), reverse=True)
    terms, rest = terms[:_TERMS_MAX], terms[_TERMS_MAX:]
    groups = [_with_compound(term, as_one) for term in terms]
    if rest:
        groups.append(tuple(rest))
    of_others = [[term.stem for term in each] for each in tokenized[len(parted) :]]
    return QueryTerms(terms, groups, of_others)


def _with_compound(term: Term, as_one: Mapping[str, Term]) -> TermGroup:
    """Let the part of a compound stand for the whole, too: `email` has both of `e-mail`."""
    return (term, as_one[term.stem]) if term.stem in as_one else (term,)
