#!/usr/bin/env bash
# The last messages of a session are the first ones of a batch.
#
# Packages:  mem0ai 2.2.1
# Input:     Fourteen messages saved in one call; then the last three, and all that are kept.
# Behaviour: The ten kept are the first ten, m0 to m9, and the last three are m0, m1, m2: all have one time,
#            and ties fall to the order of insertion. Saved one by one, the last three are m11, m12, m13.
# Matters:   The last messages are what the next extraction reads as context. A conversation that is
#            imported in one go is remembered by its beginning.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'mem0ai==2.2.1'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os
import time

os.environ["MEM0_TELEMETRY"] = "False"
from mem0.memory.storage import SQLiteManager

messages = [{"role": "user", "content": f"m{n}"} for n in range(14)]
store = SQLiteManager(":memory:")
store.save_messages(messages, "batch")
for message in messages:
    store.save_messages([message], "single")
    time.sleep(0.002)
last = {name: [message["content"] for message in store.get_last_messages(name, limit=3)] for name in ("batch", "single")}
kept = [message["content"] for message in store.get_last_messages("batch", limit=100)]
print("the last three:", last)
print("kept of the batch:", kept)
if last != {"batch": ["m0", "m1", "m2"], "single": ["m11", "m12", "m13"]} or kept[0] != "m0" or kept[-1] != "m9":
    raise SystemExit("The behaviour has changed.")
PYTHON
