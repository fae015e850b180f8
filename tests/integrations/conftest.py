"""Databases for the integrations; their tests run by `make integrations`, beside the libraries."""

from importlib.util import find_spec

import pytest

from dialoguedb import AsyncDialogueDB, DialogueDB
from tests.databases import engines

LIBRARIES = {
    "test_claude_agent_sdk.py": "claude_agent_sdk",
    "test_openai_agents.py": "agents",
    "test_pydantic_ai.py": "pydantic_ai",
    "test_examples.py": "google.genai claude_agent_sdk pydantic_ai",
    "test_langchain.py": "langchain_core",
    "test_langgraph_checkpoints.py": "langgraph",
    "test_langgraph_store.py": "langgraph",
    "test_google_adk.py": "google.genai",
    "test_large_attachments.py": "agents langchain_core langgraph google.adk",
    "test_former_names.py": "agents langchain_core langgraph google.genai",
    "test_processes.py": "agents langchain_core langgraph google.genai",
}


def is_there(library: str) -> bool:
    """Tell whether a library is installed."""
    package = library.partition(".")[0]
    return find_spec(package) is not None and find_spec(library) is not None


collect_ignore = [
    test for test, libraries in LIBRARIES.items() if not all(map(is_there, libraries.split()))
]


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture(params=["server", "embedded"])
def where(request, engine, project, server, tmp_path):
    """Return what leads a client to a fresh project, on each engine."""
    if request.param == "embedded":
        return engines.embedded_in(engine, tmp_path / "chats")
    return {"api_key": project.key, "endpoint": server.base_url}


@pytest.fixture
def db(where):
    """Open a client without an event loop."""
    with DialogueDB(**where) as db:
        yield db


@pytest.fixture
async def async_db(where):
    """Open a client with an event loop."""
    async with AsyncDialogueDB(**where) as db:
        yield db
