"""What search is measured on: conversations from a file, and made-up texts."""

import json
from itertools import islice

import pytest

from bench.locomo import conversations
from bench.texts import Texts

MESSAGES = [
    {"id": "D1:1", "speaker": "Ana", "text": "Look!", "image_caption": "a red boat"},
    {"id": "D1:2", "speaker": "Bo", "text": "Where was that?"},
]
QUESTIONS = [
    {"question": "Who has a boat?", "category": 4, "evidence": ["D1:1"]},
    {"question": "Who has a car?", "category": 4, "evidence": []},
    {"question": "Who has a bike?", "category": 1, "evidence": ["D1:1", "D9:9"]},
    {"question": "Who has a kite?", "category": 5, "evidence": ["D1:2"]},
]


@pytest.fixture
def conversation(tmp_path):
    session = {"session": 1, "started": "2023-05-08T13:56:00Z", "messages": MESSAGES}
    read = {"conversation": "1", "speakers": ["Ana", "Bo"], "sessions": [session]}
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps({"conversations": [read | {"questions": QUESTIONS}]}))
    (one,) = conversations(file)
    return one


def test_a_turn_says_what_its_image_shows_and_who_speaks(conversation):
    (session,) = conversation.sessions
    first, second = session.messages
    assert first["content"] == "Look! [shares a red boat]"
    assert (first["name"], first["role"]) == ("Ana", "user")
    assert (second["name"], second["role"]) == ("Bo", "assistant")


def test_turns_follow_one_another_by_20_seconds(conversation):
    (session,) = conversation.sessions
    assert [message["created"] for message in session.messages] == [
        "2023-05-08T13:56:00.000Z",
        "2023-05-08T13:56:20.000Z",
    ]


def test_questions_that_cannot_be_answered_are_left_out(conversation):
    (question,) = conversation.questions
    assert question.text == "Who has a boat?"
    assert question.answer_ids == {"D1:1"}


def test_made_up_texts_are_the_same_for_the_same_seed_and_hardly_ever_repeat():
    first, again, other = (list(Texts(seed).texts(500)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(set(first)) > 490


def test_some_words_are_far_commoner_than_others():
    words = " ".join(Texts(1).texts(500)).lower().split()
    assert words.count("the") > 100
    rare = [word for word in set(words) if words.count(word) == 1]
    assert len(rare) > len(set(words)) / 4


def test_queries_are_of_one_to_four_words():
    texts = Texts(1)
    queries = islice(iter(texts.query, None), 200)
    assert {len(query.split()) for query in queries} == {1, 2, 3, 4}
