"""Counted word by word from memory, a text has the tokens that the tokenizer finds in the whole."""

import importlib.util
from functools import cache
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from dialoguedb.embed.tokens import TOKENIZER, WordTokens, count_tokens

SPECIAL = ("<s>", "</s>", "<unk>")
PIECES = ["the", "Hello", "wörld", "你好", "🙂", "foo.bar()", "\u2581", "\xa0", "<0x0A>"]
SPACES = [" ", "  ", "\n", "\n\n", " \n", "\n    ", "\t", "\r\n", "", "     ", "\u2028"]

texts = st.text() | st.lists(st.sampled_from(PIECES) | st.sampled_from(SPACES)).map("".join)


@cache
def tokenizer():
    spec = importlib.util.find_spec("wordllama")
    assert spec
    assert spec.origin
    return Tokenizer.from_file(str(Path(spec.origin).parent / TOKENIZER))


def whole(text):
    return len(tokenizer().encode(text, add_special_tokens=False).ids)


@given(texts.filter(lambda text: not any(mark in text for mark in SPECIAL)))
@example("")
@example(" ")
@example("\n")
@example("def f():\n    return  1\n\n")
@example("a\u2581 b")
def test_the_count_is_the_tokenizers(text):
    text = text.encode("utf-8", "replace").decode()
    assert count_tokens(text) == whole(text)
    assert count_tokens(text) == whole(text)  # once more, from memory


@settings(max_examples=20)
@given(st.lists(texts, max_size=5))
def test_it_does_not_matter_what_was_counted_before(sequence):
    words = WordTokens(tokenizer().model)
    for text in (part.encode("utf-8", "replace").decode() for part in sequence):
        if not any(mark in text for mark in SPECIAL):
            assert words.count(text) == whole(text)


def test_what_looks_like_a_mark_of_the_tokenizer_is_text():
    for mark in SPECIAL:
        assert count_tokens(f"a {mark} b") == whole(f"a {mark[:-1]} b") + whole("a>") - whole("a")


def test_it_begins_again_when_much_is_remembered():
    for start in range(0, 60_000, 1_000):
        text = " ".join(f"w{number}x" for number in range(start, start + 1_000))
        assert count_tokens(text) == whole(text)
    assert count_tokens("a  b\n") == whole("a  b\n")
