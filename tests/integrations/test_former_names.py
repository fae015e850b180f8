"""Programs that were written with the former names of the integrations go on."""

from importlib import import_module

import pytest

NAMES = {
    "google_adk": ["DialogueDBSessionService"],
    "langchain": ["DialogueDBChatMessageHistory"],
    "langgraph": ["DialogueDBSaver", "DialogueDBStore"],
    "openai_agents": ["DialogueDBSession"],
}


@pytest.mark.parametrize("framework", NAMES)
def test_a_former_name_is_the_same_class(framework):
    former = import_module(f"dialoguedb.adapters.{framework}")
    present = import_module(f"dialoguedb.integrations.{framework}")
    for name in NAMES[framework]:
        assert getattr(former, name) is getattr(present, name)
