"""The former name of `dialoguedb.integrations.google_adk`."""

from dialoguedb.integrations.google_adk import DialogueDBSessionService

__all__ = ["DialogueDBSessionService"]
