#!/usr/bin/env bash
# An optional text argument of a tool is parsed as JSON; a required one is not.
#
# Packages:  mcp 2.3.0
# Input:     A tool with the parameters `text: str` and `note: str | None`, called with the texts `null`,
#            `["a"]`, `{}` and `5` for both.
# Behaviour: The required parameter gets each text as it was sent. For the optional one `null` becomes None,
#            and the call with `["a"]` or `{}` is refused for not being a string.
# Matters:   Messages, memories and queries are texts, and some are JSON. A tool that stores them loses or
#            refuses just those; stores offered through this SDK should declare such parameters without
#            None.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'mcp==2.3.0'

"$work/venv/bin/python" -W ignore - <<'PYTHON'
import asyncio

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("notes")


@server.tool()
def required(text: str) -> str:
    return repr(text)


@server.tool()
def optional(text: str | None = None) -> str:
    return repr(text)


async def call(tool: str, text: str) -> str:
    try:
        return (await server.call_tool(tool, {"text": text})).content[0].text
    except ToolError:
        return "refused"


texts = ["null", '["a"]', "{}", "5"]
seen = {tool: [asyncio.run(call(tool, text)) for text in texts] for tool in ("required", "optional")}
print(*seen.items(), sep="\n")
if seen != {"required": [repr(text) for text in texts], "optional": ["None", "refused", "refused", "'5'"]}:
    raise SystemExit("The behaviour has changed.")
PYTHON
