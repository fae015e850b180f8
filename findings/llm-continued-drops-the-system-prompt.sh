#!/usr/bin/env bash
# A system prompt that is given when a conversation goes on is neither sent nor stored, and nothing says so.
#
# Packages:  llm 0.36 (with openai as it is installed), against a model server on the loopback
# Input:     llm "first", then llm -c "second" -s "Be loud"; and the same with a system prompt on the first, too.
# Behaviour: The second request has the messages so far and no system message with "Be loud": the first one's system
#            prompt alone, or none. The log says the same of the second as of the first, so "Be loud" is stored nowhere.
#            The exit code is 0. (llm 0.26 sent it.)
# Matters:   Who changes the instructions of a conversation is answered as if they had not, and a log that is imported
#            cannot tell that they ever did.
set -euo pipefail

work="$(mktemp -d)"
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check llm==0.36

cat > "$work/serve.py" <<'PYTHON'
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open(sys.argv[1], "a") as seen:
            seen.write(" / ".join(f"{one['role']}: {one['content']}" for one in asked["messages"]) + "\n")
        message = {"role": "assistant", "content": "ok"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        about = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = json.dumps({**about, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/serve.py" "$work/seen" > "$work/port" &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done

export LLM_USER_PATH="$work/home" OPENAI_API_KEY=none
mkdir "$LLM_USER_PATH"
printf -- '- model_id: local\n  model_name: local\n  api_base: http://127.0.0.1:%s/v1\n' "$(cat "$work/port")" \
  > "$LLM_USER_PATH/extra-openai-models.yaml"
ask() { "$work/venv/bin/llm" -m local --no-stream "$@" > /dev/null; }

ask "first"
ask -c "second" -s "Be loud"
ask "first" -s "Be brief"
ask -c "second" -s "Be loud"
cat > "$work/expected" <<'TEXT'
user: first
user: first / assistant: ok / user: second
system: Be brief / user: first
system: Be brief / user: first / assistant: ok / user: second
TEXT
cat "$work/seen"
diff "$work/seen" "$work/expected" > /dev/null || { echo "The behaviour has changed."; exit 1; }
stored="$("$work/venv/bin/llm" logs list -n 4 --json \
  | python3 -c 'import json, sys; print([one["system"] for one in json.load(sys.stdin)])')"
echo "stored: $stored"
[ "$stored" = "[None, None, 'Be brief', 'Be brief']" ] || { echo "The behaviour has changed."; exit 1; }
