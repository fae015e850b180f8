"""What `llm logs list --json` prints."""


def answer(number, prompt, spoken_text, **more):
    times = {"datetime_utc": f"2026-11-28T10:00:0{number}.125000+00:00", "duration_ms": 500}
    talk = {"conversation_id": "talk-1", "conversation_name": "Two notes", "model": "small-1"}
    return {"id": f"a{number}", **talk, **times, "prompt": prompt, "response": spoken_text, **more}


def called(number, path):
    return {"name": "read", "arguments": {"path": path}, "tool_call_id": f"c{number}"}


def result(number, output, **more):
    return {"name": "read", "output": output, "tool_call_id": f"c{number}", **more}


def answers():
    calls = [called(1, "tea"), called(2, "milk")]
    results = [result(1, "Earl Grey"), result(2, "", exception="no such file")]
    image = {"type": "image/png", "url": "https://example.com/a.png", "path": None}
    own = {"type": "image/png", "url": None, "path": "/home/ann/b.png"}
    fragments = [{"hash": "f", "content": "A long text"}]
    return [
        answer(
            1, "Show both", "", system="Be kind.", tool_calls=calls, reasoning="Both are short."
        ),
        answer(2, "", "One is there.", system="Be kind.", tool_results=results),
        answer(3, "Which?", "Tea.", prompt_fragments=fragments, attachments=[image, own]),
    ]


EXPECTED = [
    ("system", "Be kind."),
    ("user", "Show both"),
    ("call", "read", {"path": "tea"}),
    ("call", "read", {"path": "milk"}),
    ("tool", "Earl Grey"),
    ("tool", "no such file"),
    ("assistant", "One is there."),
    ("user", "A long text"),
    ("user", "Which?"),
    ("user", "image_url"),
    ("user", "[/home/ann/b.png]"),
    ("assistant", "Tea."),
]


def test_answers_become_conversations_with_calls_and_results_and_grow(imports):
    imports.read(imports.write("logs.json", answers()[:1]))
    other = answer(4, "Hi", "Hello")
    other["conversation_id"] = "talk-2"
    counts = imports.read(imports.write("logs.json", [*answers(), other]))
    assert (counts["dialogues"], counts["messages"]) == (2, 10)
    assert imports.talk("talk-1") == EXPECTED
    assert imports.talk("talk-2") == [("user", "Hi"), ("assistant", "Hello")]
    dialogue = imports.dialogue("talk-1")
    assert (dialogue["label"], dialogue["created"]) == ("Two notes", "2026-11-28T10:00:01.125Z")
    shown = imports.messages("talk-1")
    assert [one["id"] for one in shown[1:5]] == ["a1-prompt", "a1", "a2-result-1", "a2-result-2"]
    assert shown[2]["created"] == "2026-11-28T10:00:01.625Z"
    assert shown[2]["content"]["reasoning_content"] == "Both are short."


def test_a_fragment_that_the_text_has_in_it_is_there_once(imports):
    one = answer(
        1,
        "A long text\nWhich?",
        "Tea.",
        prompt_fragments=[{"content": "A long text"}, {"content": "Another"}],
        system="A long text\n\nBe kind.",
        system_fragments=[{"content": "A long text"}],
    )
    imports.read(imports.write("logs.json", [one]))
    shown = [message["content"] for message in imports.messages("talk-1")]
    beside = [{"type": "text", "text": "Another"}, {"type": "text", "text": "A long text\nWhich?"}]
    assert shown == ["A long text\n\nBe kind.", beside, "Tea."]
