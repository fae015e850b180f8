#!/usr/bin/env bash
# Texts of tool results are read as JSON: an empty one becomes an object, 1.50 becomes 1.5.
#
# Packages:  mistral-common[sentencepiece] 1.13.1
# Input:     Results "", "1.50", "007" and "1e3" of a call, encoded by the tokenizers of version 3 and 7.
# Behaviour: Version 3 sends {}, 1.5, "007" and 1000.0; version 7 the texts as they are.
# Matters:   Prices, ids and version numbers change between what was stored and what the model reads, by the
#            model's age. Token counts made from the stored text are off with them.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'mistral-common[sentencepiece]==1.13.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import re

from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

call = {"id": "abcdefghi", "type": "function", "function": {"name": "price", "arguments": "{}"}}


def shown(tokenizer: MistralTokenizer, result: str) -> str:
    messages = [
        {"role": "user", "content": "How much?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abcdefghi", "content": result},
    ]
    text = tokenizer.encode_chat_completion(ChatCompletionRequest.from_openai(messages=messages)).text
    text = text.replace("\u2581", " ")
    found = re.search(r'"content": (.*), "call_id"', text) or re.search(r"\[TOOL_CONTENT\](.*)\[/TOOL_RESULTS\]", text)
    return found[1].strip()


results = ["", "1.50", "007", "1e3"]
third = [shown(MistralTokenizer.v3(), result) for result in results]
seventh = [shown(MistralTokenizer.v7(), result) for result in results]
print("stored:   ", results)
print("version 3:", third)
print("version 7:", seventh)
if third != ["{}", "1.5", '"007"', "1000.0"] or seventh != results:
    raise SystemExit("The behaviour has changed.")
PYTHON
