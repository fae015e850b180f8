#!/usr/bin/env bash
# Merging two messages adds up the numbers of their metadata, and forgets who spoke.
#
# Packages:  langchain-core 1.8.3
# Input:     Two messages of users with different names, each with the second it was sent at in
#            `additional_kwargs`; `merge_message_runs`.
# Behaviour: The merged message has the sum of the two times (a date in the year 2082), the first message's
#            id, and neither name. Only keys named `created`, `timestamp` and `index` are spared.
# Matters:   Histories of group chats are merged before models that want alternating turns. Numbers that
#            stores keep beside a message (times, sequence numbers, ratings) come out as sums that look
#            plausible.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'langchain-core==1.8.3'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import UTC, datetime

from langchain_core.messages import HumanMessage, merge_message_runs

first = HumanMessage("Tea?", id="1", name="Ann", additional_kwargs={"sent_at": 1_774_000_000})
second = HumanMessage("Yes!", id="2", name="Bob", additional_kwargs={"sent_at": 1_774_000_060})
(merged,) = merge_message_runs([first, second])
sent_at = merged.additional_kwargs["sent_at"]
print("content:", repr(merged.content), "id:", merged.id, "name:", merged.name)
print("sent at:", sent_at, datetime.fromtimestamp(sent_at, UTC))
if (sent_at, merged.id, merged.name) != (3_548_000_060, "1", None):
    raise SystemExit("The behaviour has changed.")
PYTHON
