"""Cline's command line."""

import subprocess
from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask


def _prepare(setup: Setup) -> Mapping[str, str]:
    provider = ["--provider", "openai-compatible", "--apikey", "none", "--modelid", "model-1"]
    subprocess.run(
        [setup.npm(".bin/cline"), "auth", *provider, "--baseurl", f"{setup.url}/v1"],
        env={"HOME": str(setup.home), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return {}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [setup.npm(".bin/cline"), "--auto-approve", "true"]
    return [*run, ask.prompt] if ask.how == "new" else None  # `--id` wants a terminal


PROGRAM = Program(
    name="cline",
    package="cline",
    tool="run_commands",
    arguments=lambda command: {"commands": [command]},
    kept=".cline",
    prepare=_prepare,
    command=_command,
)
