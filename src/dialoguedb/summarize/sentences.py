"""Sentences of a text, in any script, as they stand in it."""

import re
from collections.abc import Iterator

CHARACTERS_MAX = 400
"""What goes on longer without an end is cut, between clauses or words when it has any."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WRAPPED_LINE_CHARACTERS = 60
"""A line of this length that ends amid a sentence was wrapped; the sentence goes on in the next."""

_CLOSERS = "\"'”’»)\\]"
_END = re.compile(
    rf"(?<![.!?…])[.!?…]++[{_CLOSERS}]*+(?=\s)"  # scripts with spaces
    r"|(?<![。！？｡।॥؟۔])[。！？｡।॥؟۔]++[」』”’)）]*+"
)
_ENDS_UNSPACED = re.compile(r"[。！？｡][」』”’)）]*\Z")
_ASKS = re.compile(rf"[?？؟][!！{_CLOSERS}」』）]*\Z")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_](?:\.[^\W\d_])?|mrs?|ms|dr|prof|st|vs|fig|approx)\Z", re.IGNORECASE
)
_ABBREVIATION_CHARACTERS = 8
_LOOK_AHEAD_CHARACTERS = 8
_CLAUSE_END = re.compile(r"[;；:：,，、—][\s]*")
_LIST_ITEM = re.compile(r"(?:[-*•–]|\d{1,3}[.)])\s*")

_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese put no spaces between words."""

_WORD = re.compile(rf"([{_UNSPACED}]+)|([^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*)")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without code and with line ends made spaces."""
    paragraphs = _paragraphs(_CODE.sub("\n\n", text))
    return [piece for one in paragraphs for whole in _split(one) for piece in _cut(whole)]


def asks(sentence: str) -> bool:
    """Tell whether a sentence is a question."""
    return _ASKS.search(sentence) is not None


def joined(before: str, after: str) -> str:
    """Put a sentence after another, with a space where the script has them."""
    return f"{before}{after}" if _ENDS_UNSPACED.search(before) else f"{before} {after}"


def cut_at_sentence(text: str) -> str:
    """Return a text that was cut off up to its last whole sentence, or all of it if it has none."""
    ends = [match.end() for match in _END.finditer(text)]
    return text[: ends[-1]] if ends else text


def words(text: str) -> frozenset[str]:
    """Return the words of a text in lower case; pairs of characters where no spaces part them."""
    found: set[str] = set()
    for run, word in _WORD.findall(text.lower()):
        if run:
            found.update(run[at : at + 2] for at in range(max(len(run) - 1, 1)))
        else:
            found.add(word)
    return frozenset(found)


def _paragraphs(text: str) -> Iterator[str]:
    """Join the lines that were wrapped amid a sentence."""
    held = ""
    for raw in text.splitlines():
        line = raw.strip()
        if held and not _goes_on(held, line):
            yield held
            held = ""
        held = f"{held} {line}" if held and line else held or line
    if held:
        yield held


def _goes_on(before: str, line: str) -> bool:
    return (
        len(before) >= _WRAPPED_LINE_CHARACTERS
        and line[:1].islower()
        and not (_END.search(before[-3:] + " ") or _LIST_ITEM.match(line))
    )


def _split(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        if _ends(paragraph, start, end):
            yield paragraph[start : end.end()].strip()
            start = end.end()
    rest = paragraph[start:].strip()
    if rest:
        yield rest


def _ends(paragraph: str, start: int, end: re.Match[str]) -> bool:
    """Tell the end of a sentence from an abbreviation, a list's number, or a quoted question."""
    after = paragraph[end.end() : end.end() + _LOOK_AHEAD_CHARACTERS].lstrip()[:1]
    if after.islower():
        return False
    before = paragraph[start : end.start()].lstrip()
    if end[0] != ".":
        return True
    return not (before.isdigit() or _ABBREVIATION.search(before[-_ABBREVIATION_CHARACTERS:]))


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > CHARACTERS_MAX:
        at = _soft_end(sentence[:CHARACTERS_MAX])
        yield sentence[:at].rstrip()
        sentence = sentence[at:].lstrip()
    if sentence:
        yield sentence


def _soft_end(text: str) -> int:
    """Return where to cut a text, in its second half if it can be cut there at all."""
    half = len(text) // 2
    ends = [match.end() for match in _CLAUSE_END.finditer(text, half)]
    if ends:
        return ends[-1]
    space = text.rfind(" ", half)
    return space if space > 0 else len(text)
