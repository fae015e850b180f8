"""Encrypted data directories, and what lies in them."""

import secrets
from pathlib import Path
from typing import Any

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.encryption.key_ring import KeyRing
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from tests.contract.making import World, compact, message

KEY = secrets.token_bytes(32)
OTHER_KEY = secrets.token_bytes(32)
PAGE_BYTES = 4_096


def key():
    """Return the operator's key."""
    return KEY


def other_key():
    """Return another one."""
    return OTHER_KEY


class Words:
    """Texts in every kind of object, each with words that occur nowhere else."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def some(self, count: int = 8) -> str:
        """Return words as they occur in no program and no other text."""
        new = [f"zq{secrets.token_hex(6)}" for _ in range(count)]
        self.made += new
        return " ".join(new)

    async def store(self, store: SQLiteStore, messages: int = 60) -> Any:
        """Write one object of every kind, and a few hundred messages."""
        me = await World(store).tenant()
        texts = [message(self.some(), tags=[self.some(1)]) for _ in range(messages)]
        texts.append(message(self.some(2_000), metadata=compact({"note": self.some()})))
        await me.new("d", messages=texts, label=self.some(2), tags=[self.some(1)])
        await me.put_state("merge", compact({"step": self.some()}))
        await me.remember(self.some())
        await me.summarize(metadata=compact({"note": self.some()}))
        return me


def found_in(directory: Path, words: list[str]) -> dict[str, int]:
    """Return how many of the words lie readable in each file of a directory."""
    counts = {}
    for path in directory.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            readable = sum(word.encode() in held for word in words)
            counts[str(path.relative_to(directory))] = readable
    return counts


def lying_in(directory: Path) -> dict[str, bytes]:
    """Return every file of a directory."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


async def opened(directory: Path, source: Any = key) -> SQLiteStore:
    """Open a directory with a key."""
    return await SQLiteStore.open(directory, key=source)


def ring_of(directory: Path) -> KeyRing:
    """Return the sealed data keys of a directory."""
    ring = key_ring.load(directory)
    assert ring is not None
    return ring


def data_key_of(directory: Path) -> DataKey:
    """Return the data key of a directory."""
    found = unlock(database(directory), key)
    assert found is not None
    return found


def database(directory: Path) -> Path:
    """Return where the database of a directory is."""
    return directory / files.FILE
