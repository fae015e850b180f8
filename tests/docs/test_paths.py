"""The files that documents name exist."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "src" / "dialoguedb"
DOCUMENTS = [
    *PROJECT.glob("*.md"),
    *(PROJECT / "docs").rglob("*.md"),
    *(PROJECT / "bench").glob("*.md"),
    *SOURCE.rglob("*.md"),
]
FILE = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:py|toml|md|lua))`")


def named_paths(text):
    """Return the paths in backticks of a document, code blocks aside."""
    return FILE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def exists(path, document):
    return any((root / path).exists() for root in (PROJECT, SOURCE, document.parent))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_file_that_a_document_names_exists(document):
    missing = {path for path in named_paths(document.read_text()) if not exists(path, document)}
    assert missing == set()


def test_a_file_that_does_not_exist_is_noticed():
    [path] = named_paths("See `service/nowhere.py` and `search.py`.")
    assert not exists(path, PROJECT / "README.md")
