"""The coding agent pi."""

import json
from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask


def _prepare(setup: Setup) -> Mapping[str, str]:
    model = {"id": "model-1", "contextWindow": 150_000, "maxTokens": 8_000}
    provider = {"baseUrl": f"{setup.url}/v1", "apiKey": "none", "api": "openai-completions"}
    models = {"providers": {"script": {**provider, "models": [model]}}}
    setup.write(".pi/agent/models.json", json.dumps(models))
    return {"PI_OFFLINE": "1"}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [setup.npm(".bin/pi"), "--print", "--offline", "--provider", "script"]
    how = {"new": [], "resume": ["--continue"]}
    if ask.how == "compact":
        return []  # by itself, before the next turn
    if ask.how == "fork":
        how["fork"] = ["--fork", str(setup.newest(".pi/agent/sessions/*/*.jsonl"))]
    return [*run, "--model", "model-1", *how[ask.how], ask.prompt]


PROGRAM = Program(
    name="pi",
    package="@mariozechner/pi-coding-agent",
    tool="bash",
    arguments=lambda command: {"command": command},
    kept=".pi",
    prepare=_prepare,
    command=_command,
)
