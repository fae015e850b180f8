"""The page on security: each promise names the tests that keep it."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "explanation" / "security.md"
SECTIONS = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
PROMISE = re.compile(r"^\| (?!promise|---)(.+) \| (.+) \|$", re.MULTILINE)
TEST_FILE = re.compile(r"`(tests/[\w/]+\.py)`")


def title_of(section):
    return section.partition("\n")[0]


@pytest.mark.parametrize("section", SECTIONS, ids=title_of)
def test_each_attacker_is_promised_something_and_told_what_is_not_promised(section):
    assert PROMISE.findall(section), title_of(section)
    assert "Not promised" in section, title_of(section)


@pytest.mark.parametrize(
    ("promise", "tests"),
    [found for section in SECTIONS for found in PROMISE.findall(section)],
)
def test_each_promise_names_tests_that_exist(promise, tests):
    paths = TEST_FILE.findall(tests)
    assert paths, promise
    assert [path for path in paths if not (PROJECT / path).is_file()] == []
