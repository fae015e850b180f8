"""A conversation with calls in several spellings, and what stores it."""

import json

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}


def text(words):
    return {"type": "text", "text": words}


def called(own_id, name, **arguments):
    return {"type": "tool_use", "id": own_id, "name": name, "input": arguments}


def answered(own_id, *content, **more):
    return {"type": "tool_result", "tool_use_id": own_id, "content": [*content], **more}


TALK = [
    ("system", "Be kind."),
    ("user", "Where is it? 😀\n\n  <b>`x`</b>"),
    (
        "assistant",
        [
            text("I look."),
            called("a", "find", what="cup", at=[1.5]),
            called("b", "find", what="pot"),
        ],
    ),
    ("user", [answered("b", text("in the sink")), answered("a", text("on the table"))]),
    ("assistant", "On the table."),
    ("user", [text("And this?"), IMAGE]),
    (
        "assistant",
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "see", "arguments": "{}"}}
            ],
        },
    ),
    ("tool", {"role": "tool", "tool_call_id": "c", "content": "a tea pot"}),
    ("assistant", "A tea pot."),
    ("user", "Thanks."),
]


def stored(commands, own_id, messages, *words):
    commands.at("dialogue", "create", "--id", own_id, *words)
    lines = [json.dumps({"role": role, "content": content}) for role, content in messages]
    if lines:
        where = [*words[words.index("--namespace") :]] if "--namespace" in words else []
        commands.at("message", "add-batch", own_id, "--stdin", *where, stdin="\n".join(lines))
