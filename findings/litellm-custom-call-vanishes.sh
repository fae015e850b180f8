#!/usr/bin/env bash
# A call of a custom tool vanishes, its result stays.
#
# Packages:  litellm 1.110.2
# Input:     An assistant's message with a tool call of the type `custom` (free text instead of JSON), and
#            its result; sent to an Anthropic model.
# Behaviour: The assistant's message is left out; the result is sent as the answer to a call that is nowhere
#            in the request.
# Matters:   Custom tools are what current models edit code with. The provider refuses a result without its
#            call, so a stored conversation with one of them cannot be continued elsewhere until the text is
#            wrapped into a function's arguments.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'litellm==1.110.2'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import logging
import os

os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "ANTHROPIC_API_KEY": "none", "GEMINI_API_KEY": "none"}
import litellm
from litellm.types.utils import CallTypes
from litellm.utils import return_raw_request

litellm.suppress_debug_info = True
logging.disable(logging.CRITICAL)


def sent(model: str, messages: list[dict]) -> dict:
    """The body of the request; nothing listens at the address, so nothing leaves the machine."""
    options = {"model": model, "messages": messages, "api_base": "http://127.0.0.1:9", "max_retries": 0}
    raw = return_raw_request(CallTypes.completion, options)
    if not raw.get("raw_request_body"):
        raise SystemExit(f"no request was made: {raw.get('error')}")
    return json.loads(json.dumps(raw["raw_request_body"]))


call = {"id": "call_1", "type": "custom", "custom": {"name": "python", "input": "print(6 * 7)"}}
messages = [
    {"role": "user", "content": "Compute"},
    {"role": "assistant", "content": None, "tool_calls": [call]},
    {"role": "tool", "tool_call_id": "call_1", "content": "42"},
]
turns = sent("anthropic/claude-sonnet-4-5", messages)["messages"]
seen = [(turn["role"], block["type"]) for turn in turns for block in turn["content"]]
print(seen)
if seen != [("user", "text"), ("user", "tool_result")]:
    raise SystemExit("The behaviour has changed.")
PYTHON
