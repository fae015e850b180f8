"""Gemini's contents with their parts, and the events of ADK that hold them."""

from typing import Any

from bench.formats.samples.sample import PIXEL, Json, Sample, message


def _content(role: str, *parts: Json) -> Json:
    return message(role, {"role": role, "parts": [*parts]})


_CAMEL = Sample(
    "Gemini: functions and thought signatures",
    [
        _content("user", {"text": "Turn the hall lights to forty percent."}),
        _content(
            "model",
            {"text": "The hall has two lamps.", "thought": True},
            {
                "functionCall": {
                    "id": "fn-1",
                    "name": "set_light",
                    "args": {"room": "hall", "percent": 40},
                },
                "thoughtSignature": "aGFsbCBzaWduYXR1cmU=",
            },
        ),
        _content(
            "user",
            {
                "functionResponse": {
                    "id": "fn-1",
                    "name": "set_light",
                    "response": {"result": "both lamps dimmed"},
                }
            },
        ),
        _content("model", {"text": "The hall is at forty percent."}),
        _content("user", {"text": "Cosy."}),
    ],
    (
        *("Turn the hall lights to forty percent.", "set_light", "hall", "both lamps dimmed"),
        *("The hall is at forty percent.", "Cosy."),
    ),
    hidden=("functionCall", "functionResponse"),
)

_SNAKE = Sample(
    "Gemini: code, pictures, snake case",
    [
        _content(
            "user",
            {"text": "How many petals has this flower, squared?"},
            {"inline_data": {"mime_type": "image/png", "data": PIXEL}},
        ),
        _content(
            "model",
            {"text": "It has five petals."},
            {"executable_code": {"language": "PYTHON", "code": "print(5 ** 2)"}},
            {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "twenty-five"}},
            {"text": "So twenty-five."},
        ),
        _content(
            "user",
            {"text": "And the one in this file?"},
            {
                "file_data": {
                    "mime_type": "image/jpeg",
                    "file_uri": "https://flowers.example/tulip.jpg",
                }
            },
        ),
        _content("model", {"function_call": {"name": "count_petals", "args": {"file": "tulip"}}}),
        _content(
            "user",
            {"function_response": {"name": "count_petals", "response": {"petals": "six of them"}}},
        ),
        _content("model", {"text": "Six, so thirty-six."}),
    ],
    (
        *("How many petals has this flower, squared?", "It has five petals.", "print(5 ** 2)"),
        *("twenty-five", "And the one in this file?", "count_petals", "tulip", "six of them"),
        "Six, so thirty-six.",
    ),
    hidden=("executable_code", "function_response"),
)


def _event(author: str, *parts: Json, **fields: Any) -> Json:
    role = "user" if author == "user" else "model"
    event = {
        "id": f"e-{len(parts)}-{author}",
        "invocationId": "e-7f3a",
        "author": author,
        "timestamp": 1790000000.5,
        "actions": {"stateDelta": {}, "artifactDelta": {}},
        "content": {"role": role, "parts": [*parts]},
        **fields,
    }
    return message("user" if author == "user" else "assistant", event)


_ADK = Sample(
    "ADK: events of two agents",
    [
        _event("user", {"text": "Find me a quiet hotel in Porto."}),
        _event(
            "concierge",
            {
                "functionCall": {
                    "id": "adk-1",
                    "name": "transfer_to_agent",
                    "args": {"agent_name": "hotel_finder"},
                }
            },
        ),
        _event(
            "concierge",
            {
                "functionResponse": {
                    "id": "adk-1",
                    "name": "transfer_to_agent",
                    "response": {"result": "transferred"},
                }
            },
        ),
        _event("hotel_finder", {"text": "The Casa do Rio lies in a garden."}, partial=False),
        _event("user", {"text": "Does it have a lift?"}),
        _event("hotel_finder", {"text": "It has one."}),
    ],
    (
        *("Find me a quiet hotel in Porto.", "transfer_to_agent", "hotel_finder", "transferred"),
        *("The Casa do Rio lies in a garden.", "Does it have a lift?", "It has one."),
    ),
    hidden=("invocationId", "stateDelta"),
)

SAMPLES = [_CAMEL, _SNAKE, _ADK]
