"""What was stored of files that are followed, so that only what is new is sent.

It is for this process alone. Messages that were sent are not sent again, but for the last one,
which shows where the new ones belong.
"""

import hashlib
from typing import Any

from msgspec import Struct, structs

from dialoguedb.cli.data.transfer.batches import ImportBatch
from dialoguedb.cli.data.transfer.exporter import ObjectKey, key_of
from dialoguedb.cli.data.transfer.lines import DialogueLine
from dialoguedb.cli.data.transfer.trees import forked_after


class Sent(Struct):
    """The messages of dialogues, by id, each with a hash of what it says."""

    _of: dict[ObjectKey, dict[str, bytes]] = {}

    def add(self, batch: ImportBatch) -> None:
        """Note that a batch is stored."""
        if _is_linear(batch.dialogue):
            held = self._of.setdefault(key_of(batch.dialogue), {})
            held |= {one["id"]: _hash(one) for one in batch.messages}

    def forget(self, dialogue: DialogueLine) -> None:
        """Note that nothing is known of a dialogue, such as after a failure."""
        self._of.pop(key_of(dialogue), None)

    def rest_of(self, batch: ImportBatch) -> ImportBatch | None:
        """Return what has to be stored of a batch: all, or what is behind messages that are."""
        held = self._of.get(key_of(batch.dialogue))
        if held is None:
            return batch
        known = 0
        for one in batch.messages:
            if held.get(one["id"]) != _hash(one):
                break
            known += 1
        if known == len(batch.messages):
            return None
        messages = batch.messages[max(known - 1, 0) :]
        return structs.replace(batch, messages=messages, is_first=False)


def _is_linear(dialogue: DialogueLine) -> bool:
    """Tell whether a dialogue has no branches, whose messages may be stored elsewhere."""
    return type(dialogue) is DialogueLine and forked_after(dialogue) is None


def _hash(message: dict[str, Any]) -> bytes:
    return hashlib.blake2b(bytes(message["content"]), digest_size=16).digest()
