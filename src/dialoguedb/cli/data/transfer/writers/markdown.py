"""Marks up a page in Markdown; texts stand in fences that nothing in them can close."""

import re

from dialoguedb.cli.data.transfer.writers.pages import Facts, in_line, shown
from dialoguedb.formats.parts import Attachment

_FENCE_MIN = 3
_BACKTICKS = re.compile("`+")
_MARKS = re.compile(r"(?!(?<=\w)-(?=\w))([!-/:-@\[-`{-~])")
"""ASCII punctuation, which a backslash makes text; a hyphen within a word is that already."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z", re.ASCII)


class Markdown:
    """Marks up in CommonMark, without HTML."""

    def head(self, title: str) -> str:
        """Begin the page."""
        return f"# {_escaped(title)}\n\n"

    def dialogue(self, title: str, facts: Facts) -> str:
        """Begin a dialogue or a memory."""
        listed = "".join(f"- {_escaped(name)}: {_escaped(value)}\n" for name, value in facts)
        return f"## {_escaped(title)}\n\n{listed}\n"

    def message(self, speaker: str, facts: Facts) -> str:
        """Begin a message."""
        named = (f"{name}: {value}" if name else value for name, value in facts)
        line = " · ".join(map(_escaped, named))
        return f"### {_escaped(speaker)}\n\n" + (f"{line}\n\n" if line else "")

    def text(self, text: str) -> str:
        """Return a text, exactly as it is."""
        text = shown(text)
        longest = max(map(len, _BACKTICKS.findall(text)), default=0)
        fence = "`" * max(_FENCE_MIN, longest + 1)
        return f"{fence}text\n{text}\n{fence}\n\n"

    def folded(self, title: str, inner: str) -> str:
        """Return marked up content under a title."""
        return f"**{_escaped(title)}**\n\n{inner}"

    def image(self, image: Attachment) -> str:  # noqa: ARG002 - no image is written into a text
        """Return nothing: the page names it."""
        return ""

    def end_of_message(self) -> str:
        """End a message."""
        return ""

    def end_of_dialogue(self) -> str:
        """End a dialogue or a memory."""
        return ""

    def foot(self) -> str:
        """End the page."""
        return ""


def _escaped(text: str) -> str:
    """Return a text for the middle of a line, in which nothing is markup."""
    return text if _TIME.fullmatch(text) else _MARKS.sub(r"\\\1", in_line(text))
