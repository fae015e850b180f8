"""Items of OpenAI's Responses API."""

import json
from typing import Any

from bench.formats.samples.sample import PIXEL, Json, Sample, message, wrapped


def _spoken(text: str) -> Json:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": f"msg_{len(text)}",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _stored(*items: Json) -> list[Json]:
    """Store items as agents do: what a tool answered under the role of tools."""
    return [message(_role(item), item) for item in items]


def _role(item: Json) -> str:
    if "role" in item:
        return str(item["role"])
    return "tool" if item["type"].endswith("_output") else "assistant"


def _call(call_id: str, name: str, **arguments: Any) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": json.dumps(arguments),
        "status": "completed",
    }


_ITEMS = Sample(
    "Responses: messages, reasoning, functions",
    _stored(
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Is the meeting room Juniper free at 3?"}],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "I should ask the calendar."}],
            "encrypted_content": "gAAAAABoJuniperSecret",
        },
        _call("call_r1", "room_calendar", room="Juniper", hour=15),
        {"type": "function_call_output", "call_id": "call_r1", "output": "taken by Payroll"},
        _spoken("No, Payroll has it until four."),
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Is there a room with this sign free?"},
                {
                    "type": "input_image",
                    "detail": "auto",
                    "image_url": f"data:image/png;base64,{PIXEL}",
                },
            ],
        },
        _spoken("Yes: Rosemary, on the second floor."),
        {"type": "message", "role": "user", "content": "Take it."},
    ),
    (
        *("meeting room Juniper free at 3?", "room_calendar", "taken by Payroll"),
        *("No, Payroll has it until four.", "Is there a room with this sign free?"),
        *("Yes: Rosemary, on the second floor.", "Take it."),
    ),
    hidden=("gAAAAABoJuniperSecret", '"function_call"', "input_text"),
)

_SHELL = Sample(
    "Responses: shell, patches, custom tools",
    _stored(
        {"type": "message", "role": "user", "content": "Repair the typo in the readme."},
        {
            "type": "shell_call",
            "call_id": "call_s1",
            "action": {"commands": ["grep -n teh README.md"], "timeout_ms": 2000},
            "status": "completed",
        },
        {
            "type": "shell_call_output",
            "call_id": "call_s1",
            "max_output_length": 4096,
            "output": [
                {
                    "stdout": "12: teh quick start",
                    "stderr": "",
                    "outcome": {"type": "exit", "exit_code": 0},
                }
            ],
        },
        {
            "type": "apply_patch_call",
            "call_id": "call_s2",
            "status": "completed",
            "operation": {
                "type": "update_file",
                "path": "README.md",
                "diff": "@@\n-teh quick start\n+the quick start",
            },
        },
        {
            "type": "apply_patch_call_output",
            "call_id": "call_s2",
            "status": "completed",
            "output": "README.md patched",
        },
        {
            "type": "custom_tool_call",
            "call_id": "call_s3",
            "name": "spellcheck",
            "input": "README.md --language en",
        },
        {"type": "custom_tool_call_output", "call_id": "call_s3", "output": "no errors left"},
        _spoken("The typo is gone."),
        {"type": "message", "role": "user", "content": "Commit it."},
    ),
    (
        *("Repair the typo in the readme.", "grep -n teh README.md", "12: teh quick start"),
        *("+the quick start", "README.md patched", "spellcheck", "README.md --language en"),
        *("no errors left", "The typo is gone.", "Commit it."),
    ),
    hidden=('"shell_call"', '"apply_patch_call"'),
)

_HOSTED = Sample(
    "Responses: tools that the provider runs",
    _stored(
        {"type": "message", "role": "user", "content": "What do we know about Halley's comet?"},
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "comet Halley next perihelion"},
        },
        {
            "type": "file_search_call",
            "id": "fs_1",
            "status": "completed",
            "queries": ["Halley"],
            "results": [
                {
                    "file_id": "file_9",
                    "filename": "astronomy.pdf",
                    "score": 0.91,
                    "text": "It returns every seventy-six years.",
                    "attributes": {},
                }
            ],
        },
        {
            "type": "mcp_list_tools",
            "id": "mcpl_1",
            "server_label": "observatory",
            "tools": [{"name": "ephemeris", "input_schema": {"type": "object"}}],
        },
        {
            "type": "mcp_call",
            "id": "mcp_1",
            "server_label": "observatory",
            "name": "ephemeris",
            "arguments": '{"body": "1P/Halley"}',
            "output": "perihelion 2061-07-28",
            "status": "completed",
        },
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "container_id": "cntr_1",
            "code": "print(2061 - 2026)",
            "outputs": [{"type": "logs", "logs": "35"}],
            "status": "completed",
        },
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PIXEL},
        _spoken("It comes back in July 2061, in 35 years."),
        {"type": "message", "role": "user", "content": "I shall wait."},
    ),
    (
        *("What do we know about Halley's comet?", "It comes back in July 2061, in 35 years."),
        "I shall wait.",
    ),
    hidden=("mcp_list_tools", '"web_search_call"', '"image_generation_call"'),
)

_EASY = Sample(
    "Responses: easy messages, mixed with chat",
    [
        message("developer", "Answer in metric units."),
        message("user", [{"type": "input_text", "text": "How tall is the Matterhorn?"}]),
        message("assistant", [{"type": "output_text", "text": "4,478 metres.", "annotations": []}]),
        *wrapped([{"role": "user", "content": "And the Eiger?"}]),
        message("assistant", [{"type": "refusal", "refusal": "I would rather not compare."}]),
        message("user", [{"type": "input_text", "text": "Fine, no comparison."}]),
    ],
    (
        *("Answer in metric units.", "How tall is the Matterhorn?", "4,478 metres."),
        *("And the Eiger?", "I would rather not compare.", "Fine, no comparison."),
    ),
)

SAMPLES = [_ITEMS, _SHELL, _HOSTED, _EASY]
