"""Counted word by word from memory, a text has the tokens that the tokenizer finds in the whole."""

import importlib.util
from base64 import b64encode
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, example, given, settings
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


LONG_WORDS = {
    "base64": b64encode(Random(1).randbytes(50_000)).decode(),
    "letters": "".join(Random(2).choices("abcdefghijklmnopqrstuvwxyz", k=50_000)),
    "Chinese": "今天天气很好，我们去公园散步，然后在湖边喝茶。" * 2_000,
    "Thai": "ภาษาไทยเป็นภาษาที่สวยงาม" * 2_000,
    "emoji": "👩‍🚀🙂🏳️‍🌈" * 5_000,
}


@pytest.mark.parametrize("kind", LONG_WORDS)
def test_a_very_long_word_has_the_tokens_of_the_whole(kind):
    word = LONG_WORDS[kind]
    assert count_tokens(f"a {word} b\n{word}") == whole(f"a {word} b\n{word}")


@pytest.mark.parametrize("characters", ["x", "=-", "."])
def test_a_word_of_the_same_characters_has_hardly_a_token_more(characters):
    word = characters * 50_000
    assert whole(word) <= count_tokens(word) <= whole(word) + len(word) // 2_000


@settings(max_examples=20)
@given(st.lists(texts, min_size=1, max_size=5), st.sampled_from(SPACES), st.integers(0, 9))
def test_a_long_text_has_the_tokens_of_the_whole(parts, space, more):
    part = "".join(parts)
    assume(not any(mark in part for mark in SPECIAL))
    text = (part.encode("utf-8", "replace").decode() + space) * (70_000 // (len(part) + 1) + more)
    assert count_tokens(text) == whole(text)


@settings(max_examples=20)
@given(st.lists(texts, max_size=5))
def test_it_does_not_matter_what_was_counted_before(sequence):
    words = WordTokens(tokenizer())
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
