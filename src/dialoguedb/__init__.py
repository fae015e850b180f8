"""DialogueDB: a database for conversations, served over HTTP or run inside your program.

from dialoguedb import DialogueDB

with DialogueDB(path="./chats") as db:
dialogue = db.create_dialogue(label="Order 17")
dialogue.save_message("user", "Hello!")
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialoguedb.client.aio.dialogues import AsyncDialogue
    from dialoguedb.client.aio.memories import AsyncMemory
    from dialoguedb.client.aio.messages import AsyncMessage
    from dialoguedb.client.inputs import MessageInput
    from dialoguedb.client.records import Found, Page
    from dialoguedb.client.sync.dialogues import Dialogue
    from dialoguedb.client.sync.memories import Memory
    from dialoguedb.client.sync.messages import Message
    from dialoguedb.embedded import AsyncDialogueDB, DialogueDB

    __version__: str

__all__ = [
    "AsyncDialogue",
    "AsyncDialogueDB",
    "AsyncMemory",
    "AsyncMessage",
    "Dialogue",
    "DialogueDB",
    "Found",
    "Memory",
    "Message",
    "MessageInput",
    "Page",
    "__version__",
]

_PLACES = {
    "AsyncDialogue": "client.aio.dialogues",
    "AsyncDialogueDB": "embedded",
    "AsyncMemory": "client.aio.memories",
    "AsyncMessage": "client.aio.messages",
    "Dialogue": "client.sync.dialogues",
    "DialogueDB": "embedded",
    "Found": "client.records",
    "Memory": "client.sync.memories",
    "Message": "client.sync.messages",
    "MessageInput": "client.inputs",
    "Page": "client.records",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for: the commands need no client, and a client needs no version."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("dialoguedb")
    if name in _PLACES:
        return getattr(importlib.import_module(f"dialoguedb.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Tell of what is loaded when it is asked for, too."""
    return sorted({*globals(), *__all__})
