"""Trees that were imported before, when they were smaller or their program showed another path.

A message that is stored stays where it is. A new one follows the message before it, if that is the
last of its dialogue, and begins a thread otherwise. So a dialogue never holds two branches, and no
message is stored twice, whatever was shown when the tree was imported.
"""

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from dialoguedb.cli.data.transfer.batches import ImportBatch
from dialoguedb.cli.data.transfer.exporter import ObjectKey, key_of
from dialoguedb.cli.data.transfer.lines import DialogueLine
from dialoguedb.cli.data.transfer.trees import TreeLine, forked_after, thread_of

if TYPE_CHECKING:
    from dialoguedb.client.aio.database import AsyncDatabase

_PAGE = 1_000
_KEPT = 1_024


class _Tree(Struct):
    """Where the messages of a conversation are stored."""

    conversation: DialogueLine
    dialogues: dict[str | None, str]
    """By the id of each message, and None before the first: its dialogue's."""

    last: dict[str, str | None]
    """By the id of each dialogue: its last message's."""

    def parts_of(self, batch: ImportBatch, before: str | None) -> list[ImportBatch]:
        """Return a batch whose first message follows another by the dialogues it goes to.

        A part that is the first of its dialogue has it created.
        """
        parts: list[ImportBatch] = []
        for message in batch.messages:
            own_id = message["id"]
            part = self._part_of(own_id, before, message["created"], batch)
            if not parts or part.is_first or parts[-1].dialogue.id != part.dialogue.id:
                parts.append(part)
            parts[-1].messages.append(message)
            before = own_id
        return parts

    def _part_of(
        self, own_id: str, before: str | None, created: str | None, batch: ImportBatch
    ) -> ImportBatch:
        """Return an empty part for a message, which is noted as stored."""
        above = self.dialogues.get(before, self.conversation.id)
        dialogue = self.dialogues.get(own_id)
        is_first = dialogue is None and self.last.get(above) != before
        line = structs.replace(self.conversation, id=dialogue or above)
        if is_first:
            line = thread_of(self.conversation, line, before, own_id, created)
        if dialogue is None:
            self.dialogues[own_id] = line.id
            self.last[line.id] = own_id
        return structs.replace(batch, dialogue=line, messages=[], is_first=is_first)


class StoredTrees:
    """The conversations of this import that were imported before, and have branches."""

    def __init__(self, db: "AsyncDatabase") -> None:
        self._db = db
        self._trees: dict[ObjectKey, _Tree] = {}
        """By the dialogues of the file: a conversation's, and those of its threads."""

        self._before: dict[ObjectKey, str | None] = {}
        """The last message of the batch before, of dialogues with several."""

    def knows(self, line: DialogueLine) -> bool:
        """Tell whether a dialogue of the file is of such a conversation."""
        parent = (line.namespace or "", line.thread_of or "")
        if line.thread_of and parent in self._trees:
            tree = self._trees[parent] = self._trees.pop(parent)  # the last to be forgotten
            self._trees.setdefault(key_of(line), tree)
        return key_of(line) in self._trees

    async def add(self, line: DialogueLine) -> None:
        """Note that a dialogue is stored, if it is a conversation with branches."""
        if not isinstance(line, TreeLine):
            return
        tree = _Tree(line, {None: line.id}, {line.id: None})
        waiting = [line.id]
        while waiting:
            dialogue = waiting.pop()
            await self._read(tree, dialogue)
            waiting += await self._threads_of(dialogue, line.namespace)
        self._trees[key_of(line)] = tree
        while len(self._trees) > _KEPT:
            del self._trees[next(iter(self._trees))]

    def parts_of(self, batch: ImportBatch) -> list[ImportBatch]:
        """Return a batch of a dialogue that is known, by the dialogues its messages go to."""
        key = key_of(batch.dialogue)
        before = forked_after(batch.dialogue) if batch.is_first else self._before.pop(key)
        if not batch.is_last:
            self._before[key] = batch.messages[-1]["id"] if batch.messages else before
        return self._trees[key].parts_of(batch, before)

    async def _read(self, tree: _Tree, dialogue: str) -> None:
        namespace, after = tree.conversation.namespace, None
        tree.last.setdefault(dialogue, None)
        while True:
            page = await self._db.api.message.list(
                dialogue, namespace=namespace, limit=_PAGE, next=after, attachments="reference"
            )
            for one in page:
                tree.dialogues.setdefault(one.id, dialogue)
                tree.last[dialogue] = one.id
            after = page.next
            if after is None:
                return

    async def _threads_of(self, dialogue: str, namespace: str | None) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = await self._db.api.dialogue.list(
                thread_of=dialogue, namespace=namespace, limit=_PAGE, next=after
            )
            found += [one.id for one in page]
            after = page.next
            if after is None:
                return found
