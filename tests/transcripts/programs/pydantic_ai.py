"""An agent of pydantic-ai, whose program keeps the history of messages."""

from collections.abc import Mapping
from typing import Any

from tests.transcripts.programs.program import Program, Setup
from tests.transcripts.situations import Ask

_AGENT = '''
import os, subprocess, sys, uuid
from pathlib import Path
from pydantic_ai import Agent, ModelMessagesTypeAdapter, capture_run_messages
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

def run(command: str) -> str:
    """Run a command."""
    return subprocess.run(command, shell=True, capture_output=True, text=True).stdout

async def read(_context, events):
    async for _ in events:
        pass

url, how, prompt = sys.argv[1:]
kept = Path.home() / "talks"
kept.mkdir(exist_ok=True)
talks = sorted(kept.iterdir(), key=lambda file: file.stat().st_mtime_ns)
before = None if how == "new" else ModelMessagesTypeAdapter.validate_json(talks[-1].read_bytes())
talk = talks[-1] if how == "resume" else kept / f"{uuid.uuid4()}.json"
model = OpenAIChatModel("model-1", provider=OpenAIProvider(base_url=f"{url}/v1", api_key="none"))
agent = Agent(model, tools=[run])
if "SPANS" in os.environ:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
    from pydantic_ai import InstrumentationSettings

    def line(span):
        return span.to_json(indent=None) + "\\n"

    spans = open(os.environ["SPANS"], "a")
    provider = TracerProvider()
    exporter = ConsoleSpanExporter(out=spans, formatter=line)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    agent.instrument = InstrumentationSettings(tracer_provider=provider)
with capture_run_messages() as messages:
    try:
        agent.run_sync(
            prompt, message_history=before, conversation_id=talk.stem, event_stream_handler=read
        )
    finally:
        talk.write_bytes(ModelMessagesTypeAdapter.dump_json(messages))
'''


def _prepare(setup: Setup) -> Mapping[str, str]:
    setup.write("agent.py", _AGENT)
    return {}


def command_of(setup: Setup, ask: Ask) -> list[str] | None:
    """Return what runs the agent; it goes on with a history, or with a copy of one."""
    words = [str(setup.packages / "python/bin/python"), str(setup.home / "agent.py"), setup.url]
    return [*words, ask.how, ask.prompt] if ask.how in {"new", "resume", "fork"} else None


def arguments_of(command: str) -> Any:
    """Return the arguments of the agent's tool."""
    return {"command": command}


PROGRAM = Program(
    name="pydantic-ai",
    package="pydantic-ai-slim",
    tool="run",
    arguments=arguments_of,
    kept="talks",
    prepare=_prepare,
    command=command_of,
)
