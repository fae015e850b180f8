#!/usr/bin/env bash
# An answer whose stream ended too early is printed and stored like a whole one.
#
# Packages:  llm 0.36 (with openai as it is installed), against a model server on the loopback
# Input:     llm "Tell", whose stream ends after "Once upon", without a finish_reason and without [DONE]
# Behaviour: llm prints "Once upon", exits with 0, and logs it. Nothing in the logs says that it is not the end, and
#            `llm -c` goes on from it.
# Matters:   A proxy that gives up closes the stream in just that way. What was imported from the logs as an answer may
#            be the beginning of one.
set -euo pipefail

work="$(mktemp -d)"
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check llm==0.36

cat > "$work/serve.py" <<'PYTHON'
import json
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        delta = {"role": "assistant", "content": "Once upon"}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        about = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.wfile.write(f"data: {json.dumps({**about, 'choices': [choice]})}\n\n".encode())


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/serve.py" > "$work/port" &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done

export LLM_USER_PATH="$work/home" OPENAI_API_KEY=none
mkdir "$LLM_USER_PATH"
printf -- '- model_id: local\n  model_name: local\n  api_base: http://127.0.0.1:%s/v1\n' "$(cat "$work/port")" \
  > "$LLM_USER_PATH/extra-openai-models.yaml"
printed="$("$work/venv/bin/llm" -m local "Tell")"
cat > "$work/show.py" <<'PYTHON'
import json
import sys

(one,) = json.load(sys.stdin)
print(one["response"], "|", "finish_reason" in json.dumps(one["response_json"] or {}))
PYTHON
found="printed: $printed, logged: $("$work/venv/bin/llm" logs list -n 1 --json | python3 "$work/show.py")"
echo "$found"
[ "$found" = "printed: Once upon, logged: Once upon | False" ] || { echo "The behaviour has changed."; exit 1; }
