"""DialogueDB: a database for conversations, served over HTTP or run inside your program.

from dialoguedb import DialogueDB

with DialogueDB(path="./chats") as db:
dialogue = db.create_dialogue(label="Order 17")
dialogue.save_message("user", "Hello!")
"""

# ruff: noqa: PLC0415 - what is imported in functions here is loaded when it is used

from typing import TYPE_CHECKING, Any

from dialoguedb.version import VERSION

if TYPE_CHECKING:
    from dialoguedb.client.aio.dialogues import AsyncDialogue
    from dialoguedb.client.aio.memories import AsyncMemory
    from dialoguedb.client.aio.messages import AsyncMessage
    from dialoguedb.client.inputs import MessageDict
    from dialoguedb.client.search_records import Found
    from dialoguedb.client.sync.dialogues import Dialogue
    from dialoguedb.client.sync.memories import Memory
    from dialoguedb.client.sync.messages import Message
    from dialoguedb.embedded.aio import AsyncDialogueDB
    from dialoguedb.embedded.sync import DialogueDB
    from dialoguedb.values.lists import Page

__version__ = VERSION

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
    """Load what is used: the commands need no client, and a program needs one of the two."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in {"Found", "MessageDict", "Page"}:
        return _for_both()[name]
    return (_for_event_loops() if name.startswith("Async") else _for_threads())[name]


def _for_both() -> dict[str, Any]:
    from dialoguedb.client.inputs import MessageDict
    from dialoguedb.client.search_records import Found
    from dialoguedb.values.lists import Page

    return {"Found": Found, "MessageDict": MessageDict, "Page": Page}


def _for_event_loops() -> dict[str, Any]:
    from dialoguedb.client.aio.dialogues import AsyncDialogue
    from dialoguedb.client.aio.memories import AsyncMemory
    from dialoguedb.client.aio.messages import AsyncMessage
    from dialoguedb.embedded.aio import AsyncDialogueDB

    kinds = (AsyncDialogue, AsyncDialogueDB, AsyncMemory, AsyncMessage)
    return {kind.__name__: kind for kind in kinds}


def _for_threads() -> dict[str, Any]:
    from dialoguedb.client.sync.dialogues import Dialogue
    from dialoguedb.client.sync.memories import Memory
    from dialoguedb.client.sync.messages import Message
    from dialoguedb.embedded.sync import DialogueDB

    return {kind.__name__: kind for kind in (Dialogue, DialogueDB, Memory, Message)}


def __dir__() -> list[str]:
    """Tell of what is loaded when it is asked for, too."""
    return sorted({*globals(), *__all__})
