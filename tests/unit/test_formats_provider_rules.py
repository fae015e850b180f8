"""Each rule of a provider finds what breaks it, and nothing in what the provider takes."""

import pytest

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import RULES, findings

PNG = "iVBORw0KGgo="
LARGE = "A" * (7 * 1024 * 1024)


def user(content="Where is my order?", **more):
    return {"role": "user", "content": content, **more}


def reply(content="On its way.", **more):
    return {"role": "assistant", "content": content, **more}


def chat_call(call_id="aaaaaaaaa", name="find", arguments="{}"):
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def chat_calls(*calls, content=None):
    return reply(content, tool_calls=list(calls))


def chat_result(call_id="aaaaaaaaa", content="1 parcel", **more):
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def image(url=f"data:image/png;base64,{PNG}"):
    return {"type": "image_url", "image_url": {"url": url}}


CHAT = [
    {"role": "system", "content": "Be brief."},
    user(),
    chat_calls(chat_call(), chat_call("bbbbbbbbb")),
    chat_result(),
    chat_result("bbbbbbbbb"),
    reply(),
    user("Thanks."),
]
BAD_ROLE = {"role": "bot", "content": "Hi."}
OF_CHAT = {
    "roles-are-known": [user(), BAD_ROLE],
    "calls-are-answered": [user(), chat_calls(chat_call()), user("Well?")],
    "results-follow-calls": [user(), reply(), chat_result()],
    "results-come-once": [user(), chat_calls(chat_call()), chat_result(), chat_result()],
    "call-ids-differ": [user(), chat_calls(chat_call(), chat_call()), chat_result()],
    "function-names-fit": [user(), chat_calls(chat_call(name="find it")), chat_result()],
    "only-assistants-call": [user(tool_calls=[chat_call()]), chat_result(), reply()],
}


def from_user(*blocks):
    return {"role": "user", "content": [*blocks]}


def from_model(*blocks):
    return {"role": "assistant", "content": [*blocks]}


def text(text="So."):
    return {"type": "text", "text": text}


def use(call_id="toolu_1", name="find", **more):
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}, **more}


def result(call_id="toolu_1", content="1 parcel", **more):
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


def picture(media_type="image/png", data=PNG):
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}


def shown(kind="text", **more):
    return {"role": "model", "parts": [{kind: "It is here.", **more}]}


def sent(*parts):
    return {"role": "user", "parts": [*parts]}


def calls(*names, signature="c2ln"):
    parts = [{"functionCall": {"name": name, "args": {}}} for name in names]
    return {"role": "model", "parts": [{**parts[0], "thoughtSignature": signature}, *parts[1:]]}


def response(name="find", value=None, **more):
    return {"functionResponse": {"name": name, "response": {"ok": value}, **more}}


ASK = sent({"text": "Where?"})


def item(kind, **more):
    return {"type": kind, **more}


def function_call(call_id="call_1", **more):
    fields = {"name": "find", "arguments": "{}", **more}
    return item("function_call", call_id=call_id, **fields)


def output(call_id="call_1", value="1 parcel"):
    return item("function_call_output", call_id=call_id, output=value)


REASONING = item("reasoning", id="rs_1", summary=[])

CLEAN = {
    "openai": [
        CHAT,
        [user([image(), {"type": "text", "text": "This?"}], name="Ada")],
        [user(), reply(None, refusal="No.")],
        [
            user(),
            chat_calls({"id": "c", "type": "custom", "custom": {"name": "x", "input": "y"}}),
            chat_result("c"),
        ],
    ],
    "mistral": [CHAT, [user(), reply("Let me look."), chat_calls(chat_call()), chat_result()]],
    "strict": [[*CHAT[:2], chat_calls(chat_call(), content=""), chat_result(), *CHAT[5:]]],
    "anthropic": [
        [user(), reply()],
        [
            user(),
            from_model(THOUGHT, use(), use("toolu_2")),
            from_user(result(), result("toolu_2")),
        ],
        [user(), from_model(SEARCH, FOUND, text())],
        [user(), from_model(SEARCH, use()), from_user(result()), from_model(FOUND, text()), user()],
        [user(), from_model(SEARCH, use()), from_user(result())],
        [user(), from_model(text(), SEARCH)],
        [user(), from_model(use()), from_user(result()), from_model(THOUGHT, text()), user()],
        [user(), {"role": "system", "content": "Be brief."}, reply()],
        [from_user(picture(), text("This?"))],
        [user(), from_model({"type": "compaction", "content": None}, text())],
        [user(), from_model(use()), from_user(result(content=[text(), picture()]), text("Well?"))],
    ],
    "gemini": [
        [ASK, calls("find", "look"), sent(response(), response("look")), shown()],
        [ASK, shown(), ASK],
        [{"parts": [{"text": "Hi"}]}, calls("find"), sent(response())],
        [ASK, calls("find", signature=""), sent(response()), shown(), ASK, shown()],
    ],
    "responses": [
        [user(), REASONING, function_call(id="fc_1"), output(), reply()],
        [user([item("input_text", text="Hi")]), {**reply([item("output_text", text="Hi")])}],
        [user(), item("shell_call", call_id="c"), item("shell_call_output", call_id="c")],
        [user(), REASONING, item("web_search_call", id="ws_1"), reply()],
    ],
}
BROKEN = {
    "openai": {
        **OF_CHAT,
        "call-ids-are-short": [user(), chat_calls(chat_call("c" * 41)), chat_result("c" * 41)],
        "names-fit": [user(name="Ada Lovelace")],
        "arguments-are-text": [user(), chat_calls(chat_call(arguments={})), chat_result()],
        "calls-are-some": [user(), reply(tool_calls=[])],
        "content-is-there": [user(), reply(None)],
        "content-is-text-or-parts": [user(), reply([image()])],
        "parts-are-whole": [user([{"type": "text"}])],
        "images-are-readable": [user([image("file:///a.png")])],
    },
    "mistral": {
        **OF_CHAT,
        "roles-follow": [user(), chat_result()],
        "a-tool-is-not-used-first": [chat_calls(chat_call()), chat_result()],
        "ids-have-nine-characters": [
            user(),
            chat_calls(chat_call("call_1")),
            chat_result("call_1"),
        ],
        "thoughts-are-left-out": [user(), reply(reasoning_content="Hm.")],
        "tool-names-fit": [user(), chat_calls(chat_call()), chat_result(name="find it")],
        "text-or-calls": [user(), chat_calls(chat_call(), content="Hm."), chat_result()],
        "content-is-there": [user(None)],
        "content-is-text": [user(), chat_calls(chat_call()), chat_result(content=[image()])],
        "images-are-readable": [user([image("data:image/bmp;base64,AAAA")])],
    },
    "strict": {
        **OF_CHAT,
        "the-system-speaks-first": [user(), {"role": "system", "content": "Be brief."}],
        "a-user-begins": [reply(), user()],
        "turns-alternate": [user(), user()],
        "content-is-a-string": [user(), chat_calls(chat_call()), chat_result()],
        "somebody-says-something": [user(" ")],
        "arguments-are-objects": [user(), chat_calls(chat_call(arguments="[1]")), chat_result()],
    },
    "anthropic": {
        "roles-are-known": [user(), BAD_ROLE],
        "a-user-begins": [reply(), user()],
        "uses-are-answered": [user(), from_model(use(), use("toolu_2")), from_user(result())],
        "results-answer-uses": [user(), reply(), from_user(result())],
        "results-come-once": [user(), from_model(use()), from_user(result(), result())],
        "results-stand-first": [user(), from_model(use()), from_user(text(), result())],
        "ids-differ": [
            user(),
            from_model(use()),
            from_user(result()),
            from_model(use()),
            from_user(result()),
        ],
        "ids-fit": [user(), from_model(use("f:0")), from_user(result("f:0"))],
        "names-fit": [user(), from_model(use(name="find it")), from_user(result())],
        "server-tools-have-their-results": [user(), from_model(SEARCH, text()), user()],
        "thinking-begins-the-turn": [
            user(),
            from_model(THOUGHT, text()),
            user(),
            from_model(use()),
            from_user(result()),
        ],
        "content-is-there": [user([]), reply()],
        "texts-are-not-empty": [from_user(text(" "))],
        "the-end-has-no-space": [user(), reply("So. ")],
        "blocks-are-known": [from_user(item("input_text", text="Hi"))],
        "results-hold-blocks": [
            user(),
            from_model(use()),
            from_user(result(content=[picture()], is_error=True)),
        ],
        "input-is-an-object": [user(), from_model(use(input="{}")), from_user(result())],
        "thinking-is-signed": [user(), from_model(item("thinking", thinking="Hm."), text())],
        "thinking-does-not-end": [user(), from_model(text(), THOUGHT)],
        "compactions-are-whole": [user(), from_model(item("compaction", content=""), text())],
        "images-are-readable": [from_user(picture(data=LARGE))],
        "images-are-few": [from_user(*[picture()] * 101)],
    },
    "gemini": {
        "roles-are-known": [ASK, {"role": "function", "parts": [response()]}],
        "a-user-begins": [shown(), ASK],
        "roles-alternate": [ASK, ASK],
        "calls-are-answered": [ASK, calls("find", "look"), sent(response())],
        "responses-follow-calls": [ASK, shown(), sent(response())],
        "responses-name-their-calls": [ASK, calls("find"), sent(response("look"))],
        "the-user-calls-no-function": [ASK, {"role": "model", "parts": [response()]}],
        "steps-are-signed": [ASK, calls("find", signature=""), sent(response())],
        "parts-are-there": [ASK, {"role": "model", "parts": []}],
        "names-fit": [ASK, calls("7"), sent(response("7"))],
        "values-are-objects": [ASK, calls("find"), sent({"functionResponse": {"name": "find"}})],
    },
    "responses": {
        "items-are-known": [item("sparkline")],
        "roles-are-known": [BAD_ROLE],
        "calls-are-answered": [user(), function_call(), reply()],
        "outputs-follow-calls": [user(), output(), function_call()],
        "outputs-come-once": [user(), function_call(), output(), output()],
        "reasoning-is-followed": [user(), REASONING, user()],
        "reasoning-is-whole": [user(), item("reasoning", id="rs_1"), reply()],
        "ids-fit": [user(), function_call(id="call_1"), output()],
        "calls-have-ids": [user(), function_call(""), output("")],
        "names-fit": [user(), function_call(name="find it"), output()],
        "arguments-are-text": [user(), function_call(arguments={}), output()],
        "outputs-are-there": [user(), function_call(), output(value=None)],
        "content-fits-its-role": [reply([item("input_text", text="Hi")])],
        "images-are-readable": [user([item("input_image", image_url="file:///a.png")])],
    },
}


@pytest.mark.parametrize(
    ("provider", "messages"),
    [(provider, messages) for provider, all_of in CLEAN.items() for messages in all_of],
)
def test_what_a_provider_takes_breaks_no_rule(provider, messages):
    assert list(findings(provider, SentMessages(messages))) == []


@pytest.mark.parametrize(
    ("provider", "rule"), [(provider, rule) for provider, rules in RULES.items() for rule in rules]
)
def test_a_rule_finds_what_breaks_it(provider, rule):
    messages = BROKEN[provider][rule.name]
    found = list(rule.find(SentMessages(messages)))
    assert found
    assert all(one.at is None or 0 <= one.at < len(messages) for one in found)


@pytest.mark.parametrize("provider", RULES)
def test_a_rule_has_a_name_of_its_own_a_sentence_and_a_source(provider):
    rules = RULES[provider]
    assert sorted(rule.name for rule in rules) == sorted(BROKEN[provider])
    for rule in rules:
        assert rule.sentence.endswith(".")
        assert rule.source.where
        assert rule.source.date >= "2026"


@pytest.mark.parametrize("provider", RULES)
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"role": 7},
        {"role": ["user"], "content": 7},
        {"content": [None, 1, "x", {"type": []}]},
        {"role": "assistant", "tool_calls": "x", "content": {}, "parts": {"functionCall": 1}},
        {"type": "function_call", "id": 7, "call_id": [], "output": {}, "summary": 1},
        {"role": "user", "content": [{"type": "tool_result", "content": 7, "tool_use_id": {}}]},
        {"role": "model", "parts": [{"functionCall": {"name": 1, "args": 2}}, 7]},
    ],
)
def test_messages_of_any_shape_are_read(provider, odd):
    assert list(findings(provider, SentMessages([odd, odd])))
