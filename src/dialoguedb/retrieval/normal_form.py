"""The form in which words are compared, on both sides: of what is indexed, and of queries.

Compatibility normalization (Unicode Standard Annex 15) and full case folding: width, ligatures,
case, accents and points make no difference. What the tokenizer would take for a border of words
although it is part of one, such as a vowel sign of Hindi, stands as a letter of a private plane; so
does what is a word although it would leave it out, such as an emoji.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from dialoguedb.retrieval.filter_tokens import PREFIX

PART_CHARS = 512
"""How much is normalized at once: what marks in a row take grows with the square of their count."""

_CONTINUED_MAX = 30
"""So many characters may belong to one before them, as in the stream-safe format of Annex 15."""

_CONTINUING = re.compile("[\u1160-\u11ff\uff9e\uff9f]")
"""What belongs to the character before it and is no mark: letters of a syllable, sound marks."""

# Chinese, Japanese and Korean are written without spaces, as are Thai, Lao, Burmese and Khmer: each
# character is a word. The vowel signs of the latter are none.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)

_DROPPED = re.compile(
    "["
    "\u00ad\u200b-\u200f\u2060\ufeff"  # soft hyphens, joiners, directions
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # accents
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # points of Hebrew
    "\u0610-\u061a\u0640\u064b-\u065f\u0670"  # of Arabic, where a letter may be drawn out, too
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"  # variants, colours of skin
    "]+"
)
_EXCHANGED = (
    ("\u0649", "\u064a"),
    ("\u06cc", "\u064a"),
    ("\u06a9", "\u0643"),
    ("\u0629", "\u0647"),
    ("\u0131", "i"),
    ("\u2010", "-"),
)
"""What is written one for the other: letters of Arabic and Persian keyboards, Turkish, hyphens."""

_SIGN = re.compile(r"[^\x00-\u02ff\w\s]")
_EMOJI = re.compile("[\u231a\u231b\u23e9-\u23fa\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")

_PRIVATE = 0xF0000
"""Two planes of private use begin here; a mark or an emoji has the same offset in them."""

_RESERVED = re.compile(f"[{PREFIX}{chr(_PRIVATE)}-\U0010ffff]")

_KEPT = 8_192
_KEPT_CHARS = 32
"""Normal forms that are kept, for people use the same words again, and how long those are."""

_COMPOUND = re.compile(r"(?<![\w-])([^\W\d_]+)-([^\W_]+)(?![\w-])")
_COMPOUND_CHARS_MAX = 40


def normalized(text: str) -> str:
    """Return a text with its words as they are compared, and spaces between them."""
    if text.isascii():
        return text
    return " ".join(map(_normal_word, text.split(" ")))


def parts_of(text: str) -> Iterator[str]:
    """Yield a text in parts to normalize, which end where nothing reaches across.

    Where more marks follow than any writing has, a part ends among them.
    """
    start = 0
    while len(text) - start > PART_CHARS:
        end = last = start + PART_CHARS
        while end - last < _CONTINUED_MAX and end < len(text) and _continues(text[end]):
            end += 1
        yield text[start:end]
        start = end
    yield text[start:]


def _continues(char: str) -> bool:
    return _is_mark(char) or _CONTINUING.match(char) is not None


def compounds(text: str) -> list[tuple[str, str]]:
    """Return the two words of each compound in a normalized text, such as `e-mail`."""
    if "-" not in text:
        return []
    words = (word for word in text.split() if "-" in word)
    found = (match.groups() for word in words for match in _COMPOUND.finditer(word))
    return [(one, two) for one, two in found if len(one) + len(two) <= _COMPOUND_CHARS_MAX]


def readable(word: str) -> str:
    """Return a word of a normalized text as people read it."""
    if word.isascii():
        return word
    return "".join(chr(ord(char) - _PRIVATE) if ord(char) >= _PRIVATE else char for char in word)


def _normal_word(word: str) -> str:
    if word.isascii():
        return word
    if len(word) <= _KEPT_CHARS:
        return _kept(word)
    return "".join(map(_normalized, parts_of(word)))


@lru_cache(_KEPT)
def _kept(word: str) -> str:
    return _normalized(word)


def _normalized(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _RESERVED.sub(" ", text)).casefold()
    letters = _DROPPED.sub("", unicodedata.normalize("NFKD", decomposed))
    for letter, other in _EXCHANGED:
        letters = letters.replace(letter, other)
    composed = unicodedata.normalize("NFC", letters)
    return " ".join(_UNSPACED.split(_SIGN.sub(_as_letter, composed)))


def _as_letter(sign: re.Match[str]) -> str:
    char = sign.group()
    if _is_mark(char):
        return " " if _UNSPACED.match(char) else chr(ord(char) + _PRIVATE)
    return f" {chr(ord(char) + _PRIVATE)} " if _EMOJI.match(char) else char


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"
