"""The built-in summarizer: what it keeps is what was said, within the budget."""

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.settings import Settings
from dialoguedb.summarize.sentences import sentences

from .conftest import combination_of, summary_of, turn

PLENTY = 100_000

TALK = [
    turn("Hey Tom! Good to see you! How have you been?", "Ana"),
    turn("Hi Ana! Swamped, as ever. What's new with you?", "Tom"),
    turn("Last Friday I signed the lease for a bakery in Porto! It opens in March.", "Ana"),
    turn("Wow, that's awesome! Congrats! So proud of you.", "Tom"),
    turn("Thanks! Oh, thanks a lot, really. That means so much to me.", "Ana"),
    turn("What will you bake there?", "Tom"),
    turn("Sourdough and my grandmother's almond cake, mostly.", "Ana"),
    turn("Yum. Well, I have to go. See you soon!", "Tom"),
]


def summarized(turns, **options):
    request = summary_of(turns, **{"tokens_max": PLENTY, **options})
    return asyncio.run(chosen_summarizer(Settings()).summarize(request)).content


def combined(parts, **options):
    request = combination_of(parts, **{"tokens_max": PLENTY, **options})
    return asyncio.run(chosen_summarizer(Settings()).combine(request)).content


def transcript(turns):
    return "".join(f"\n{each.name or each.role}: {each.text}" for each in turns)


def test_what_tells_is_kept_and_pleasantries_are_not():
    assert summarized(TALK).split("\n") == [
        "Ana: Last Friday I signed the lease for a bakery in Porto! It opens in March."
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_like_sentences_the_one_that_answers_a_question_is_kept(order):
    unasked, answer = ["The parcel weighs nine kilos.", "The parcel weighs five kilos."][::order]
    turns = [turn(unasked, "Tom"), turn("And you?", "Ana"), turn(answer, "Tom")]
    assert summarized(turns) == f"Tom: {answer}"


def test_it_asks_no_model_and_says_so():
    summarizer = chosen_summarizer(Settings())
    made = asyncio.run(summarizer.summarize(summary_of(TALK)))
    assert (summarizer.name, summarizer.model) == ("extractive", None)
    assert (made.calls, made.input_tokens, made.output_tokens) == (0, 0, 0)


def test_a_speaker_without_a_name_is_called_by_the_role():
    assert summarized([turn("The invoice is due in May.")]) == "user: The invoice is due in May."


def test_a_name_of_several_lines_stands_in_one():
    assert summarized([turn("The invoice is due.", "A\nB")]) == "A B: The invoice is due."


@pytest.mark.parametrize(
    "turns", [[], [turn("")], [turn(" \n ")], [turn("```\nx = 1\n```")]], ids=str
)
def test_of_nothing_said_nothing_is_kept(turns):
    assert summarized(turns) == ""
    assert summarized(turns, previous="Ana: It was so.") == "Ana: It was so."


def test_of_little_one_sentence_is_kept_if_it_fits():
    short = [turn("Yes, on Monday.", "Ana"), turn("Fine.", "Tom")]
    assert summarized(short) == "Ana: Yes, on Monday."
    assert summarized(short, tokens_max=1) == ""


def test_code_is_left_out_and_what_is_said_of_it_is_kept():
    text = "This loop leaks a file handle.\n```python\nwhile True: open('x')\n```"
    assert summarized([turn(text, "Ana")]) == "Ana: This loop leaks a file handle."


def test_what_a_tool_returns_gives_way_to_what_is_said_of_it():
    rows = ". ".join(f"Row {row} holds heliotrope quartz and basalt" for row in range(9))
    tool = turn(rows, "warehouse", role="tool")
    answer = turn("The warehouse has nine rows of heliotrope quartz and basalt.", role="assistant")
    assert summarized([tool, answer], tokens_max=30).endswith(f"assistant: {answer.text}")


def test_chinese_is_kept_sentence_by_sentence():
    turns = [
        turn("你好！最近怎么样？", "小明"),
        turn("我上周五在北京买了一套新房子。装修要花三个月。谢谢你的关心！", "小红"),
        turn("太好了！", "小明"),
    ]
    assert summarized(turns) in {"小红: 我上周五在北京买了一套新房子。", "小红: 装修要花三个月。"}


def test_every_order_of_sets_gives_the_same_summary():
    program = (
        "import asyncio; from tests.summarize.test_extractive import TALK, summarized;"
        "print(summarized(TALK * 3))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1


class TestFormerSummaries:
    FORMER = "Ana: I am allergic to walnuts.\nTom: The wedding is on 3 May in Lisbon."

    def test_a_former_summary_stays_word_for_word_while_there_is_room(self):
        assert summarized(TALK, previous=self.FORMER) == f"{self.FORMER}\n{summarized(TALK)}"

    def test_when_room_runs_out_the_sentences_of_both_compete(self):
        whole = summarized(TALK, previous=self.FORMER)
        kept = summarized(TALK, previous=self.FORMER, tokens_max=count_tokens(whole) - 1)
        assert set(sentences(kept.replace(": ", ":\n"))) < set(
            sentences(whole.replace(": ", ":\n"))
        )
        assert "Tom: The wedding is on 3 May in Lisbon." in kept
        assert "Last Friday I signed the lease" in kept

    def test_parts_are_joined_in_their_order_after_what_came_before(self):
        assert combined(["A: One.", "B: Two."], previous="Z: Zero.") == "Z: Zero.\nA: One.\nB: Two."

    def test_a_summary_that_a_model_wrote_needs_no_speakers(self):
        written = "Ana bakes bread in Porto. She opens in March."
        kept = combined([written], tokens_max=count_tokens(written) - 1)
        assert kept in {"Ana bakes bread in Porto.", "She opens in March."}


LETTERS = st.text(
    st.sampled_from("abcde A.!?。好北 \n`:1'") | st.characters(codec="utf-8"), max_size=80
)
PHRASES = st.sampled_from(
    [
        "Hello!",
        "Why?",
        "We met in Oslo last May.",
        "She paid 30 euros",
        "我去北京。",
        "ok",
        "```x```",
    ]
)
TEXTS = LETTERS | st.lists(PHRASES, max_size=5).map(" ".join)
TURNS = st.lists(
    st.builds(
        turn, TEXTS, st.sampled_from(["Ana", "Tom", None]), st.sampled_from(["user", "tool"])
    ),
    max_size=12,
)


@given(TURNS, st.integers(1, 200), st.none() | LETTERS)
def test_a_summary_never_exceeds_its_budget(turns, tokens_max, previous):
    kept = summarized(turns, tokens_max=tokens_max, previous=previous)
    assert not kept or count_tokens(kept) <= tokens_max


def consists_of(lines, source):
    """Tell whether lines are made of whole sentences, each at most once and in this order."""
    if not lines:
        return True
    (speaker, rest), *others = lines
    if not rest:
        return consists_of(others, source)
    return any(
        who == speaker
        and rest.startswith(sentence)
        and consists_of(
            [(speaker, rest[len(sentence) :].removeprefix(" ")), *others], source[index + 1 :]
        )
        for index, (who, sentence) in enumerate(source)
    )


@given(TURNS)
def test_a_summary_is_whole_sentences_with_their_speakers_in_their_order(turns):
    source = [
        (each.name or each.role, sentence) for each in turns for sentence in sentences(each.text)
    ]
    kept = [line.split(": ", 1) for line in summarized(turns).split("\n") if line]
    assert consists_of([(speaker, text) for speaker, text in kept], source)


@given(TURNS)
def test_a_summary_has_a_quarter_of_the_tokens_or_one_sentence(turns):
    kept = summarized(turns)
    is_one = any(
        kept == f"{each.name or each.role}: {one}" for each in turns for one in sentences(each.text)
    )
    assert is_one or count_tokens(kept) <= count_tokens(transcript(turns)) / 4
