"""Qwen Code."""

import json
from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask

_SETTINGS = {
    "general": {"enableAutoUpdate": False},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}


def _prepare(setup: Setup) -> Mapping[str, str]:
    setup.write(".qwen/settings.json", json.dumps(_SETTINGS))
    return {}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    login = ["--auth-type", "openai", "--openai-api-key", "none", "--model", "model-1"]
    options = [*login, "--openai-base-url", f"{setup.url}/v1", "--yolo"]
    how = {"new": [], "resume": ["--continue"], "fork": ["--continue", "--fork-session"]}
    prompt = "/compress" if ask.how == "compact" else ask.prompt
    return [setup.npm(".bin/qwen"), *options, *how.get(ask.how, ["--continue"]), prompt]


PROGRAM = Program(
    name="qwen-code",
    package="@qwen-code/qwen-code",
    tool="run_shell_command",
    arguments=lambda command: {"command": command, "is_background": False},
    kept=".qwen",
    prepare=_prepare,
    command=_command,
)
