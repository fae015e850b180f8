#!/usr/bin/env bash
# Encoding one text keeps all other threads waiting; a batch of one text does not.
#
# Packages:  tokenizers 0.23.3
# Input:     A text of half a million letters without a space, as a line of base64 or of Chinese is, for a BPE
#            tokenizer; a second thread counts how often it gets to run meanwhile.
# Behaviour: During `Tokenizer.encode` and `Tokenizer.model.tokenize` it does not run at all. During
#            `encode_batch` and `encode_batch_fast`, which do the same work, it runs all the time.
# Matters:   A server that counts tokens on a thread of its own, so as not to keep its event loop waiting, keeps
#            it waiting all the same, for as long as one long word takes.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tokenizers==0.23.3

cat >"$work/run.py" <<'PYTHON'
import sys
import threading
import time

from tokenizers import Tokenizer, models

TEXT = "ab" * 250_000
vocabulary = {"a": 0, "b": 1, "ab": 2}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("a", "b")]))
sys.setswitchinterval(0.0005)
turns = 0


def count():
    global turns
    while True:
        time.sleep(0.001)
        turns += 1


threading.Thread(target=count, daemon=True).start()
WAYS = {
    "model.tokenize": lambda: tokenizer.model.tokenize(TEXT),
    "encode": lambda: tokenizer.encode(TEXT),
    "encode_batch": lambda: tokenizer.encode_batch([TEXT]),
    "encode_batch_fast": lambda: tokenizer.encode_batch_fast([TEXT]),
}
ran = {}
for name, work in WAYS.items():
    time.sleep(0.05)
    before, began = turns, time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    ran[name] = (turns - before) / seconds
    print(f"{name:18} {seconds * 1000:5.0f} ms, the other thread ran {turns - before} times")
stopped = max(ran["model.tokenize"], ran["encode"])
free = min(ran["encode_batch"], ran["encode_batch_fast"])
assert free > 3 * stopped, "The behaviour has changed."
PYTHON
"$work/venv/bin/python" "$work/run.py"
