"""DialogueDB: a database for conversations, served over HTTP or run inside your program.

from dialoguedb import DialogueDB

with DialogueDB(path="./chats") as db:
dialogue = db.create_dialogue(label="Order 17")
dialogue.save_message("user", "Hello!")
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialoguedb.embedded import AsyncDialogueDB, DialogueDB

    __version__: str

__all__ = ["AsyncDialogueDB", "DialogueDB", "__version__"]


def __getattr__(name: str) -> Any:
    """Load what is asked for: the commands need no client, and a client needs no version."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("dialoguedb")
    if name in __all__:
        return getattr(importlib.import_module("dialoguedb.embedded"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
