#!/usr/bin/env bash
# Arguments of a call that was cut in its middle look like whole ones.
#
# Packages:  anthropic 2.14.0
# Input:     A stream that ends for `max_tokens` in the middle of a call: `{"pay": true, "note": "for",
#            "amount": 12` of 1200; the SDK's final message.
# Behaviour: The input is `{"pay": true, "note": "for", "amount": 12}`: a cut number is taken for a whole
#            one. A cut text is dropped together with its name.
# Matters:   A stored message has nothing in its blocks that tells the call is half; only `stop_reason`
#            does, which most stores leave out. A replayed or repeated call pays 12 instead of 1200.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'anthropic==2.14.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from anthropic import Anthropic


def message(cut: str) -> tuple[dict, str]:
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    start |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    tool = {"type": "tool_use", "id": "call_1", "name": "pay", "input": {}}
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": tool},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": cut}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": None}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]

    class Stream(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for event in events:
                self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Anthropic(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}")
    with client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "Pay"}]) as stream:
        final = stream.get_final_message()
    server.shutdown()
    return final.content[0].input, final.stop_reason


number = message('{"pay": true, "note": "for", "amount": 12')
text = message('{"pay": true, "note": "for th')
print(number, text, sep="\n")
if number[0] != {"pay": True, "note": "for", "amount": 12} or text[0] != {"pay": True}:
    raise SystemExit("The behaviour has changed.")
PYTHON
