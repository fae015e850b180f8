"""The Gemini CLI."""

import json
from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask

_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
}


def _prepare(setup: Setup) -> Mapping[str, str]:
    setup.write(".gemini/settings.json", json.dumps(_SETTINGS))
    return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": setup.url}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    options = ["--yolo", "--skip-trust", "--model", "gemini-2.5-flash"]
    how = {"new": [], "resume": ["--resume", "latest"]}
    if ask.how not in how:
        return None
    return [setup.npm(".bin/gemini"), *options, *how[ask.how], "--prompt", ask.prompt]


PROGRAM = Program(
    name="gemini-cli",
    package="@google/gemini-cli",
    tool="run_shell_command",
    arguments=lambda command: {"command": command, "description": "Look"},
    kept=".gemini",
    prepare=_prepare,
    command=_command,
)
