#!/usr/bin/env bash
# Two parallel calls whose ids differ in punctuation alone become one call with two results.
#
# Packages:  litellm 1.110.2
# Input:     An assistant's message with the calls `a.b` and `a:b`, each with its result; sent to an
#            Anthropic model, whose ids allow neither character.
# Behaviour: Both ids are rewritten to `a_b`; the second call is then left out as a repetition, while both
#            results stay, under one id.
# Matters:   Ids such as `functions.weather:0` are common among open models. A call and its arguments vanish
#            from the history, and the provider refuses two results of one call. Ids that are made to fit
#            must be made distinct too.
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


def call(identifier: str, city: str) -> dict:
    return {"id": identifier, "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": city})}}


messages = [
    {"role": "user", "content": "Rome or Oslo?"},
    {"role": "assistant", "content": None, "tool_calls": [call("a.b", "Rome"), call("a:b", "Oslo")]},
    {"role": "tool", "tool_call_id": "a.b", "content": "18 degrees"},
    {"role": "tool", "tool_call_id": "a:b", "content": "3 degrees"},
]
_, called, answered = sent("anthropic/claude-sonnet-4-5", messages)["messages"]
calls = [(block["id"], block["input"]) for block in called["content"]]
results = [(block["tool_use_id"], block["content"]) for block in answered["content"]]
print("calls:  ", calls)
print("results:", results)
if calls != [("a_b", {"city": "Rome"})] or results != [("a_b", "18 degrees"), ("a_b", "3 degrees")]:
    raise SystemExit("The behaviour has changed.")
PYTHON
