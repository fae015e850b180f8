#!/usr/bin/env bash
# Instructions in the middle of a conversation are the user's words for one provider, and move to the front
# for another.
#
# Packages:  litellm 1.110.2
# Input:     A system message, a user's message, a `developer` message, an assistant's and a user's message;
#            sent to an Anthropic model and to Gemini.
# Behaviour: Anthropic gets the later instruction as a text in the user's turn, behind a sentence that says
#            it is none of the user's. Gemini gets it in front of everything, joined to the first.
# Matters:   Neither is what was stored: one lets instructions compete with the user's words, the other lets
#            them work from the beginning and changes the prefix that a cache keys on. One system message in
#            front is the only form that all read alike.
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
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "developer", "content": "From now on answer in French."},
    {"role": "assistant", "content": "Bonjour"},
    {"role": "user", "content": "Merci"},
]
claude = sent("anthropic/claude-sonnet-4-5", messages)
gemini = sent("gemini/gemini-3-pro-preview", messages)
spoken = [block["text"] for block in claude["messages"][0]["content"]]
instructions = [part["text"] for part in gemini["system_instruction"]["parts"]]
print("Anthropic, the user's first turn:", spoken)
print("Gemini, the instructions:        ", instructions)
if len(spoken) != 3 or "French" not in spoken[-1] or instructions != ["Be brief.", "From now on answer in French."]:
    raise SystemExit("The behaviour has changed.")
PYTHON
