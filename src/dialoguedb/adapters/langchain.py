"""The former name of `dialoguedb.integrations.langchain`."""

from dialoguedb.integrations.langchain import DialogueDBChatMessageHistory

__all__ = ["DialogueDBChatMessageHistory"]
