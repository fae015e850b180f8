"""A checkpointer and a store for LangGraph; the extra is `langgraph`."""

from dialoguedb.integrations.langgraph.checkpoints import DialogueDBSaver
from dialoguedb.integrations.langgraph.store import DialogueDBStore

__all__ = ["DialogueDBSaver", "DialogueDBStore"]
