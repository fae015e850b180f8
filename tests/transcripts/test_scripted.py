"""What `make transcripts` relies on: the scripted model, and the comparison."""

import json

import httpx
import pytest

from tests.transcripts.comparing import difference, imported
from tests.transcripts.model import Model, served
from tests.transcripts.script import AGAIN, BOTH, SUMMARY, TEA, TURNS, halves, next_step
from tests.transcripts.situations import Ask, Event, expected_of

PATHS = {
    "responses": "/v1/responses",
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
    "gemini-stream": "/v1beta/models/m:streamGenerateContent?alt=sse",
}
TOOLS = {"tools": [{"name": "run"}]}


def _request(path, prompt):
    if "generateContent" in path or "streamGenerate" in path:
        return {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    if path.endswith("responses"):
        return {"input": [{"role": "user", "content": [{"type": "input_text", "text": prompt}]}]}
    return {"messages": [{"role": "user", "content": prompt}]}


@pytest.fixture
def model(tmp_path):
    """Serve the script."""
    arguments = lambda command: {"command": command}  # noqa: E731 - as the adapters have it
    with served(Model("run", arguments, tmp_path / "reached", tmp_path / "log")) as model:
        yield model


def test_a_summary_is_told_from_a_step_whose_answer_is_not_repeated():
    entries = [("user", TEA), ("assistant", "I look for it."), ("result", "tea is on the shelf")]
    assert next_step(entries) == (TEA, 1)
    assert next_step([*entries, ("user", "Write a summary of the conversation")]) is None
    assert next_step([*entries, ("user", f"Write a summary, and: {AGAIN}")]) == (AGAIN, 0)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_dialect_says_what_the_script_has(model, path, stream):
    request = {**_request(path, f"<x>{TEA}</x>"), "stream": stream}
    answer = httpx.post(model.url + path, json={**request, **TOOLS}).text
    assert "I look" in answer
    assert "echo tea is on the shelf" in answer
    assert SUMMARY[:10] in httpx.post(model.url + path, json=request).text


def test_a_step_follows_when_all_its_calls_are_answered(model):
    call = {"role": "assistant", "content": "", "tool_calls": []}
    results = [{"role": "tool", "content": "milk"}, {"role": "tool", "content": "sugar"}]
    prompt = {"role": "user", "content": BOTH}
    replies = []
    for answered in ([], results):
        sent = {"messages": [prompt, call, *answered], **TOOLS}
        answer = httpx.post(f"{model.url}/v1/chat/completions", json=sent).json()
        replies.append(answer["choices"][0]["message"])
    assert [len(one.get("tool_calls", [])) for one in replies] == [2, 0]
    assert replies[1]["content"] == "Fridge and jar."


def test_of_prompts_in_one_message_the_last_is_answered():
    assert next_step([("user", f"{BOTH} {TEA}")]) == (TEA, 0)
    assert next_step([("user", f"{TEA} {BOTH}"), ("result", "milk"), ("result", "sugar")]) == (
        BOTH,
        1,
    )


def _exported(*blocks):
    messages: list[dict[str, object]] = [{"role": "user", "content": TEA}]
    messages += [{"role": role, "content": [block]} for role, block in blocks]
    return [json.dumps({"id": "d", "messages": messages})]


CUT = TURNS[AGAIN][0].text
TEXT = {"type": "text", "text": "I look for it."}
COMMAND = "echo tea is on the shelf"
CALL = {"type": "tool_use", "id": "c", "name": "run", "input": {"command": COMMAND}}
RESULT = {"type": "tool_result", "tool_use_id": "c", "content": "tea is on the shelf\n"}
ANSWER = {"type": "text", "text": "On the shelf."}
WHOLE = [("assistant", TEXT), ("assistant", CALL), ("user", RESULT), ("assistant", ANSWER)]


def _wrong(*blocks):
    return difference(expected_of([Ask("new", TEA)]), imported(_exported(*blocks)))[0]


def test_what_was_said_is_compared_in_order():
    assert _wrong(*WHOLE) == []
    assert _wrong(*WHOLE[:3]) == ["for assistant 'On the shelf.' there is nothing"]
    assert _wrong(*WHOLE, WHOLE[3]) == ["too much: assistant 'On the shelf.'"]
    assert _wrong(WHOLE[1], WHOLE[0], *WHOLE[2:])
    foreign = ("user", {**RESULT, "tool_use_id": "another"})
    assert _wrong(*WHOLE[:2], foreign, WHOLE[3])
    assert difference([], [[Event("user", TEA)]])[0] == ["1 conversations, not 0"]


def test_of_an_answer_that_was_cut_a_half_may_stand_before_the_whole():
    half, whole = (Event("assistant", text) for text in (halves(CUT)[0], CUT))
    for kept, shown in (([half, whole], 2), ([half], 1), ([whole], 1)):
        found = [[Event("user", AGAIN), *kept]]
        wrong, parts = difference(expected_of([Ask("new", AGAIN)]), found)
        assert (wrong, len(parts)) == ([], shown)
    assert difference(expected_of([Ask("new", AGAIN)]), [[Event("user", AGAIN), whole, whole]])[0]


def test_of_what_was_interrupted_a_part_may_be_there():
    request = expected_of([Ask("new", TEA, is_interrupted=True)])
    half = [Event("user", TEA), Event("assistant", "I look")]
    assert difference(request, [half]) == ([], ["user", "assistant in part"])
    assert difference(request, [[*half, Event("assistant", "I look")]])[0]
