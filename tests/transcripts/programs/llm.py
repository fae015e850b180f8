"""The command line tool llm."""

from collections.abc import Mapping

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask

_MODEL = """
- model_id: script
  model_name: model-1
  api_base: {url}/v1
  supports_tools: true
"""
_TOOL = '''
import subprocess


def run(command: str) -> str:
    """Run a command."""
    return subprocess.run(command, shell=True, capture_output=True, text=True).stdout
'''


def _prepare(setup: Setup) -> Mapping[str, str]:
    setup.write(".llm/extra-openai-models.yaml", _MODEL.format(url=setup.url))
    setup.write("tool.py", _TOOL)
    return {"LLM_USER_PATH": str(setup.home / ".llm"), "OPENAI_API_KEY": "none"}


def _command(setup: Setup, ask: Ask) -> list[str] | None:
    run = [str(setup.packages / "python/bin/llm"), "--model", "script"]
    tools = ["--functions", str(setup.home / "tool.py")]
    how = {"new": [], "resume": ["--continue"]}
    return [*run, *tools, *how[ask.how], ask.prompt] if ask.how in how else None


PROGRAM = Program(
    name="llm",
    package="llm",
    tool="run",
    arguments=lambda command: {"command": command},
    kept=".llm",
    prepare=_prepare,
    command=_command,
)
