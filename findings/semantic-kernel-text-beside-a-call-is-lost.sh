#!/usr/bin/env bash
# The text beside a call is not in the message's dict, and two results share one message.
#
# Packages:  semantic-kernel 1.45.0
# Input:     An assistant's message with a text and a call, and a tool's message with two results;
#            `to_dict`, which gives the message for a chat API.
# Behaviour: The first dict has the call and no content. The second has a list of `{tool_call_id, content}`
#            as its content, a form that the chat API does not know, under the first result's id.
# Matters:   What a model says before it calls is the part that users read. A store that keeps these dicts
#            never had it.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'semantic-kernel==1.45.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from semantic_kernel.contents import ChatMessageContent, FunctionCallContent, FunctionResultContent, TextContent

call = FunctionCallContent(id="call_1", name="clock-now", arguments="{}")
results = [FunctionResultContent(id=f"call_{n}", name="clock-now", result="noon") for n in (1, 2)]
called = ChatMessageContent(role="assistant", items=[TextContent(text="Let me look."), call]).to_dict()
answered = ChatMessageContent(role="tool", items=results).to_dict()
print(called, answered, sep="\n")
if "content" in called or [part.get("tool_call_id") for part in answered["content"]] != ["call_1", "call_2"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
