"""The former name of `dialoguedb.integrations.langgraph`."""

from dialoguedb.integrations.langgraph import DialogueDBSaver, DialogueDBStore

__all__ = ["DialogueDBSaver", "DialogueDBStore"]
