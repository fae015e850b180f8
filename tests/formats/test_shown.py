"""A window of a whole conversation shows all that was said, called and answered in it."""

import json

import pytest

from bench.formats.rendering import is_in
from bench.formats.windows import FORMATS, WHOLE_TOKENS


@pytest.mark.parametrize("form", FORMATS)
def test_a_window_of_all_shows_all_of_it(source, sample, form):
    window = source.window(sample.name, maxTokens=WHOLE_TOKENS, format=form)
    shown = json.dumps([window["messages"], window.get("system")], ensure_ascii=False)
    assert [line for line in sample.shown if not is_in(line, shown)] == []


@pytest.mark.parametrize("form", ["openai", "plain"])
def test_a_window_shows_nothing_of_the_spelling_it_was_read_from(source, sample, form):
    window = source.window(sample.name, maxTokens=WHOLE_TOKENS, format=form)
    shown = json.dumps(window["messages"], ensure_ascii=False)
    assert [each for each in sample.hidden if is_in(each, shown)] == []
