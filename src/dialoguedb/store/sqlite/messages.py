"""Messages of a dialogue, in the order of `created`, then `seq`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence

import apsw

from dialoguedb.model.lifecycle import (
    check_changeable,
    check_mutable,
)
from dialoguedb.model.messages import Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project, Usage
from dialoguedb.ports import Tags, Versioned, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.message_rows import (
    append,
    cost,
    find_message,
    find_place,
    is_long,
    page,
    retag,
    to_message,
    uncount,
)
from dialoguedb.store.sqlite.rows.tags import MESSAGE_TAGS
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of


class SQLiteMessages:
    """Implements `ports.MessageStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Versioned[Sequence[Message]]:
        """Append all or none; stored twins are answered in their place. Version: last `seq`."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Versioned[Sequence[Message]]:
            place = find_place(db, number, namespace, dialogue_id)
            stored, fresh = append(db, place, new, options)
            if fresh:
                self._writer.tally.charge(db, project, number, cost(fresh, options.now), options)
            return Versioned(stored, place.last_seq)

        return await self._writer.write(at_most_once(act, number, options), long=is_long(new))

    async def list(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        wanted: MessageFilter,
        window: Window,
    ) -> Versioned[Slice[Message]]:
        """Return a window of a dialogue's messages. Version: last `seq`."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Versioned[Slice[Message]]:
            place = find_place(reader.db, number, namespace, dialogue_id)
            return Versioned(page(reader, place, wanted, window), place.last_seq)

        return await self._readers.read(query)

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, message_id: str
    ) -> Message:
        """Return one message."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Message:
            place, row = find_message(reader.db, number, namespace, (dialogue_id, message_id))
            return to_message(place.id, place.namespace, row)

        return await self._readers.read(query)

    async def update(
        self,
        project: Project,
        namespace: str,
        place: tuple[str, str],
        tags: Tags,
        options: WriteOptions,
    ) -> Message:
        """Replace the tags of the message at `(dialogue id, message id)`; None changes nothing."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Message:
            dialogue, row = find_message(db, number, namespace, place)
            if tags is not None:
                check_mutable(project, "its messages cannot be tagged")
                check_changeable(dialogue.id, dialogue.status)
                if retag(db, dialogue, row, tags, options.now):
                    catch_up.change(db, "message", row[11], text=False)
                dialogue, row = find_message(db, number, namespace, place)
            self._writer.tally.charge(db, project, number, Usage(month_of(options.now)), options)
            return to_message(dialogue.id, dialogue.namespace, row)

        return await self._writer.write(at_most_once(act, number, options))

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> None:
        """Delete one message."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> None:
            place, row = find_message(db, number, namespace, (dialogue_id, message_id))
            check_mutable(project, "its messages cannot be deleted")
            check_changeable(place.id, place.status)
            MESSAGE_TAGS.delete(db, place.number, row[11], row[6])
            db.execute("DELETE FROM messages WHERE number = ?", (row[11],))
            catch_up.remove(db, "message", "VALUES (?)", (row[11],))
            uncount(db, place, options.now)

        await self._writer.write(at_most_once(act, number, options))
