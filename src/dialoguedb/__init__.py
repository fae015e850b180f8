"""DialogueDB: a database for conversations, served over HTTP or run inside your program.

from dialoguedb import DialogueDB

with DialogueDB(path="./chats") as db:
dialogue = db.create_dialogue(label="Order 17")
dialogue.save_message("user", "Hello!")
"""

# ruff: noqa: PLC0415 - what is imported in functions here is loaded when it is used

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialoguedb.client.aio.dialogues import AsyncDialogue
    from dialoguedb.client.aio.memories import AsyncMemory
    from dialoguedb.client.aio.messages import AsyncMessage
    from dialoguedb.client.inputs import MessageDict
    from dialoguedb.client.search_records import Found
    from dialoguedb.client.sync.dialogues import Dialogue
    from dialoguedb.client.sync.memories import Memory
    from dialoguedb.client.sync.messages import Message
    from dialoguedb.embedded import AsyncDialogueDB, DialogueDB
    from dialoguedb.values.lists import Page

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
    "MessageDict",
    "Page",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Load what is used: the commands need no client, and a client needs no version."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dialoguedb")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _public()[name]


def _public() -> dict[str, Any]:
    """Return what programs import from here, by name."""
    from dialoguedb.client.aio.dialogues import AsyncDialogue
    from dialoguedb.client.aio.memories import AsyncMemory
    from dialoguedb.client.aio.messages import AsyncMessage
    from dialoguedb.client.inputs import MessageDict
    from dialoguedb.client.search_records import Found
    from dialoguedb.client.sync.dialogues import Dialogue
    from dialoguedb.client.sync.memories import Memory
    from dialoguedb.client.sync.messages import Message
    from dialoguedb.embedded import AsyncDialogueDB, DialogueDB
    from dialoguedb.values.lists import Page

    of_threads = (Dialogue, DialogueDB, Memory, Message)
    of_event_loops = (AsyncDialogue, AsyncDialogueDB, AsyncMemory, AsyncMessage)
    of_both = (Found, MessageDict, Page)
    return {kind.__name__: kind for kind in (*of_threads, *of_event_loops, *of_both)}


def __dir__() -> list[str]:
    """Tell of what is loaded when it is asked for, too."""
    return sorted({*globals(), *__all__})
