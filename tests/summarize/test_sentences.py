"""Sentences of a text, in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.summarize.sentences import CHARACTERS_MAX, asks, cut_at_sentence, sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("Well... Perhaps?! Yes", ["Well...", "Perhaps?!", "Yes"]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ('"Really?" she asked. (Yes.) So.', ['"Really?" she asked.', "(Yes.)", "So."]),
        ("Dr. Smith met J. Doe. Good.", ["Dr. Smith met J. Doe.", "Good."]),
        ("It is 3.5 km, e.g. by car. Now.", ["It is 3.5 km, e.g. by car.", "Now."]),
        ("No. I won't.", ["No.", "I won't."]),
        ("See dialoguedb.toml first. Then go.", ["See dialoguedb.toml first.", "Then go."]),
        ("1. First\n2. Second\n- third", ["1. First", "2. Second", "- third"]),
        ("A title\n\nA text", ["A title", "A text"]),
        ("你好。我昨天去了北京！你呢？好", ["你好。", "我昨天去了北京！", "你呢？", "好"]),
        ("「行く。」と彼は言った。", ["「行く。」", "と彼は言った。"]),
        ("यह अच्छा है। धन्यवाद।", ["यह अच्छा है।", "धन्यवाद।"]),
        ("كيف حالك؟ بخير.", ["كيف حالك؟", "بخير."]),
        ("Look:\n```python\nprint('x. Y')\n```\nDone.", ["Look:", "Done."]),
        ("Open ```code. Without end", ["Open"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_a_text_has_these_sentences(text, expected):
    assert sentences(text) == expected


def test_a_line_that_was_wrapped_goes_on():
    wrapped = (
        "A line of a letter that somebody has wrapped at seventy characters or\nso goes on. End."
    )
    assert sentences(wrapped) == [
        "A line of a letter that somebody has wrapped at seventy characters or so goes on.",
        "End.",
    ]


def test_what_has_no_end_is_cut_between_clauses_or_words():
    clauses = sentences("so it goes on and on, " * 60)
    assert all(part.endswith("on,") for part in clauses)
    assert all(part.endswith("word") for part in sentences("word " * 300))
    assert sentences("x" * 1_000) == ["x" * 400, "x" * 400, "x" * 200]


@given(st.text(st.sampled_from("ab B.!?。\n \"'`-1.,") | st.characters(codec="utf-8")))
def test_sentences_are_the_text_itself_in_its_order(text):
    text = text.replace("```", "")
    found = sentences(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(one and len(one) <= CHARACTERS_MAX and one == one.strip() for one in found)
    assert not any(len(one.splitlines()) > 1 for one in found)


@pytest.mark.parametrize("piece", [".", ". ", "?!", "```", "Dr. ", '"', "a,", "\n", "。", '."'])
@pytest.mark.timeout(60)  # one that is looked through again and again would take hours
def test_no_text_takes_long(piece):
    long = piece * (1_024 * 1_024 // len(piece))
    assert "".join("".join(sentences(long)).split()) == "".join(long.replace("```", "").split())


def test_a_question_is_known_by_its_mark():
    assert all(map(asks, ["Why?", "Why?!", 'He asked "Why?"', "为什么？", "لماذا؟"]))
    assert not any(map(asks, ["Why.", "Is it? Yes.", ""]))


def test_words_are_in_lower_case_and_in_pairs_where_no_spaces_part_them():
    assert words("Don't STOP, it's 7") == {"don't", "stop", "it's", "7"}
    assert words("我去北京 a 好") == {"我去", "去北", "北京", "a", "好"}
    assert words("!? 👍") == frozenset()


def test_a_text_that_was_cut_off_ends_with_its_last_whole_sentence():
    assert cut_at_sentence("One. Two! Thr") == "One. Two!"
    assert cut_at_sentence("One") == "One"
    assert cut_at_sentence("一。二") == "一。"
