"""The same agent of pydantic-ai, of which OpenTelemetry's SDK writes spans to a file."""

from collections.abc import Mapping

from tests.transcripts.programs import pydantic_ai
from tests.transcripts.programs.program import Program, Setup


def _prepare(setup: Setup) -> Mapping[str, str]:
    spans = setup.write("spans/agent.jsonl", "")
    return {**pydantic_ai.PROGRAM.prepare(setup), "SPANS": str(spans)}


PROGRAM = Program(
    name="opentelemetry",
    package="opentelemetry-sdk",
    tool="run",
    arguments=pydantic_ai.arguments_of,
    kept="spans",
    prepare=_prepare,
    command=pydantic_ai.command_of,
)
