#!/usr/bin/env bash
# A legacy function_call and its result get two different, random ids.
#
# Packages:  litellm 1.110.2
# Input:     OpenAI messages of the older spelling: an assistant's `function_call` followed by a message of
#            the role `function`; sent to an Anthropic model.
# Behaviour: The call becomes a `tool_use` with a random id, the result a `tool_result` with another random
#            id, so the two no longer belong together; both change with every request.
# Matters:   Conversations from before `tool_calls` are still stored everywhere. Replayed, each has an
#            unanswered call and a result of nothing, and no prompt cache can hit. Whoever keeps them should
#            give the pair one stable id before handing it out.
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


messages = [
    {"role": "user", "content": "What is the weather in Rome?"},
    {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": '{"city": "Rome"}'}},
    {"role": "function", "name": "weather", "content": "18 degrees"},
]
first, second = (sent("anthropic/claude-sonnet-4-5", messages)["messages"] for _ in range(2))
ids = [turn[-2]["content"][0]["id"] for turn in (first, second)]
answered = [turn[-1]["content"][0]["tool_use_id"] for turn in (first, second)]
print("ids of the call:  ", ids)
print("ids of the result:", answered)
if len({*ids, *answered}) != 4:
    raise SystemExit("The behaviour has changed.")
PYTHON
