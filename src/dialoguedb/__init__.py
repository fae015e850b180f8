"""DialogueDB: a database for conversations, served over HTTP from one directory."""

from importlib.metadata import version

__version__ = version("dialoguedb")
