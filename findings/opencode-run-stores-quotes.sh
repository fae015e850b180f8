#!/usr/bin/env bash
# A prompt of several words on the command line of opencode is stored, and sent, in quotation marks.
#
# Packages:  opencode-ai 1.18.33, against a model server on the loopback
# Input:     opencode run "Where is it?", and opencode run Where is it?
# Behaviour: The first is stored and sent as "Where is it?" with its quotation marks, the second without: each argument
#            that has a space in it is put into quotation marks before they are joined.
# Matters:   What was typed cannot be told from what is in the database; the marks may be the user's own.
set -euo pipefail

work="$(mktemp -d)"
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund --ignore-scripts 'opencode-ai@1.18.33'
program="$(ls -d "$work"/node_modules/opencode-*64/bin/opencode | head -n 1)"

cat > "$work/serve.py" <<'PYTHON'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked.get("tools"):  # else it asks for a title
            last = asked["messages"][-1]["content"]
            text = last if isinstance(last, str) else last[0]["text"]
            with open(sys.argv[1], "a") as seen:
                seen.write(text.strip() + "\n")
        about = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        choice = {"index": 0, "delta": {"role": "assistant", "content": "Here."}, "finish_reason": "stop"}
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps({**about, 'choices': [choice]})}\n\ndata: [DONE]\n\n".encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/serve.py" "$work/seen" > "$work/port" &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done

mkdir -p "$work/home/.config/opencode" "$work/project"
cat > "$work/home/.config/opencode/opencode.json" <<JSON
{"autoupdate": false, "share": "disabled", "provider": {"local": {"npm": "@ai-sdk/openai-compatible",
 "options": {"baseURL": "http://127.0.0.1:$(cat "$work/port")/v1", "apiKey": "none"}, "models": {"m": {"name": "m"}}}}}
JSON
ask() {
  (cd "$work/project" && env -i PATH="$PATH" HOME="$work/home" OPENCODE_DISABLE_MODELS_FETCH=1 \
    HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 "$program" run --model local/m "$@" > /dev/null 2>&1 < /dev/null)
}
ask "Where is it?"
ask Where is it?
found="$(cat "$work/seen")"
stored="$(python3 - "$work/home/.local/share/opencode/opencode.db" <<'PYTHON'
import json
import sqlite3
import sys

rows = sqlite3.connect(sys.argv[1]).execute("SELECT data FROM part ORDER BY id")
print("\n".join(one["text"] for one in (json.loads(data) for (data,) in rows) if "Where" in one.get("text", "")))
PYTHON
)"
printf 'sent:\n%s\nstored:\n%s\n' "$found" "$stored"
expected='"Where is it?"
Where is it?'
[ "$found" = "$expected" ] && [ "$stored" = "$expected" ] || { echo "The behaviour has changed."; exit 1; }
