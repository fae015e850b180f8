"""What frameworks write: LangChain's dicts, pydantic-ai's parts, results of MCP; and a mixture."""

from typing import Any

from bench.formats.samples.sample import PIXEL, Json, Sample, message


def _langchain(kind: str, content: Any, **fields: Any) -> Json:
    """Return a message as `message_to_dict` does."""
    role = {"human": "user", "ai": "assistant"}.get(kind, kind)
    data = {
        "content": content,
        "additional_kwargs": {},
        "response_metadata": {},
        "type": kind,
        "name": None,
        "id": None,
        **fields,
    }
    return message(role, {"type": kind, "data": data})


_LANGCHAIN = Sample(
    "LangChain: messages_to_dict",
    [
        _langchain("system", "You plan gardens."),
        _langchain("human", "When do I sow radishes in zone 7?"),
        _langchain(
            "ai",
            "",
            tool_calls=[
                {
                    "name": "sowing_calendar",
                    "args": {"plant": "radish", "zone": 7},
                    "id": "call_lc1",
                    "type": "tool_call",
                }
            ],
            invalid_tool_calls=[],
        ),
        _langchain("tool", "from mid March", tool_call_id="call_lc1", status="success"),
        _langchain("ai", "From the middle of March.", tool_calls=[], invalid_tool_calls=[]),
        _langchain("human", "And beans?"),
    ],
    (
        *("You plan gardens.", "When do I sow radishes in zone 7?", "sowing_calendar", "radish"),
        *("from mid March", "From the middle of March.", "And beans?"),
    ),
    hidden=("additional_kwargs", "response_metadata"),
)

_BLOCKS = Sample(
    "LangChain: content blocks",
    [
        message(
            "user",
            [
                {"type": "text", "text": "Read the meter in this picture."},
                {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
            ],
        ),
        message(
            "assistant",
            [
                {"type": "reasoning", "reasoning": "Five digits are legible."},
                {"type": "text", "text": "I send it to the reader."},
                {
                    "type": "tool_call",
                    "name": "read_meter",
                    "args": {"digits": 5},
                    "id": "call_lc2",
                },
            ],
        ),
        message(
            "tool",
            {
                "type": "tool",
                "content": "zero four seven one nine",
                "tool_call_id": "call_lc2",
                "name": "read_meter",
            },
        ),
        message("assistant", [{"type": "text", "text": "It shows 04719."}]),
        message("user", "Send that to the company."),
    ],
    (
        *("Read the meter in this picture.", "I send it to the reader.", "read_meter"),
        *("zero four seven one nine", "It shows 04719.", "Send that to the company."),
    ),
    hidden=('"mime_type"',),
)

_PYDANTIC_AI = Sample(
    "pydantic-ai: requests and responses",
    [
        message(
            "user",
            {
                "kind": "request",
                "instructions": "You book boats.",
                "parts": [
                    {"part_kind": "system-prompt", "content": "You book boats."},
                    {
                        "part_kind": "user-prompt",
                        "content": "A rowing boat for two hours, please.",
                        "timestamp": "2026-11-02T09:00:00Z",
                    },
                ],
            },
        ),
        message(
            "assistant",
            {
                "kind": "response",
                "model_name": "some-model",
                "parts": [
                    {"part_kind": "thinking", "content": "Short trips first.", "signature": "c2ln"},
                    {"part_kind": "text", "content": "Let me see which are free."},
                    {
                        "part_kind": "tool-call",
                        "tool_name": "free_boats",
                        "args": {"kind": "rowing", "hours": 2},
                        "tool_call_id": "pyd_ai_1",
                    },
                ],
            },
        ),
        message(
            "user",
            {
                "kind": "request",
                "parts": [
                    {
                        "part_kind": "tool-return",
                        "tool_name": "free_boats",
                        "content": ["Kittiwake", "Puffin"],
                        "tool_call_id": "pyd_ai_1",
                        "timestamp": "2026-11-02T09:00:02Z",
                    }
                ],
            },
        ),
        message(
            "assistant",
            {
                "kind": "response",
                "parts": [{"part_kind": "text", "content": "Kittiwake and Puffin are free."}],
            },
        ),
        message(
            "user",
            {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "Puffin!"}]},
        ),
    ],
    (
        *("A rowing boat for two hours, please.", "Let me see which are free.", "free_boats"),
        *("rowing", "Kittiwake", "Puffin", "Kittiwake and Puffin are free.", "Puffin!"),
    ),
    hidden=("part_kind", "model_name"),
)

_MCP = Sample(
    "MCP: results of a server's tools",
    [
        message("user", "What is in the manual of the kiln?"),
        message(
            "assistant",
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_mcp1",
                        "type": "function",
                        "function": {"name": "open_manual", "arguments": '{"device": "kiln"}'},
                    }
                ],
            },
        ),
        message(
            "tool",
            [
                {"type": "text", "text": "Chapter 1: heat slowly."},
                {"type": "image", "data": PIXEL, "mimeType": "image/png"},
                {
                    "type": "resource",
                    "resource": {
                        "uri": "file:///manuals/kiln.md",
                        "mimeType": "text/markdown",
                        "text": "Never open it above 300 degrees.",
                    },
                },
                {
                    "type": "resource_link",
                    "uri": "file:///manuals/kiln.pdf",
                    "name": "kiln.pdf",
                    "mimeType": "application/pdf",
                },
            ],
            metadata={"tool_call_id": "call_mcp1"},
        ),
        message("assistant", "Heat it slowly, and keep it shut above 300 degrees."),
        message("user", "Understood."),
    ],
    (
        *("What is in the manual of the kiln?", "open_manual", "kiln", "Chapter 1: heat slowly."),
        *("Never open it above 300 degrees.", "keep it shut above 300 degrees.", "Understood."),
    ),
    hidden=("mimeType",),
)

_MIXED = Sample(
    "mixed: a program that changed its provider twice",
    [
        message("system", "You translate menus."),
        message("user", "What is 'zander' in English?"),
        message(
            "assistant",
            {
                "role": "assistant",
                "content": "A moment.",
                "tool_calls": [
                    {
                        "id": "call_x1",
                        "type": "function",
                        "function": {"name": "dictionary", "arguments": '{"word": "zander"}'},
                    }
                ],
            },
        ),
        message("tool", {"role": "tool", "tool_call_id": "call_x1", "content": "pike-perch"}),
        message("assistant", "Pike-perch."),
        message("user", [{"type": "text", "text": "And 'knödel'?"}]),
        message(
            "assistant",
            [
                {
                    "type": "tool_use",
                    "id": "toolu_x2",
                    "name": "dictionary",
                    "input": {"word": "knödel"},
                }
            ],
        ),
        message(
            "user",
            [{"type": "tool_result", "tool_use_id": "toolu_x2", "content": "dumpling"}],
        ),
        message("assistant", [{"type": "text", "text": "A dumpling."}]),
        message("user", {"role": "user", "parts": [{"text": "And 'quark'?"}]}),
        message(
            "model",
            {
                "role": "model",
                "parts": [{"functionCall": {"name": "dictionary", "args": {"word": "quark"}}}],
            },
        ),
        message(
            "user",
            {
                "role": "user",
                "parts": [
                    {
                        "functionResponse": {
                            "name": "dictionary",
                            "response": {"result": "curd cheese"},
                        }
                    }
                ],
            },
        ),
        message("model", {"role": "model", "parts": [{"text": "Curd cheese, more or less."}]}),
        message("user", "I am hungry."),
    ],
    (
        *("You translate menus.", "What is 'zander' in English?", "A moment.", "dictionary"),
        *("zander", "pike-perch", "And 'knödel'?", "dumpling", "And 'quark'?", "curd cheese"),
        *("Curd cheese, more or less.", "I am hungry."),
    ),
)

SAMPLES = [_LANGCHAIN, _BLOCKS, _PYDANTIC_AI, _MCP, _MIXED]
