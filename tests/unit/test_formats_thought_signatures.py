"""Gemini's signatures of thoughts, in the spellings of the programs that talk to it."""

import pytest

from dialoguedb.formats import convert

ASK = {"role": "user", "content": "Where?"}
SIGNATURE = "c2ln+/w=="


def chat(call_id="c1", **beside):
    function = {"name": "track", "arguments": "{}"}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function, **beside}],
    }


def sdk(provider="google", **beside):
    key = next(iter(beside))
    return {
        "type": "tool-track",
        "toolCallId": "c1",
        "state": "output-available",
        "input": {},
        "output": "so",
        key: {provider: {"thoughtSignature": SIGNATURE}},
    }


def model(provider, key):
    call = {"type": "tool-call", "toolCallId": "c1", "toolName": "track", "input": {}}
    return {
        "role": "assistant",
        "content": [{**call, key: {provider: {"thoughtSignature": SIGNATURE}}}],
    }


def langchain(form, **inner):
    call = {"name": "track", "args": {}, "id": "c1", "type": "tool_call"}
    message = {"content": "", "tool_calls": [call], **inner}
    forms = {
        "data": {"type": "ai", "data": message},
        "flat": {"type": "ai", **message},
        "constructor": {
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": message,
        },
    }
    return forms[form]


MAP = {"additional_kwargs": {"__gemini_function_call_thought_signatures__": {"c1": SIGNATURE}}}
FIELDS = {"thought_signature": SIGNATURE}
EXTRAS = {"type": "tool_call", "id": "c1", "name": "track", "args": {}}
SIGNED = {
    "Google's own endpoint for chat": chat(extra_content={"google": FIELDS}),
    "LiteLLM": chat(provider_specific_fields=FIELDS),
    "LiteLLM, in the id": chat(f"call_9__thought__{SIGNATURE}"),
    "UIMessage": {"id": "m", "role": "assistant", "parts": [sdk(callProviderMetadata=1)]},
    "UIMessage, Vertex": {"role": "assistant", "parts": [sdk("vertex", providerMetadata=1)]},
    "ModelMessage": model("google", "providerOptions"),
    "ModelMessage of a result": model("vertex", "providerMetadata"),
    "LangChain": langchain("data", **MAP),
    "LangChain, dumped": langchain("flat", **MAP),
    "LangChain, serialized": langchain("constructor", **MAP),
    "LangChain, a block": langchain(
        "data", content=[{**EXTRAS, "extras": {"signature": SIGNATURE}}]
    ),
    "LangChain, a call": langchain(
        "data", tool_calls=[{**EXTRAS, "extras": {"signature": SIGNATURE}}]
    ),
    "an item of an agent": {
        "type": "function_call",
        "call_id": "c1",
        "name": "track",
        "arguments": "{}",
        "provider_data": FIELDS,
    },
    "pydantic-ai": {
        "kind": "response",
        "parts": [
            {
                "part_kind": "tool-call",
                "tool_name": "track",
                "tool_call_id": "c1",
                "args": "{}",
                "provider_details": FIELDS,
            }
        ],
    },
}


def losses(converted):
    return [(one.index, one.kind) for one in converted.losses]


@pytest.mark.parametrize("message", SIGNED.values(), ids=SIGNED)
def test_a_signature_goes_back_to_gemini_on_its_call(message):
    made = convert([ASK, message], "auto", "gemini")
    assert made.messages[1]["parts"][0]["thoughtSignature"] == SIGNATURE
    assert made.losses == ()


@pytest.mark.parametrize("message", SIGNED.values(), ids=SIGNED)
def test_a_signature_that_another_api_does_not_take_is_a_loss(message):
    made = convert([ASK, message], "auto", "anthropic")
    assert losses(made)[0][0] == 1
    assert SIGNATURE not in str(made.messages)


def test_what_stands_beside_a_signature_is_still_a_loss():
    message = chat(extra_content={"google": {**FIELDS, "more": 1}})
    made = convert([ASK, message], "openai", "gemini")
    assert made.messages[1]["parts"][0]["thoughtSignature"] == SIGNATURE
    assert losses(made) == [(1, "detail")]


def test_every_call_gets_its_own_signature():
    message = langchain(
        "data",
        tool_calls=[{**EXTRAS, "id": one} for one in ("c0", "c1")],
        **MAP,
    )
    parts = convert([ASK, message], "auto", "gemini").messages[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, SIGNATURE]


@pytest.mark.parametrize("key", ["providerMetadata", "providerOptions"])
def test_the_signature_of_a_text_goes_back_with_it(key):
    text = {"type": "text", "text": "Hm.", key: {"google": {"thoughtSignature": SIGNATURE}}}
    made = convert([ASK, {"role": "assistant", "content": [text]}], "auto", "gemini")
    assert made.messages[1]["parts"] == [{"text": "Hm.", "thoughtSignature": SIGNATURE}]
    assert made.losses == ()
