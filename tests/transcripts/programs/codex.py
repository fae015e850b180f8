"""The Codex CLI."""

from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask

_CONFIG = """
model = "model-1"
model_provider = "script"
model_context_window = 200000
model_auto_compact_token_limit = 150000
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.script]
name = "script"
base_url = "{url}/v1"
wire_api = "responses"
"""


def _prepare(setup: Setup) -> Mapping[str, str]:
    setup.write(".codex/config.toml", _CONFIG.format(url=setup.url))
    return {}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [setup.npm(".bin/codex"), "exec"]
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    match ask.how:
        case "new":
            return [*run, *options, ask.prompt]
        case "compact":
            return []  # by itself, before the next turn
    session = setup.newest(".codex/sessions/*/*/*/*.jsonl").stem[-36:]
    return [*run, ask.how, *options, session, ask.prompt]


PROGRAM = Program(
    name="codex",
    package="@openai/codex",
    tool="exec_command",
    arguments=lambda command: {"cmd": command, "yield_time_ms": 20_000},
    kept=".codex",
    prepare=_prepare,
    command=_command,
)
