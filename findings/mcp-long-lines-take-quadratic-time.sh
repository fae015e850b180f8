#!/usr/bin/env bash
# The client of a local server reads a long answer in time that grows with the square of its length.
#
# Packages:  mcp 2.3.0
# Input:     A server on standard input and output answers a tool's call with one text of 2, and of 8 million
#            characters.
# Behaviour: Four times the text takes far more than four times the processor time of the client: it joins and
#            splits all that it has read at every chunk.
# Matters:   A picture or a PDF that is no trouble over HTTP makes an agent wait for seconds over standard
#            output; a store does well to give files by name there.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'mcp==2.3.0'

cat >"$work/server.py" <<'PYTHON'
import json
import sys

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    if request["method"] == "initialize":
        version = request["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    elif request["method"] == "tools/list":
        result = {"tools": [{"name": "text", "inputSchema": {"type": "object"}}]}
    else:
        size = request["params"]["arguments"]["characters"]
        result = {"content": [{"type": "text", "text": "x" * size}]}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
PYTHON

"$work/venv/bin/python" -W ignore - "$work/server.py" <<'PYTHON'
import asyncio
import sys
import time

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main() -> list[float]:
    took = []
    server = StdioServerParameters(command=sys.executable, args=[sys.argv[1]])
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        await session.call_tool("text", {"characters": 1})
        for characters in (2_000_000, 8_000_000):
            before = time.process_time()
            found = await session.call_tool("text", {"characters": characters})
            took.append(time.process_time() - before)
            assert len(found.content[0].text) == characters
    return took


short, long = asyncio.run(main())
print(f"2 million: {short:.2f} s, 8 million: {long:.2f} s, {long / short:.1f} times as long")
if long < 6 * short:
    raise SystemExit("The behaviour has changed.")
PYTHON
