"""Strict readers of windows: each refuses what its provider's documentation says is refused."""

import base64
import json
import re

TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NAME = re.compile(r"[^\s<|\\/>]{1,64}")
MEMBERS = {
    *("role", "name", "content", "tool_calls", "extra_content", "provider_specific_fields"),
    *("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"),
}
"""Of OpenAI, and of servers that are compatible with it."""

MEDIA_TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


OWN_BLOCKS = {
    *("server_tool_use", "web_search_tool_result", "mcp_tool_use", "mcp_tool_result"),
    *("code_execution_tool_result", "web_fetch_tool_result", "compaction"),
}
"""Blocks of Anthropic that nobody else writes."""


def check_openai(messages, system=None):
    """Refuse what the chat API and its templates refuse: a tool call without its results right
    behind it, a result without its call, or a conversation that the assistant begins."""
    assert system is None
    waiting: list[str] = []
    roles = [message["role"] for message in messages]
    assert "system" not in roles[1:]
    assert roles[roles[:1] == ["system"] :][:1] in ([], ["user"])
    for message in messages:
        if message["role"] == "tool":
            assert set(message) == {"role", "tool_call_id", "content"}
            assert isinstance(message["content"], str)
            assert message["tool_call_id"] in waiting, "a result must follow its call"
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting, f"calls without results: {waiting}"
        assert message["role"] in {"system", "user", "assistant"}
        assert set(message) <= MEMBERS
        assert "name" not in message or NAME.fullmatch(message["name"])
        check_openai_content(message)
        waiting = [check_openai_call(call) for call in message.get("tool_calls", [])]
        assert len(set(waiting)) == len(waiting)
    assert not waiting, f"calls without results: {waiting}"


def check_openai_content(message):
    content = message["content"]
    if not content:
        assert content == ""
        assert message["tool_calls"]
    elif isinstance(content, list):
        assert message["role"] == "user"
        assert content
        for part in content:
            check_openai_part(part)
    else:
        assert content.strip()
    if "tool_calls" in message:
        assert message["tool_calls"]
        assert message["role"] == "assistant"


def check_openai_part(part):
    match part["type"]:
        case "image_url":
            check_address(part["image_url"]["url"])
        case "input_audio":
            assert part["input_audio"]["format"] in {"wav", "mp3"}
        case "file":
            assert part["file"]
        case _:
            assert part["text"].strip()


def check_address(url):
    if not url.startswith(("http://", "https://")):
        head, _, data = url.partition(";base64,")
        assert head.removeprefix("data:") in MEDIA_TYPES
        assert base64.b64decode(data, validate=True)


def check_openai_call(call):
    assert call["id"]
    kind = call["type"]
    assert set(call) - {"extra_content", "provider_specific_fields"} == {"id", "type", kind}
    assert TOOL_NAME.fullmatch(call[kind]["name"])
    text = call[kind]["arguments" if kind == "function" else "input"]
    assert isinstance(json.loads(text) if kind == "function" else text, dict | str)
    return call["id"]


def check_anthropic(messages, system=None):
    """Refuse what the Messages API refuses: roles that do not alternate from the user on, empty
    texts, and tool uses whose results do not all stand at the beginning of the next message."""
    assert system is None or system.strip()
    waiting: set[str] = set()
    seen: set[str] = set()
    for number, message in enumerate(messages):
        assert set(message) == {"role", "content"}
        assert message["role"] == ("assistant" if number % 2 else "user")
        blocks = message["content"]
        assert blocks
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert len(results) == len(set(results)), "two results of one call"
        assert set(results) == waiting, "the results of all calls before, and no others"
        assert all(block["type"] == "tool_result" for block in blocks[: len(results)])
        for block in blocks:
            check_block(block, message["role"])
        waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
        assert len(waiting) == sum(block["type"] == "tool_use" for block in blocks)
        assert not waiting & seen, "ids of calls are unique"
        seen |= waiting
    assert not waiting, f"calls without results: {waiting}"
    if messages and messages[-1]["role"] == "assistant":
        last = messages[-1]["content"][-1]
        assert last["type"] != "text" or last["text"] == last["text"].rstrip()


def check_block(block, role):
    match block["type"]:
        case "text":
            assert block["text"].strip(), "text must hold more than space"
            assert set(block) <= {"type", "text", "citations"}
        case "image":
            assert role == "user"
            check_source(block["source"], MEDIA_TYPES)
        case "document":
            assert role == "user"
            check_source(block["source"], {"application/pdf"})
        case "tool_use":
            assert role == "assistant"
            assert TOOL_ID.fullmatch(block["id"])
            assert TOOL_NAME.fullmatch(block["name"])
            assert isinstance(block["input"], dict)
        case "tool_result":
            assert role == "user"
            check_result(block)
        case "thinking" | "redacted_thinking":
            assert role == "assistant"
            check_thought(block)
        case kind:
            assert kind in OWN_BLOCKS, kind
            assert role == "assistant"


def check_result(block):
    assert TOOL_ID.fullmatch(block["tool_use_id"])
    assert set(block) <= {"type", "tool_use_id", "content", "is_error"}
    for inner in block["content"]:
        assert inner["type"] in ({"text"} if block.get("is_error") else {"text", "image"})
        check_block(inner, "user")
    assert block["content"] or not block.get("is_error")


def check_thought(block):
    if block["type"] == "thinking":
        assert set(block) == {"type", "thinking", "signature"}
        assert block["signature"]
    else:
        assert set(block) == {"type", "data"}
        assert block["data"]


def check_source(source, media_types):
    if source["type"] == "base64":
        assert source["media_type"] in media_types
        assert base64.b64decode(source["data"], validate=True)
    elif source["type"] == "file":
        assert source["file_id"]
    else:
        assert source["type"] == "url"
        assert source["url"].startswith(("http://", "https://"))


def check_plain(messages, system=None):
    """Plain messages hold text, whoever speaks."""
    assert system is None
    for message in messages:
        assert set(message) <= {"role", "name", "content"}
        assert message["role"] in {"system", "user", "assistant"}
        assert message["content"].strip()


CALLS = {
    *("function_call", "custom_tool_call", "computer_call", "local_shell_call"),
    *("shell_call", "apply_patch_call"),
}
"""Items of Responses that want an output."""


def check_responses(items, system=None):
    """Refuse what the Responses API refuses: calls and outputs without each other, reasoning
    without the item behind it."""
    calls = [item["call_id"] for item in items if item.get("type", "") in CALLS]
    outputs = [item["call_id"] for item in items if item.get("type", "")[:-7] in CALLS]
    assert sorted(calls) == sorted(outputs)
    assert not items or "user" == items[0].get("role") or items[0]["type"] == "compaction"
    for item, behind in zip(items, [*items, {}][1:], strict=True):
        assert item.get("type") != "reasoning" or behind.get("role") != "user"
        assert "role" not in item or item["content"]
        assert item.get("role") in {None, "user", "assistant"}


def check_gemini(contents, system=None):
    """Refuse what Gemini refuses: contents that do not alternate from the user on, and calls whose
    responses do not all stand in the next content, in their order."""
    waiting: list[str] = []
    for index, content in enumerate(contents):
        assert content["role"] == ("model" if index % 2 else "user")
        assert content["parts"]
        responses = [
            part["functionResponse"]["name"]
            for part in content["parts"]
            if "functionResponse" in part
        ]
        assert responses == waiting
        waiting = [
            part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part
        ]
        assert not waiting or content["role"] == "model"
        for part in content["parts"]:
            assert "text" not in part or part["text"].strip()
    assert not waiting


CHECKS = {
    "openai": check_openai,
    "responses": check_responses,
    "anthropic": check_anthropic,
    "gemini": check_gemini,
    "plain": check_plain,
}


def sent(messages, system):
    """Return a window as it would go over the wire."""
    return json.loads(json.dumps(messages)), system
