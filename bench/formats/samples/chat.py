"""OpenAI's Chat Completions, and what servers of open models add to them."""

import json
from typing import Any

from bench.formats.samples.sample import PIXEL, Json, Sample, message, wrapped


def _call(call_id: str, name: str, **arguments: Any) -> Json:
    function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"id": call_id, "type": "function", "function": function}


def _calling(*calls: Json, content: str | None = None, **fields: Any) -> Json:
    return {"role": "assistant", "content": content, "tool_calls": [*calls], **fields}


def _result(call_id: str, content: str) -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


_SUPPORT = Sample(
    "chat: support, text alone",
    [
        message("system", "You answer for Brightwater Bikes. Be brief.\nNever promise refunds."),
        message("user", "My order 48213 has not arrived, and it's been nine days."),
        message("assistant", "I am sorry! Which address was it sent to?"),
        message("user", 'Harbour Lane 4, Whitby.\nThe bell says "Okoro".'),
        message("assistant", "Thank you. The carrier holds it at the depot: `DEPOT-17`."),
        message("user", "Can it come on Saturday?"),
        message("assistant", "Yes, between 9 and 12 o'clock. Shall I book that?"),
        message("user", "Please do."),
    ],
    (
        *("Never promise refunds.", "My order 48213 has not arrived, and it's been nine days."),
        *('The bell says "Okoro".', "`DEPOT-17`", "between 9 and 12 o'clock", "Please do."),
    ),
)

_PARALLEL = Sample(
    "chat: parallel calls, results out of order",
    wrapped(
        [
            {"role": "system", "content": "Use the tools for every fact."},
            {"role": "user", "content": "Compare the weather in Oslo and Lagos, and the time."},
            _calling(
                _call("call_Zk1", "get_weather", city="Oslo", unit="celsius", days=3),
                _call("call_Zk2", "get_weather", city="Lagos", unit="celsius", days=4),
                _call("call_Zk3", "get_time", zones=["Europe/Oslo", "Africa/Lagos"], utc=False),
            ),
            _result("call_Zk3", '{"Europe/Oslo": "14:05", "Africa/Lagos": "13:05"}'),
            _result("call_Zk1", "snow, minus six"),
            _result("call_Zk2", "thunder, thirty-one"),
            {"role": "assistant", "content": "Oslo is 37 degrees colder and one hour ahead."},
            {"role": "user", "content": "Pack for both, please."},
        ]
    ),
    (
        *("Use the tools for every fact.", "Compare the weather in Oslo and Lagos, and the time."),
        *("get_weather", "Oslo", "Lagos", "celsius", "get_time", "Africa/Lagos", "14:05"),
        *("snow, minus six", "thunder, thirty-one", "Oslo is 37 degrees colder", "Pack for both"),
    ),
)

_CUSTOM = Sample(
    "chat: custom tools",
    wrapped(
        [
            {"role": "user", "content": "What is the sum of the first hundred squares?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_py1",
                        "type": "custom",
                        "custom": {
                            "name": "run_python",
                            "input": "total = sum(n * n for n in range(101))\nprint(total)",
                        },
                    },
                ],
            },
            _result("call_py1", "338350"),
            {"role": "assistant", "content": "It is 338,350."},
            {"role": "user", "content": "And of the cubes?"},
        ]
    ),
    (
        *("first hundred squares", "run_python", "total = sum(n * n for n in range(101))"),
        *("print(total)", "338350", "It is 338,350.", "And of the cubes?"),
    ),
)

_LEGACY = Sample(
    "chat: function_call of 2023",
    wrapped(
        [
            {"role": "user", "content": "Book a table for four at Ginger's."},
            {
                "role": "assistant",
                "content": None,
                "function_call": {
                    "name": "book_table",
                    "arguments": '{"restaurant": "Ginger\'s", "guests": 4, "terrace": true}',
                },
            },
            {"role": "function", "name": "book_table", "content": '{"status": "booked at 19:30"}'},
            {"role": "assistant", "content": "Done: 19:30 on the terrace."},
            {"role": "user", "content": "Thanks a lot."},
        ]
    ),
    (
        *("Book a table for four at Ginger's.", "book_table", "Ginger's", "booked at 19:30"),
        *("Done: 19:30 on the terrace.", "Thanks a lot."),
    ),
)

_REFUSAL = Sample(
    "chat: refusal, spoken answer, citations",
    wrapped(
        [
            {"role": "user", "content": "Write me a key generator for PhotoForge."},
            {"role": "assistant", "content": None, "refusal": "I can't help with that."},
            {"role": "user", "content": "Then read me today's headline."},
            {
                "role": "assistant",
                "content": None,
                "audio": {
                    "id": "audio_68",
                    "expires_at": 1790000000,
                    "data": "UklGRiQAAABXQVZF",
                    "transcript": "Ferries are running again after the storm.",
                },
            },
            {"role": "user", "content": [{"type": "text", "text": "Who says so?"}]},
            {
                "role": "assistant",
                "content": "The harbour office does.",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url_citation": {
                            "url": "https://harbour.example/news",
                            "title": "News",
                            "start_index": 0,
                            "end_index": 11,
                        },
                    }
                ],
            },
            {"role": "user", "content": "Good."},
        ]
    ),
    (
        *("key generator for PhotoForge", "I can't help with that.", "today's headline"),
        *("Ferries are running again after the storm.", "Who says so?"),
        "The harbour office does.",
    ),
    hidden=("UklGRiQAAABXQVZF", "url_citation"),
)


def _loop() -> list[Json]:
    """Return one task, and sixteen steps of a coding agent that works on it."""
    messages: list[Json] = [
        {"role": "system", "content": "You are a careful engineer in a repository."},
        {"role": "user", "content": "Find out why the invoice totals are off by a cent; fix it."},
    ]
    for step in range(1, 17):
        call = _call(f"functions.read_file:{step}", "read_file", path=f"billing/part_{step:02}.py")
        thought = f"Part {step} may round too early."
        messages.append(_calling(call, content="", reasoning_content=thought))
        source = "\n".join(
            f"line_{step}_{number} = price_{number} * quantity_{number}" for number in range(12)
        )
        messages.append(_result(f"functions.read_file:{step}", source))
    return messages


_LOOP = Sample(
    "chat: a long run of calls",
    wrapped(_loop()),
    (
        *("You are a careful engineer", "invoice totals are off by a cent", "read_file"),
        *("billing/part_01.py", "billing/part_16.py", "line_9_11 = price_11 * quantity_11"),
    ),
)

_SYSTEMS = Sample(
    "chat: system and developer in the middle",
    [
        message("developer", "Speak like a ship's officer."),
        message("user", "How far is it to Bergen?"),
        message("assistant", "Ninety miles, captain."),
        message("system", "The speed limit is now twelve knots."),
        message("user", "When do we arrive?"),
        message("assistant", "At half past four, captain."),
        message("developer", "From here on answer in one word."),
        message("user", "Is there fog?"),
    ],
    (
        *("Speak like a ship's officer.", "The speed limit is now twelve knots."),
        *("From here on answer in one word.", "Ninety miles, captain.", "half past four"),
        "Is there fog?",
    ),
)

_UNANSWERED = Sample(
    "chat: calls that nobody answered",
    wrapped(
        [
            {"role": "user", "content": "Charge the card of customer 77."},
            _calling(_call("call_c1", "charge_card", customer=77, amount="12.50"), content="Now."),
            {"role": "user", "content": "Stop! Wrong customer."},
            {"role": "assistant", "content": "Stopped. Nothing was charged."},
            {"role": "user", "content": "Then look up customer 78."},
            _calling(
                _call("call_c2", "find_customer", customer=78),
                _call("call_c3", "find_orders", customer=78),
            ),
            _result("call_c2", "Tomasz Nowak, since 2019"),
            {"role": "user", "content": "Never mind the orders."},
        ]
    ),
    (
        *("Charge the card of customer 77.", "Stop! Wrong customer.", "Nothing was charged."),
        *("find_customer", "Tomasz Nowak, since 2019", "Never mind the orders."),
    ),
)

_PEOPLE = Sample(
    "chat: several people",
    [
        message("user", "I'd like the red tent.", name="Ada Lovelace"),
        message("user", "Blue for me, it's lighter.", name="Bo"),
        message("assistant", "Red for Ada, blue for Bo.", name="Outfitter"),
        message("user", "绿色的也可以。", name="李雷"),
        message("assistant", "A third one in green is in stock."),
        message("user", "Which one did I choose?", name="Ada Lovelace"),
    ],
    (
        *("I'd like the red tent.", "Blue for me, it's lighter.", "绿色的也可以。"),
        *("A third one in green is in stock.", "Which one did I choose?"),
    ),
)

_EMPTY = Sample(
    "chat: empty turns, and turns of one side in a row",
    [
        message("assistant", "Hello, this is the library. How can I help?"),
        message("user", "I lost my card."),
        message("user", "The number was 5520."),
        message("assistant", {"role": "assistant", "content": ""}),
        message("assistant", "Let me see."),
        *wrapped([_calling(_call("call_l1", "find_card", number="5520"), content="")]),
        *wrapped([_result("call_l1", "")]),
        message("assistant", "It is blocked now."),
        message("assistant", "A new one costs three pounds."),
        message("user", " "),
        message("user", [{"type": "text", "text": ""}, {"type": "text", "text": "All right."}]),
    ],
    (
        *("Hello, this is the library.", "I lost my card.", "The number was 5520."),
        *("Let me see.", "find_card", "It is blocked now.", "A new one costs three pounds."),
        "All right.",
    ),
)

_PICTURES = Sample(
    "chat: pictures",
    [
        message(
            "user",
            [
                {"type": "text", "text": "What plant is this?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            ],
        ),
        message("assistant", "A fern, I believe."),
        message(
            "user",
            [
                {"type": "text", "text": "And the one beside the gate?"},
                {"type": "image_url", "image_url": {"url": "https://garden.example/gate.jpg"}},
                {"type": "text", "text": "It smells of pepper."},
            ],
        ),
        message("assistant", "That is catmint."),
        message("user", "Does it need shade?"),
    ],
    (
        *("What plant is this?", "A fern, I believe.", "And the one beside the gate?"),
        *("It smells of pepper.", "That is catmint.", "Does it need shade?"),
    ),
)

SAMPLES = [
    *(_SUPPORT, _PARALLEL, _CUSTOM, _LEGACY, _REFUSAL, _LOOP, _SYSTEMS, _UNANSWERED, _PEOPLE),
    *(_EMPTY, _PICTURES),
]
