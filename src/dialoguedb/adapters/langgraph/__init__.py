"""A checkpointer and a store for LangGraph; the extra is `langgraph`."""

from dialoguedb.adapters.langgraph.checkpoints import DialogueDBSaver
from dialoguedb.adapters.langgraph.store import DialogueDBStore

__all__ = ["DialogueDBSaver", "DialogueDBStore"]
