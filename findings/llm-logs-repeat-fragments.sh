#!/usr/bin/env bash
# What `llm logs --json` calls the prompt already holds the fragments, which stand beside it once more.
#
# Packages:  llm 0.36 (with openai as it is installed), against a model server on the loopback
# Input:     llm "Summarize" -f notes.txt -s "Be brief" --sf rules.txt
# Behaviour: "prompt" is the text of notes.txt and "Summarize", as the model was sent them, and "prompt_fragments" holds
#            the text of notes.txt again; likewise "system" and "system_fragments". Nothing marks where the prompt that
#            was typed begins. (Up to llm 0.26 "prompt" held what was typed, and fragments stood beside it alone.)
# Matters:   A program that puts prompt and fragments together, as it had to before, has every file twice; one that
#            does not loses them in logs of before. They have to be compared.
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

printf 'three notes' > "$work/notes.txt"
printf 'one rule' > "$work/rules.txt"
ask "Summarize" -f "$work/notes.txt" -s "Be brief" --sf "$work/rules.txt"
cat > "$work/show.py" <<'PYTHON'
import json
import sys

(one,) = json.load(sys.stdin)
for text, fragments in (("prompt", "prompt_fragments"), ("system", "system_fragments")):
    print(repr(one[text]), [fragment["content"] for fragment in one[fragments]])
PYTHON
found="$("$work/venv/bin/llm" logs list -n 1 --json | python3 "$work/show.py")"
echo "$found"
expected="'three notes\\nSummarize' ['three notes']
'one rule\\n\\nBe brief' ['one rule']"
[ "$found" = "$expected" ] || { echo "The behaviour has changed."; exit 1; }
