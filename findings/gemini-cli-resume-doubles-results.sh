#!/usr/bin/env bash
# After a resume, the Gemini CLI sends the result of every earlier call twice.
#
# Packages:  @google/gemini-cli 0.61.0, against a model server on the loopback
# Input:     gemini -p "Look" (one call of a command, answered), then gemini --resume latest -p "Go on"
# Behaviour: The request after the resume has one functionCall and two functionResponses for it, the same one twice.
#            A file holds the result of a call in two lines, and a resume reads both; it writes the list back with
#            both, and each further resume writes one more.
# Matters:   Gemini's API wants as many responses as calls. Whoever reads the files has to know results by the ids of
#            their calls, and to keep the first of each.
set -euo pipefail

work="$(mktemp -d)"
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund --ignore-scripts '@google/gemini-cli@0.61.0'

cat > "$work/serve.py" <<'PYTHON'
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        parts = [part for one in asked["contents"] for part in one["parts"]]
        calls = [part["functionCall"]["id"] for part in parts if "functionCall" in part]
        results = [part["functionResponse"]["id"] for part in parts if "functionResponse" in part]
        with open(sys.argv[1], "a") as seen:
            seen.write(json.dumps({"calls": calls, "results": results}) + "\n")
        call = {"id": "call_1", "name": "run_shell_command", "args": {"command": "echo tea"}}
        part = {"text": "Done."} if results else {"functionCall": call}
        candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        body = f"data: {json.dumps({'candidates': [candidate], 'usageMetadata': usage})}\n\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/serve.py" "$work/seen" > "$work/port" &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done

mkdir -p "$work/home/.gemini" "$work/project"
echo '{"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": false}}' \
  > "$work/home/.gemini/settings.json"
ask() {
  (cd "$work/project" && env -i PATH="$PATH" HOME="$work/home" GEMINI_API_KEY=none \
    GOOGLE_GEMINI_BASE_URL="http://127.0.0.1:$(cat "$work/port")" HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 \
    "$work/node_modules/.bin/gemini" --yolo --skip-trust --model gemini-2.5-flash "$@" > "$work/out" 2>&1 < /dev/null)
}
ask --prompt "Look"
ask --resume latest --prompt "Go on"
found="$(tail -n 1 "$work/seen")"
echo "After the resume the model is sent: $found"
[ "$found" = '{"calls": ["call_1"], "results": ["call_1", "call_1"]}' ] || { echo "The behaviour has changed."; exit 1; }
