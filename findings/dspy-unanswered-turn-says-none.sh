#!/usr/bin/env bash
# A turn of the history that has no answer yet is answered with the word None.
#
# Packages:  dspy 3.4.1
# Input:     A `dspy.History` of two turns, the second with a question alone (the answer failed or was
#            removed); the prompt of the chat adapter.
# Behaviour: The prompt has an assistant's message for it whose answer is the word `None`.
# Matters:   The model reads that it answered None, and imitates it. Unanswered turns have to be left out of
#            a history that is handed to this library.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'dspy==3.4.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import dspy

history = dspy.History(messages=[{"question": "Is 97 prime?", "answer": "Yes."}, {"question": "Is 91 prime?"}])
signature = dspy.Signature("question, history: dspy.History -> answer")
messages = dspy.ChatAdapter().format(signature, demos=[], inputs={"question": "And 89?", "history": history})
answers = [message["content"].split("\n")[1] for message in messages if message["role"] == "assistant"]
print(*[(message["role"], message["content"][:60]) for message in messages[1:]], sep="\n")
print("answers:", answers)
if answers != ["Yes.", "None"]:
    raise SystemExit("The behaviour has changed.")
PYTHON
