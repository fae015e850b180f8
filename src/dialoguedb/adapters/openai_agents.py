"""The former name of `dialoguedb.integrations.openai_agents`."""

from dialoguedb.integrations.openai_agents import DialogueDBSession

__all__ = ["DialogueDBSession"]
