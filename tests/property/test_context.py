"""Whatever a history went through, the window is one that a provider takes, within the budget."""

from itertools import chain

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.tokens import measure_message
from dialoguedb.formats.turns import parse_turn
from dialoguedb.model.context import ContextRequest
from dialoguedb.model.messages import Message
from dialoguedb.model.rules.context import LEAST_MESSAGES
from dialoguedb.ports.context import Ending
from dialoguedb.service.context_window.builder import ContextBuilder
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.plan import ContextNote
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from tests.property.windows import CHECKS, sent

CREATED = "2026-03-01T12:00:00.000Z"
WORDS = ["yes", "where is my order", "It left on Monday.  ", " \n", "", "7 😀", "x" * 200]
IDS = ["call_1", "call_2", "toolu:3.b", "c" * 60, "", "call_1"]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
BYTES = {"type": "base64", "media_type": "video/mp4", "data": "AAAA" * 900}
ODD = [
    [IMAGE],
    {"any": [1, None]},
    [{"type": "image"}],
    [{"type": "image_url", "image_url": {"url": "file:///home/ada/a.png"}}],
    [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "@@"}}],
    [{"type": "image", "data": "AAAA"}],
    [{"type": "video", "source": BYTES}, {"type": "clip", "at": "data:video/mp4;base64,AAAA"}],
    [{"type": "compaction", "id": "c", "encrypted_content": "A" * 900}],
    [{"type": "input_audio", "input_audio": {"data": "AAAA" * 900, "format": "wav"}}],
    [{"type": "thinking", "thinking": "Hm.", "signature": ""}, {"type": "text", "text": "So."}],
    [{"type": "thinking", "thinking": "Hm.", "signature": "s", "at": 7}, "So."],
    [{"type": "redacted_thinking"}, "So."],
    "data:image/png;base64,iVBORw0KGgo=",
]

SILENT = [
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
    {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "I look."}]},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"},
    [{"type": "thinking", "thinking": "Hm.", "signature": "s"}],
    [{"type": "redacted_thinking", "data": "gAAAA"}],
    [{"text": "Hm.", "thought": True}],
    {"role": "assistant", "content": "", "reasoning_content": "Hm."},
]


def count(text):
    return len(text) // 4


def words():
    return st.sampled_from(WORDS)


def calls(ids, spelling, text):
    """Messages that call tools, in one of the spellings."""
    arguments = {"order": 17}
    match spelling:
        case "openai":
            listed = [
                {"id": i, "type": "function", "function": {"name": "find it", "arguments": "{}"}}
                for i in ids
            ]
            return [("assistant", {"role": "assistant", "content": text, "tool_calls": listed}, {})]
        case "metadata":
            listed = [{"id": i, "function": {"name": "find", "arguments": "[1"}} for i in ids]
            return [("assistant", text or "…", {"tool_calls": listed})]
        case "responses":
            items = [
                {"type": "function_call", "call_id": i, "name": "find", "arguments": '{"a": 1}'}
                for i in ids
            ]
            return [("assistant", item, {}) for item in items]
        case "anthropic":
            uses = [{"type": "tool_use", "id": i, "name": "find", "input": arguments} for i in ids]
            thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
            return [("assistant", [thought, {"type": "text", "text": text}, *uses], {})]
        case "between":
            uses = [{"type": "tool_use", "id": i, "name": "find", "input": arguments} for i in ids]
            spoken = {"type": "text", "text": text}
            return [("assistant", [*chain(*((use, spoken) for use in uses))], {})]
    raise ValueError(spelling)


def results(ids, spelling, text):
    """Messages that answer tool calls, in one of the spellings."""
    match spelling:
        case "openai":
            return [("tool", {"role": "tool", "tool_call_id": i, "content": text}, {}) for i in ids]
        case "metadata":
            return [("tool", text or "…", {"tool_call_id": i}) for i in ids]
        case "responses":
            return [
                ("user", [{"type": "function_call_output", "call_id": i, "output": text}], {})
                for i in ids
            ]
        case "anthropic" | "between":
            content = [{"type": "text", "text": text}, IMAGE]
            blocks = [
                {"type": "tool_result", "tool_use_id": i, "content": content, "is_error": True}
                for i in ids
            ]
            return [("user", [*blocks, {"type": "text", "text": text}], {})]
    raise ValueError(spelling)


@st.composite
def exchanges(draw):
    """Calls and their results: whole, cancelled, twice, in any order, with texts in between."""
    spelling = draw(st.sampled_from(["openai", "metadata", "responses", "anthropic", "between"]))
    other = draw(st.sampled_from([spelling, "openai", "anthropic"]))
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3))
    answered = draw(st.lists(st.sampled_from(ids), max_size=4) | st.just(ids))
    made = [*calls(ids, spelling, draw(words())), *results(answered, other, draw(words()))]
    if draw(st.booleans()):
        made.insert(draw(st.integers(0, len(made))), ("user", draw(words()), {}))
    return draw(st.permutations(made)) if draw(st.integers(0, 4)) == 0 else made


def talk():
    role = st.sampled_from(["user", "assistant", "Ada", "system", "developer"])
    odd = st.sampled_from(ODD)
    return st.tuples(role, words() | odd, st.just({})).map(lambda one: [one])


def silent():
    """Reasoning and opaque items that are messages of their own, several in a row at times."""
    return st.lists(st.sampled_from(SILENT), min_size=1, max_size=3).map(
        lambda values: [("assistant", value, {}) for value in values]
    )


histories = st.lists(exchanges() | talk() | silent(), max_size=8).map(lambda made: [*chain(*made)])


def message(seq, role, content, metadata):
    stored, encoded = msgspec.json.encode(content), msgspec.json.encode(metadata)
    return Message(
        id=f"m{seq}",
        dialogue_id="d",
        role=role,
        content=Raw(stored),
        content_length=0,
        name="Ada Lovelace" if role == "Ada" else UNSET,
        tags=Raw(b"[]"),
        metadata=Raw(encoded),
        created=CREATED,
        modified=CREATED,
        seq=seq,
        token_count=measure_message(role, stored, None, encoded, count).tokens,
    )


def ending_of(history, tokens_max, least=LEAST_MESSAGES):
    """Read a history backwards as an engine does."""
    messages = [message(seq, *one) for seq, one in enumerate(history, 1)]
    tail, tokens = [], tokens_max
    for one in reversed(messages):
        tail.append(one)
        tokens -= one.token_count
        if tokens < 0 and len(tail) >= least:
            break
    last, before = tail[::-1], messages[: len(messages) - len(tail)]
    return Ending(
        messages=last,
        offsets=[sum(one.token_count for one in messages[: one.seq - 1]) for one in last],
        system=[one for one in messages if is_of_system(one)],
        task=next((one for one in reversed(before) if parse_turn(one).by_user), None),
        total_messages=len(messages),
        whole=len(last) == len(messages),
    )


def is_of_system(message):
    return message.role in {"system", "developer"}


def context_request(budget, dialect, recent=4):
    return ContextRequest(budget, None, dialect, recent=recent, summary=True, memories=0)


def opened(request, ending):
    spoken = [one for one in ending.messages if not is_of_system(one)]
    history = History.of(spoken, whole=ending.whole)
    return ContextBuilder(request, ending, history, ShownTokens(request, count), count)


def built(history, budget, dialect, least=LEAST_MESSAGES):
    window = opened(context_request(budget, dialect), ending_of(history, budget, least))
    notes = [
        ContextNote("s", "Summary: " + "what was said " * 9),
        ContextNote("t", "Summary: short"),
    ]
    window.take_summary(notes)
    window.take_memories([ContextNote("k", "Remembered: tea")], 1)
    return window.build()


def budgets(history):
    total = sum(message(seq, *one).token_count for seq, one in enumerate(history, 1))
    return range(1, total + 80, max(total // 25, 1))


@settings(max_examples=300)
@given(histories, st.sampled_from(sorted(CHECKS)))
def test_for_every_budget_the_window_is_taken_and_within_it(history, dialect):
    for budget in budgets(history):
        try:
            window = built(history, budget, dialect)
        except InvalidRequest as refused:
            needed = int(refused.message.split("at least ")[1].split()[0])
            assert needed > budget
            built(history, needed, dialect)
            continue
        system = None if window.system is UNSET else window.system
        CHECKS[dialect](*sent(window.messages, system))
        tokens = window.tokens
        assert tokens.total <= budget
        assert tokens.total == (
            tokens.system + tokens.summary + tokens.memories + tokens.retrieved + tokens.recent
        )
        ids = window.included.message_ids
        assert len(ids) == len(set(ids))
        assert window.omitted == len(history) - len(ids)


@settings(max_examples=200)
@given(histories, st.sampled_from(sorted(CHECKS)))
def test_it_is_taken_as_well_when_a_call_was_not_read_any_more(history, dialect):
    for budget in budgets(history):
        try:
            window = built(history, budget, dialect, least=1)
        except InvalidRequest:
            continue
        CHECKS[dialect](*sent(window.messages, None if window.system is UNSET else window.system))


@settings(max_examples=200)
@given(histories)
def test_order_is_kept_and_nothing_is_said_twice(history):
    numbered = [
        (role, f"number {seq}", metadata) if isinstance(content, str) else (role, content, metadata)
        for seq, (role, content, metadata) in enumerate(history)
        if role not in {"system", "developer", "tool"}
    ]
    window = built(numbered, 100_000, "plain")
    numbers = [
        int(line.removeprefix("number "))
        for one in window.messages
        for line in one["content"].split("\n")
        if line.startswith("number ") and "[" not in line
    ]
    assert numbers == sorted(set(numbers))


@given(histories, st.data())
def test_what_was_found_comes_with_its_tool_calls_or_not_at_all(history, data):
    budget = data.draw(st.sampled_from(list(budgets(history))))
    dialect = data.draw(st.sampled_from(sorted(CHECKS)))
    ending = ending_of(history, 10_000)
    try:
        window = opened(context_request(budget, dialect, recent=1), ending)
    except InvalidRequest:
        return
    turns = window.history.turns
    indexes = st.integers(0, len(turns) - 1) if turns else st.nothing()
    picked = data.draw(st.lists(indexes, max_size=5)) if turns else []
    window.take_retrieved([window.history.turns_with(index) for index in picked], [window.history])
    try:
        made = window.build()
    except InvalidRequest:  # its parts were counted apart, and together they take more
        return
    assert made.tokens.total <= budget
    CHECKS[dialect](*sent(made.messages, None if made.system is UNSET else made.system))


def test_what_json_allows_and_no_text_holds_can_be_sent_as_well():
    half = message(1, "user", "half", {})
    half.content = Raw(b'"half \\ud800 of a pair"')
    large = message(2, "assistant", {"n": 1}, {})
    large.content = Raw(b'{"n":1000000000000000000000000000000,"f":1.0}')
    ending = Ending([half, large], [0, 9], [], None, 2, whole=True)
    shown = msgspec.json.encode(opened(context_request(1_000, "openai"), ending).build()).decode()
    assert "half ? of" in shown
    assert "1000000000000000000000000000000" in shown
