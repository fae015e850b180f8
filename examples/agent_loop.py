# ruff: noqa: INP001, T201 -- a program of its own, which prints
"""An agent whose conversation grows without end, and whose model's window never overflows.

Start a server (`dialoguedb serve`), and run this beside it:

    DIALOGUEDB_API_KEY=ddb_... DIALOGUEDB_ENDPOINT=http://127.0.0.1:8000 python agent_loop.py

The model is scripted, so that it runs anywhere. It is as strict as real ones are: it takes no more
than its window holds, and no tool call without its result. Put your provider's call in its place.
"""

import json
import re
import sys
from typing import Any

from dialoguedb import DialogueDB

WINDOW_TOKENS = 1_000
COMPACTED_EVERY = 50
"""Or let the server do it: `dialoguedb projects set default --auto-compact-above 4000`."""

Message = dict[str, Any]


# --- The loop: the same with any model ----------------------------------------------------------


def answer(dialogue: Any, question: str) -> str:
    """Answer a question, calling tools as often as the model wants."""
    dialogue.save_message("user", question)
    while True:
        window = dialogue.context(WINDOW_TOKENS, query=question, memories=0)
        reply = model(window.messages, window.tokens.total)
        dialogue.save_message("assistant", reply)
        if not reply.get("tool_calls"):
            return str(reply["content"])
        for call in reply["tool_calls"]:
            found = track(**json.loads(call["function"]["arguments"]))
            result = {"role": "tool", "tool_call_id": call["id"], "content": found}
            dialogue.save_message("tool", result)


def track(order: int) -> str:
    """Tell where an order is: the only tool there is."""
    return f"Order {order} left on day {order % 28 + 1}. " + "It was scanned on its way. " * 10


# --- What stands for a model --------------------------------------------------------------------


def model(messages: list[Message], tokens: int) -> Message:
    """Answer as the script says, and refuse what a provider refuses."""
    check(messages, tokens)
    last = messages[-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": last["content"].partition(".")[0] + "."}
    question = re.fullmatch(r"Where is order (\d+)\?", last["content"])
    if question:
        function = {"name": "track", "arguments": json.dumps({"order": int(question[1])})}
        call = {"id": f"call_{question[1]}", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    known = [one["content"] for one in messages[:-1] if "bicycle is" in str(one["content"])]
    answered = re.search(r"bicycle is (\w+)", known[-1]) if known else None
    return {"role": "assistant", "content": f"It is {answered[1]}." if answered else "I see."}


def check(messages: list[Message], tokens: int) -> None:
    """Refuse a window that is too long, or that parts a tool call from its result."""
    if tokens > WINDOW_TOKENS:
        raise ValueError(f"{tokens} tokens are more than {WINDOW_TOKENS}")
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
        elif waiting:
            raise ValueError(f"tool calls without results: {waiting}")
        waiting |= {call["id"] for call in message.get("tool_calls") or ()}


# --- A long conversation ------------------------------------------------------------------------


def main(questions: int) -> None:
    """Talk for long, then ask for what was said in the beginning."""
    with DialogueDB() as db:
        dialogue = db.create_dialogue(label="An agent that talks for long")
        dialogue.save_message("system", "You tell customers where their orders are.")
        print(answer(dialogue, "By the way, my bicycle is turquoise."))
        for number in range(1, questions + 1):
            print(answer(dialogue, f"Where is order {number}?"))
            if number % COMPACTED_EVERY == 0:
                dialogue.compact()  # in the background; the messages stay as they are
        print(answer(dialogue, "Which colour has my bicycle?"))
        window = dialogue.context(WINDOW_TOKENS)
        sent = len(window.included.message_ids)
        print(f"{sent} messages of {sent + window.omitted} in {window.tokens.total} tokens")
        dialogue.remove()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
