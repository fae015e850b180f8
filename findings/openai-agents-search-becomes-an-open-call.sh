#!/usr/bin/env bash
# A finished file search becomes a call that nobody answers; a finished web search raises.
#
# Packages:  openai-agents 0.24.0
# Input:     Items that the Responses API itself executed and that a session stores, `file_search_call` and
#            `web_search_call`, each with the answer after it; the converter for chat models.
# Behaviour: The file search turns into a function call without a result, followed by the answer; the web
#            search raises a UserError.
# Matters:   A session that once used a hosted tool cannot be continued with a chat model: one form is
#            refused by the provider, the other by the library.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'openai-agents==0.24.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from agents.exceptions import UserError
from agents.models.chatcmpl_converter import Converter


def converted(search: dict) -> list[dict] | str:
    items = [{"role": "user", "content": "Find it"}, search, {"role": "assistant", "content": "Found"}]
    try:
        return Converter.items_to_messages(items)
    except UserError as error:
        return type(error).__name__


file = converted({"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["it"]})
web = converted({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "it"}})
print("file search:", *file, sep="\n  ")
print("web search: ", web)
if [message["role"] for message in file] != ["user", "assistant", "assistant"] or web != "UserError":
    raise SystemExit("The behaviour has changed.")
PYTHON
