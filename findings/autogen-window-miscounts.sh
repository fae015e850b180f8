#!/usr/bin/env bash
# A window tells the model, in the user's role, that fewer messages were skipped than were.
#
# Packages:  autogen-core 0.7.5
# Input:     Six messages (question, call, result, answer, question, answer) in a
#            `HeadAndTailChatCompletionContext` with a head of 2 and a tail of 1.
# Behaviour: Three messages: the question, a user's message that says 3 were skipped, the last answer. Four
#            were: the call at the head's end is taken out after the count.
# Matters:   A model that is told of a gap reasons about it. The sentence has the user's role, so it is
#            answered, summarized and stored like a user's words.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'autogen-core==0.7.5'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

from autogen_core import FunctionCall
from autogen_core.model_context import HeadAndTailChatCompletionContext
from autogen_core.models import AssistantMessage, FunctionExecutionResult, FunctionExecutionResultMessage, UserMessage

result = FunctionExecutionResult(content="noon", call_id="call_1", name="now", is_error=False)
history = [
    UserMessage(content="What time is it?", source="user"),
    AssistantMessage(content=[FunctionCall(id="call_1", name="now", arguments="{}")], source="bot"),
    FunctionExecutionResultMessage(content=[result]),
    AssistantMessage(content="Noon.", source="bot"),
    UserMessage(content="Thanks", source="user"),
    AssistantMessage(content="You are welcome.", source="bot"),
]


async def window() -> list:
    context = HeadAndTailChatCompletionContext(head_size=2, tail_size=1)
    for message in history:
        await context.add_message(message)
    return await context.get_messages()


messages = asyncio.run(window())
print(*[(message.type, message.content) for message in messages], sep="\n")
kept = [message for message in messages if message in history]
if (len(history) - len(kept), messages[1].type, messages[1].content) != (4, "UserMessage", "Skipped 3 messages."):
    raise SystemExit("The behaviour has changed.")
PYTHON
