"""opencode."""

import json
from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask


def _prepare(setup: Setup) -> Mapping[str, str]:
    model = {"name": "model-1", "tool_call": True, "limit": {"context": 150_000, "output": 8_000}}
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{setup.url}/v1", "apiKey": "none"},
        "models": {"model-1": model},
    }
    config = {"provider": {"script": provider}, "autoupdate": False, "share": "disabled"}
    setup.write(".config/opencode/opencode.json", json.dumps(config))
    return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [setup.npm("opencode-linux-x64/bin/opencode"), "run", "--model", "script/model-1"]
    how = {"new": [], "resume": ["--continue"], "fork": ["--continue", "--fork"]}
    if ask.how == "compact":
        return []  # by itself, before the next turn
    words = ask.prompt.split(" ")  # a prompt in one argument is stored in quotes
    return [*run, *how[ask.how], *words]


PROGRAM = Program(
    name="opencode",
    package="opencode-ai",
    tool="bash",
    arguments=lambda command: {"command": command, "description": "Look"},
    kept=".local/share/opencode/opencode.db",
    prepare=_prepare,
    command=_command,
)
