#!/usr/bin/env bash
# Asked for OpenAI's format, the reducer of messages forgets their ids.
#
# Packages:  langgraph 1.2.24, langgraph-checkpoint 4.3.2, langchain-core 1.8.3
# Input:     `add_messages` with `format="langchain-openai"`, on messages that have ids; then the same
#            message a second time, to replace it.
# Behaviour: The returned messages have no ids, so the second call appends instead of replacing.
# Matters:   Edits, retries and deletions go by id. With this option each of them doubles a message in the
#            stored state.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langgraph==1.2.24' 'langgraph-checkpoint==4.3.2' 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from langchain_core.messages import HumanMessage
from langgraph.graph.message import add_messages

state = {}
for form in (None, "langchain-openai"):
    once = add_messages([], [HumanMessage("Helo", id="m1")], format=form)
    state[form] = add_messages(once, [HumanMessage("Hello", id="m1")], format=form)
    print(form, "->", [(message.id, message.content) for message in state[form]])
if [len(state[None]), len(state["langchain-openai"]), state["langchain-openai"][1].id] != [1, 2, None]:
    raise SystemExit("The behaviour has changed.")
PYTHON
