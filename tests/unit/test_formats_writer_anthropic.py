"""Windows for Anthropic's Messages API: what it wrote itself goes back, or not by halves."""

import pytest

from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text
from tests.unit.rendering import ASK, call, messages, native, result, thought, windowed


def blocks(*history, role="assistant", **request):
    window = windowed("anthropic", *history, **request)
    return [block for one in window.messages if one["role"] == role for block in one["content"]]


def kinds(*history, **request):
    return [block["type"] for block in blocks(*history, **request)]


SEARCH = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "cup"}}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "s1",
    "content": [{"type": "web_search_result", "title": "Cup", "encrypted_content": "RU5D"}],
}
SEARCHED = call("s1", "web_search", kind="server", native=native("anthropic", **SEARCH))
ANSWERED = result("s1", Text("Cup"), kind="server", native=native("anthropic", **FOUND))


def test_blocks_of_its_own_tools_go_back_as_they_were():
    history = [ASK, ("assistant", thought(), SEARCHED, ANSWERED, Text("The Reds."))]
    assert blocks(*history)[1:3] == [SEARCH, FOUND]


def test_such_a_block_goes_back_with_its_result_or_at_the_end_alone():
    assert kinds(ASK, ("assistant", Text("So."), SEARCHED)) == ["text", "server_tool_use"]
    assert kinds(ASK, ("assistant", Text("So."), SEARCHED), ASK) == ["text"]
    assert kinds(ASK, ("assistant", Text("So."), ANSWERED)) == ["text"]


def test_such_a_block_waits_for_results_of_other_tools():
    used = [ASK, ("assistant", SEARCHED, call()), ("tool", result())]
    assert kinds(*used) == ["server_tool_use", "tool_use"]
    whole = [*used, ("assistant", ANSWERED, Text("The Reds.")), ASK]
    expected = ["server_tool_use", "tool_use", "web_search_tool_result", "text"]
    assert kinds(*whole) == expected


def test_its_result_follows_at_once_whoever_spoke_between():
    late = [ASK, ("assistant", SEARCHED), ASK, ("assistant", ANSWERED, Text("The Reds.")), ASK]
    assert [
        [block["type"] for block in one["content"]] for one in messages("anthropic", *late)
    ] == [
        ["text"],
        ["server_tool_use", "web_search_tool_result"],
        ["text"],
        ["text"],
        ["text"],
    ]
    early = [ASK, ("assistant", ANSWERED), ASK, ("assistant", SEARCHED), ASK]
    assert kinds(*early) == ["server_tool_use", "web_search_tool_result"]


def test_what_a_program_answers_in_its_stead_is_no_result():
    history = [ASK, ("assistant", SEARCHED, Text("So.")), ASK, ("user", result("s1")), ASK]
    assert kinds(*history) == ["text"]
    assert {block["type"] for block in blocks(*history, role="user")} == {"text"}


def test_other_blocks_that_it_alone_can_read_go_back():
    compaction = {"type": "compaction", "content": "All of it.", "signature": "c2ln"}
    cited = {"type": "text", "text": "Yes.", "citations": [{"type": "char_location"}]}
    history = (
        "assistant",
        Other("compaction", "All of it.", native=native("anthropic", **compaction)),
        Text("Yes.", native("anthropic", **cited, cache_control={"type": "ephemeral"})),
    )
    assert blocks(ASK, history) == [compaction, cited]


def test_a_thought_goes_back_without_what_programs_put_beside_it():
    stored = native("anthropic", type="thinking", thinking="", signature="s", at=7)
    sent = blocks(ASK, ("assistant", Reasoning("", "s", native=stored), Text("So.")))
    assert sent[0] == {"type": "thinking", "thinking": "", "signature": "s"}


@pytest.mark.parametrize("lines", [False, True])
def test_thoughts_go_with_the_calls_they_were_signed_with_or_not_at_all(lines):
    parts = [thought(), call("a"), call("b")]
    turn = [("assistant", part) for part in parts] if lines else [("assistant", *parts)]
    whole = [ASK, *turn, ("tool", result("a")), ("tool", result("b"))]
    half = whole[:-1]
    assert kinds(*whole) == ["thinking", "tool_use", "tool_use"]
    assert kinds(*half) == ["tool_use"]
    assert kinds(*half, unanswered="error") == ["thinking", "tool_use", "tool_use"]
    kinds_lost = [one.kind for one in windowed("anthropic", *half).losses]
    assert sorted(kinds_lost) == ["call", "signed-thought"]


def test_thoughts_behind_a_changed_turn_are_left_out_those_before_it_stay():
    history = [
        ASK,
        ("assistant", thought("First."), call("a")),
        ("tool", result("a")),
        ("assistant", thought("Second."), call("b")),
        ASK,
        ("assistant", thought("Third."), call("c")),
        ("tool", result("c")),
    ]
    sent = [block["thinking"] for block in blocks(*history) if block["type"] == "thinking"]
    assert sent == ["First."]


def test_without_the_prefix_that_they_were_signed_for_no_thoughts_go_back():
    window = windowed("anthropic", ASK, ("assistant", thought(), Text("So.")), signed=False)
    assert [block["type"] for block in window.messages[1]["content"]] == ["text"]
    assert [one.kind for one in window.losses] == ["signed-thought"]


def test_ids_and_names_are_made_to_fit_alike_in_call_and_result():
    history = [
        ASK,
        ("assistant", call("functions.get:0", "get it")),
        ("tool", result("functions.get:0")),
    ]
    assert blocks(*history)[0]["id"] == "functions_get_0"
    assert blocks(*history)[0]["name"] == "get_it"
    assert blocks(*history, role="user")[1]["tool_use_id"] == "functions_get_0"


def test_the_text_of_a_custom_tool_is_wrapped():
    code = call(arguments="print(1)", kind="custom")
    assert blocks(ASK, ("assistant", code), ("tool", result()))[0]["input"] == {"input": "print(1)"}


def test_documents_are_blocks_in_messages_and_in_results():
    pdf = Attachment("document", media_type="application/pdf", data="AAAA", name="a.pdf")
    source = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    block = {"type": "document", "source": source, "title": "a.pdf"}
    assert blocks(("user", pdf), role="user") == [block]
    sound = Attachment("audio", media_type="audio/wav", data="AAAA", name="a.wav")
    assert blocks(("user", sound), role="user") == [{"type": "text", "text": "[audio a.wav]"}]


def test_texts_behind_the_conversation_stand_behind_results():
    sent = messages(
        "anthropic", ASK, ("assistant", call()), ("tool", result()), trailing=("Remember.",)
    )
    assert [block["type"] for block in sent[-1]["content"]] == ["tool_result", "text"]


def test_a_conversation_that_the_assistant_begins_is_opened_once():
    assert windowed("anthropic", ("assistant", Text("Welcome."))).opened
    assert not windowed("anthropic", ASK).opened
