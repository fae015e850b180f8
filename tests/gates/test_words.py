"""Retired words are refused; `docs/explanation/glossary.md` lists the terms in use."""

from pathlib import Path

import pytest

from tools import retired_words

MODULE = '''"""Holds what was {docstring}."""


def find_{identifier}(rows):
    return rows  # {comment}
'''


def words_in_module(**texts):
    plain = {"docstring": "stored", "identifier": "duplicates", "comment": "In their order."}
    module = MODULE.format(**plain | texts)
    return [one.word for one in retired_words.in_python(Path("sample.py"), module)]


@pytest.mark.parametrize(
    ("part", "text", "word"),
    [
        ("docstring", "stored at one moment", "moment"),
        ("identifier", "twins", "find_twins"),
        ("comment", "Indexed anew.", "anew"),
    ],
)
def test_a_retired_word_in_a_module_is_refused(part, text, word):
    assert words_in_module(**{part: text}) == [word]


def test_a_retired_word_in_a_document_is_refused_with_what_to_say_instead():
    [finding] = retired_words.in_prose(Path("sample.md"), "# Writes\n\nEvery act is durable.")
    assert str(finding) == "sample.md:3: 'Every act' is retired; say every operation"


def test_ordinary_words_are_not_refused():
    assert words_in_module() == []
    assert list(retired_words.in_prose(Path("sample.md"), "Every operation is durable.")) == []


def test_sql_and_texts_in_strings_are_not_looked_at():
    assert list(retired_words.in_python(Path("sample.py"), 'SQL = "SELECT moment FROM t"')) == []


def test_names_that_a_library_spells_are_not_refused():
    assert list(retired_words.in_python(Path("sample.py"), "flow.pause_reading()")) == []
    assert list(retired_words.in_python(Path("sample.py"), "flow.pause_writing()")) != []


def test_the_project_uses_no_retired_word():
    assert [str(one) for one in retired_words.find()] == []
