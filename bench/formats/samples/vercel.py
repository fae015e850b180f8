"""Messages of Vercel's AI SDK: what its user interface keeps, and what it sends to models."""

from bench.formats.samples.sample import PIXEL, Sample, message

_UI = Sample(
    "AI SDK: UIMessage",
    [
        message(
            "user",
            {
                "id": "ui-1",
                "role": "user",
                "parts": [
                    {"type": "text", "text": "Is parcel QX-9 on its way? The label looks like so."},
                    {
                        "type": "file",
                        "mediaType": "image/png",
                        "filename": "label.png",
                        "url": f"data:image/png;base64,{PIXEL}",
                    },
                ],
            },
        ),
        message(
            "assistant",
            {
                "id": "ui-2",
                "role": "assistant",
                "parts": [
                    {"type": "step-start"},
                    {"type": "reasoning", "text": "Two look-ups are needed.", "state": "done"},
                    {"type": "text", "text": "I look it up.", "state": "done"},
                    {
                        "type": "tool-track",
                        "toolCallId": "call_u1",
                        "state": "output-available",
                        "input": {"parcel": "QX-9", "detailed": True},
                        "output": {"status": "sorted in Leeds"},
                    },
                    {
                        "type": "dynamic-tool",
                        "toolName": "customs",
                        "toolCallId": "call_u2",
                        "state": "output-error",
                        "input": {"parcel": "QX-9"},
                        "errorText": "customs is closed",
                    },
                    {"type": "step-start"},
                    {
                        "type": "source-url",
                        "sourceId": "s1",
                        "url": "https://post.example/qx9",
                        "title": "Tracking",
                    },
                    {"type": "text", "text": "It left Leeds this morning.", "state": "done"},
                ],
            },
        ),
        message(
            "user",
            {"id": "ui-3", "role": "user", "parts": [{"type": "text", "text": "Great news."}]},
        ),
    ],
    (
        *("Is parcel QX-9 on its way?", "I look it up.", "track", "QX-9", "sorted in Leeds"),
        *("customs", "customs is closed", "It left Leeds this morning.", "Great news."),
    ),
    hidden=("step-start", "output-available", '"toolCallId"'),
)

_MODEL = Sample(
    "AI SDK: ModelMessage",
    [
        message("system", "You convert recipes."),
        message(
            "user",
            [
                {"type": "text", "text": "Convert this cake to grams."},
                {"type": "image", "image": PIXEL, "mediaType": "image/png"},
            ],
        ),
        message(
            "assistant",
            [
                {"type": "reasoning", "text": "Cups of flour weigh less than cups of sugar."},
                {"type": "text", "text": "Two conversions."},
                {
                    "type": "tool-call",
                    "toolCallId": "call_m1",
                    "toolName": "to_grams",
                    "input": {"of": "flour", "cups": 2.5},
                },
                {
                    "type": "tool-call",
                    "toolCallId": "call_m2",
                    "toolName": "to_grams",
                    "input": {"of": "sugar", "cups": 1},
                },
            ],
        ),
        message(
            "tool",
            [
                {
                    "type": "tool-result",
                    "toolCallId": "call_m2",
                    "toolName": "to_grams",
                    "output": {"type": "json", "value": {"grams": "two hundred"}},
                },
                {
                    "type": "tool-result",
                    "toolCallId": "call_m1",
                    "toolName": "to_grams",
                    "output": {"type": "text", "value": "three hundred and twelve"},
                },
            ],
        ),
        message("assistant", [{"type": "text", "text": "312 g of flour, 200 g of sugar."}]),
        message("user", "And the butter?"),
    ],
    (
        *("You convert recipes.", "Convert this cake to grams.", "Two conversions.", "to_grams"),
        *("flour", "2.5", "sugar", "two hundred", "three hundred and twelve"),
        *("312 g of flour, 200 g of sugar.", "And the butter?"),
    ),
    hidden=('"tool-call"', '"tool-result"'),
)

SAMPLES = [_UI, _MODEL]
