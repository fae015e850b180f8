"""Claude Code."""

from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask


def _prepare(setup: Setup) -> Mapping[str, str]:
    return {
        "ANTHROPIC_BASE_URL": setup.url,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [setup.npm("@anthropic-ai/claude-code-linux-x64/claude"), "-p"]
    options = ["--model", "claude-sonnet-4-5", "--allowedTools", "Bash"]
    how = {"new": [], "resume": ["--continue"], "fork": ["--continue", "--fork-session"]}
    if ask.how == "compact":
        return [*run, "/compact", "--continue", *options]
    return [*run, ask.prompt, *how[ask.how], *options]


PROGRAM = Program(
    name="claude-code",
    package="@anthropic-ai/claude-code",
    tool="Bash",
    arguments=lambda command: {"command": command, "description": "Look"},
    kept=".claude",
    prepare=_prepare,
    command=_command,
)
