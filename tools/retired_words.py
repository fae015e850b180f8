"""Finds words that the project has retired: `python -m tools.retired_words [PATH …]`.

The words, with what to say instead, are in `retired_words.toml`.
"""

import io
import re
import sys
import token
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = Path(__file__).parent.parent
_WORDS = Path(__file__).with_name("retired_words.toml")
_PYTHON = ("src", "tests", "bench", "tools", "examples", "docs")
_DOCUMENTS = ("*.md", "docs/**/*.md", "bench/*.md", "src/**/*.md", "examples/*.md")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Finding(NamedTuple):
    """A retired word in a file."""

    path: Path
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        """Say where it is, and what to say instead."""
        return f"{self.path}:{self.line}: {self.word!r} is retired; say {self.instead}"


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(_WORDS.read_text())


def _words(kind: str) -> dict[str, str]:
    words: dict[str, str] = _lists()[kind]
    return words


@cache
def _prose() -> re.Pattern[str]:
    words = sorted(_words("prose"), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])", re.IGNORECASE)


def in_python(path: Path, text: str) -> Iterator[Finding]:
    """Find retired words in a module: in identifiers, comments and docstrings."""
    for found in tokenize.generate_tokens(io.StringIO(text).readline):
        line = found.start[0]
        if found.type == token.NAME:
            yield from _in_identifier(path, line, found.string)
        elif found.type == token.COMMENT or _is_docstring(found):
            yield from in_prose(path, found.string, line)


def _is_docstring(found: tokenize.TokenInfo) -> bool:
    return found.type == token.STRING and found.string.startswith('"""')


def _in_identifier(path: Path, line: int, name: str) -> Iterator[Finding]:
    if name in _lists()["allowed"]:
        return
    names, parts = _words("names"), _words("identifiers")
    is_test = path.parts[0] != "src"
    if name in names and not (is_test and name in _lists()["in_tests"]):
        yield Finding(path, line, name, names[name])
    is_sentence = is_test and name.startswith(("test_", "Test"))
    allowed = _lists()["in_sentences"] if is_sentence else ()
    for part in map(str.lower, _PARTS.findall(name)):
        if part in parts and part not in allowed:
            yield Finding(path, line, name, parts[part])


def in_prose(path: Path, text: str, first_line: int = 1) -> Iterator[Finding]:
    """Find retired words in a comment, a docstring or a document."""
    words = {word.lower(): instead for word, instead in _words("prose").items()}
    for line, content in enumerate(text.splitlines(), first_line):
        for match in _prose().finditer(content):
            yield Finding(path, line, match[0], words[match[0].lower()])


def find(root: Path = _ROOT) -> Iterator[Finding]:
    """Find retired words in the whole project."""
    for folder in _PYTHON:
        for path in sorted((root / folder).rglob("*.py")):
            yield from in_python(path.relative_to(root), path.read_text())
    for pattern in _DOCUMENTS:
        for path in sorted(root.glob(pattern)):
            yield from in_prose(path.relative_to(root), path.read_text())


def main() -> None:
    """Print what is found, below the paths given or in the whole project."""
    paths = sys.argv[1:]
    findings = [one for one in find() if not paths or str(one.path).startswith(tuple(paths))]
    print("".join(f"{one}\n" for one in findings), end="")
    print(f"{len(findings)} retired words", file=sys.stderr)
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
