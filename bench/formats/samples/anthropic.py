"""Blocks of Anthropic's Messages API."""

from bench.formats.samples.sample import PIXEL, Sample, message

_SIGNATURE = "EqQBCkgIARABGAIiQL2UoU0b1OHYi+yCHpBYMOuIGkf8Rz9kQ"
_ENCRYPTED = "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5LTQ1NGUtODgxNC1kNjNjNTk1ZWI3Y"

_THINKING = Sample(
    "Anthropic: thinking between calls",
    [
        message("user", "Move my dentist to next week, if Mia is free to come along."),
        message(
            "assistant",
            [
                {
                    "type": "thinking",
                    "thinking": "First the dentist's hours, then Mia's.",
                    "signature": _SIGNATURE,
                },
                {"type": "text", "text": "I look at both calendars."},
                {
                    "type": "tool_use",
                    "id": "toolu_01A",
                    "name": "dentist_slots",
                    "input": {"week": 49, "kind": "check-up"},
                },
                {"type": "tool_use", "id": "toolu_01B", "name": "free_busy", "input": {}},
            ],
        ),
        message(
            "user",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01B",
                    "content": [{"type": "text", "text": "Mia: free on Tuesday"}],
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_01A",
                    "content": "Tuesday 10:20, Friday 8:00",
                },
            ],
        ),
        message(
            "assistant",
            [
                {"type": "thinking", "thinking": "Tuesday suits.", "signature": _SIGNATURE},
                {"type": "text", "text": "Tuesday at 10:20 suits both of you."},
            ],
        ),
        message("user", "Perfect, book it."),
    ],
    (
        *("Move my dentist to next week", "I look at both calendars.", "dentist_slots"),
        *("check-up", "free_busy", "Mia: free on Tuesday", "Tuesday 10:20, Friday 8:00"),
        *("Tuesday at 10:20 suits both of you.", "Perfect, book it."),
    ),
)

_SERVER = Sample(
    "Anthropic: tools that the provider runs",
    [
        message("user", "Which bakery won the regional prize, and is it open now?"),
        message(
            "assistant",
            [
                {
                    "type": "server_tool_use",
                    "id": "srvtoolu_01",
                    "name": "web_search",
                    "input": {"query": "regional bakery prize winner"},
                },
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "srvtoolu_01",
                    "content": [
                        {
                            "type": "web_search_result",
                            "url": "https://bread.example/prize",
                            "title": "Prize for Crumb and Crust",
                            "encrypted_content": _ENCRYPTED,
                            "page_age": "2 days",
                        }
                    ],
                },
                {
                    "type": "text",
                    "text": "Crumb & Crust won it.",
                    "citations": [
                        {
                            "type": "web_search_result_location",
                            "url": "https://bread.example/prize",
                            "title": "Prize for Crumb and Crust",
                            "encrypted_index": _ENCRYPTED,
                            "cited_text": "The prize goes to",
                        }
                    ],
                },
                {
                    "type": "tool_use",
                    "id": "toolu_02A",
                    "name": "opening_hours",
                    "input": {"shop": "Crumb & Crust"},
                },
            ],
        ),
        message(
            "user",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_02A",
                    "content": [
                        {
                            "type": "search_result",
                            "source": "https://bread.example/hours",
                            "title": "Hours",
                            "content": [{"type": "text", "text": "Open from six to two."}],
                        }
                    ],
                }
            ],
        ),
        message(
            "assistant",
            [
                {
                    "type": "mcp_tool_use",
                    "id": "mcptoolu_01",
                    "name": "clock",
                    "server_name": "tower",
                    "input": {"format": "24h"},
                },
                {
                    "type": "mcp_tool_result",
                    "tool_use_id": "mcptoolu_01",
                    "is_error": False,
                    "content": [{"type": "text", "text": "13:10"}],
                },
                {"type": "text", "text": "It is open for another fifty minutes."},
            ],
        ),
        message("user", "I run!"),
    ],
    (
        *("Which bakery won the regional prize", "Crumb & Crust won it.", "opening_hours"),
        *("Open from six to two.", "It is open for another fifty minutes.", "I run!"),
    ),
)

_DOCUMENTS = Sample(
    "Anthropic: documents, pictures, errors, redacted thoughts",
    [
        message("system", "You check expense claims."),
        message(
            "user",
            [
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
                },
                {
                    "type": "document",
                    "title": "rules.txt",
                    "source": {
                        "type": "text",
                        "media_type": "text/plain",
                        "data": "Taxis need a reason.",
                    },
                },
                {"type": "text", "text": "Is this taxi receipt fine?"},
            ],
        ),
        message(
            "assistant",
            [
                {"type": "redacted_thinking", "data": "EmwKAhgBEgyEi7z"},
                {"type": "text", "text": "I compare it with the ledger."},
                {
                    "type": "tool_use",
                    "id": "toolu_03A",
                    "name": "ledger",
                    "input": {"date": "2026-11-03", "amounts": [18.4, 2]},
                },
            ],
        ),
        message(
            "user",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_03A",
                    "is_error": True,
                    "content": "The ledger is locked",
                },
                {"type": "text", "text": "Try the archive."},
            ],
        ),
        message(
            "assistant",
            [{"type": "tool_use", "id": "toolu_03B", "name": "archive", "input": {"year": 2026}}],
        ),
        message(
            "user",
            [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_03B",
                    "content": [
                        {"type": "text", "text": "One scan found"},
                        {
                            "type": "image",
                            "source": {
                                "type": "base64",
                                "media_type": "image/png",
                                "data": PIXEL,
                            },
                        },
                    ],
                }
            ],
        ),
        message("assistant", "It is fine, but the reason is missing."),
        message("user", "Late train."),
    ],
    (
        *("You check expense claims.", "Taxis need a reason.", "Is this taxi receipt fine?"),
        *("I compare it with the ledger.", "ledger", "2026-11-03", "The ledger is locked"),
        *("Try the archive.", "archive", "One scan found", "the reason is missing."),
        "Late train.",
    ),
)

SAMPLES = [_THINKING, _SERVER, _DOCUMENTS]
