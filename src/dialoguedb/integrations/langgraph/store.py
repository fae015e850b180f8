"""A store for LangGraph: an item is a memory, which searches find by what it means."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    validate_op_namespace,
)

from dialoguedb.client.records import MemoryRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.client.sync.pagination import every_item
from dialoguedb.errors import DuplicateId, MemoryNotFound
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.integrations.langgraph.filters import (
    matches,
    matching_namespaces,
    metadata_filter,
    searchable,
)
from dialoguedb.values.limits import NAME_CHARS_MAX, PAGE_ITEMS_MAX, SEARCH_ITEMS_MAX

_OURS = "langgraph"
_DIGITS = 12
_UNSEARCHABLE = "unsearchable"
_PAGE = 100

_Address = tuple[tuple[str, ...], str]


class DialogueDBStore(BaseStore):
    """Keeps what a graph remembers across threads: `graph.compile(store=...)`.

    The texts of a value are searched, by meaning and by words; `index=False` keeps an item out of
    searches with a query. Its async methods run on threads, which may share a database.
    """

    def __init__(self, db: Database, *, namespace: str | None = None) -> None:
        self._db = db
        self._namespace = namespace
        self._all = self._tag("store")

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run several operations: first the reads, then the last write of each key."""
        operations = list(ops)
        for op in operations:
            validate_op_namespace(op)
        results = [self._read(op) for op in operations]
        puts = {(op.namespace, op.key): op for op in operations if isinstance(op, PutOp)}
        for address, op in puts.items():
            if op.value is None:
                self._delete(self._versions(address))
            else:
                self._put(address, op)
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run `batch` on a thread."""
        return await asyncio.to_thread(self.batch, list(ops))

    # --- Reading ----------------------------------------------------------------------------

    def _read(self, op: Op) -> Result:
        match op:
            case GetOp():
                versions = self._versions((op.namespace, op.key))
                return _item(versions[-1]) if versions else None
            case SearchOp() if op.query:
                return self._found(op, op.query)
            case SearchOp():
                return self._listed(op)
            case ListNamespacesOp():
                return self._namespaces(op)
            case _:
                return None

    def _versions(self, address: _Address) -> list[MemoryRecord]:
        """Return the stored versions of an item, newest last."""
        page = self._db.api.memory.list(
            tags=[self._tag("item", *address)], namespace=self._namespace, limit=PAGE_ITEMS_MAX
        )
        return sorted(page, key=_version)

    def _listed(self, op: SearchOp) -> list[SearchItem]:
        """Return items, the last stored first."""
        found: dict[_Address, MemoryRecord] = {}
        for record in self._memories(self._prefix(op.namespace_prefix)):
            if matches(record.value, op.filter):
                address = _address(record)
                known = found.get(address, record)
                found[address] = max(known, record, key=_version)
            if len(found) > op.offset + op.limit:  # one more, whose versions stand together
                break
        items = [_search_item(record, None) for record in found.values()]
        return items[op.offset : op.offset + op.limit]

    def _found(self, op: SearchOp, query: str) -> list[SearchItem]:
        """Return the items that match a query best."""
        last = op.offset + op.limit
        found = self._db.api.search.memories(
            query,
            tags={"$all": [self._prefix(op.namespace_prefix)], "$nin": [self._tag(_UNSEARCHABLE)]},
            metadata=metadata_filter(op.filter) or None,
            namespace=self._namespace,
            limit=SEARCH_ITEMS_MAX if op.filter else min(last + 1, SEARCH_ITEMS_MAX),
        )
        hits = [(hit.item, hit.relevance) for hit in found.hits]
        for left_out in found.omitted or ():
            with suppress(MemoryNotFound):
                item = self._db.api.memory.get(left_out.id, namespace=self._namespace)
                hits.append((item, left_out.relevance))
        newest = self._newest_ids([item for item, _ in hits])
        return [
            _search_item(item, relevance)
            for item, relevance in hits
            if item.id in newest and matches(item.value, op.filter)
        ][op.offset : last]

    def _newest_ids(self, records: Iterable[MemoryRecord]) -> set[str]:
        """Return the ids of those that are the newest version of their item."""
        tags = [self._tag("item", *_address(record)) for record in records]
        newest: dict[_Address, MemoryRecord] = {}
        for record in self._memories(*tags) if tags else ():
            known = newest.get(_address(record), record)
            newest[_address(record)] = max(known, record, key=_version)
        return {record.id for record in newest.values()}

    def _namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        """Return the namespaces that hold items."""
        namespaces = {_address(record)[0] for record in self._memories(self._all)}
        return matching_namespaces(namespaces, op)

    def _memories(self, *tags: str) -> Iterator[MemoryRecord]:
        """Return memories with any of these tags, newest first."""
        options = {"tags": tags, "namespace": self._namespace}
        return every_item(self._db.api.memory.list, _PAGE, options)

    # --- Writing ----------------------------------------------------------------------------

    def _put(self, address: _Address, op: PutOp) -> None:
        """Store the next version, then delete the older; an interruption leaves both."""
        while True:
            versions = self._versions(address)
            version = _version(versions[-1]) + 1 if versions else 1
            created = versions[-1].metadata[_OURS]["created"] if versions else None
            try:
                self._create(address, op, version, created or datetime.now(UTC).isoformat())
            except DuplicateId:  # somebody else stored it at the same time
                continue
            if not self._delete(versions):  # others write, too, and a deleted id can be used again
                self._delete(self._versions(address)[:-1])
            return

    def _create(self, address: _Address, op: PutOp, version: int, created: str) -> None:
        namespace, key = address
        value: Mapping[str, Any] = op.value or {}
        tags = [self._all, self._tag("item", *address)]
        tags += [self._prefix(namespace[: n + 1]) for n in range(len(namespace))]
        tags += [self._tag(_UNSEARCHABLE)] if op.index is False else []
        names = {"namespace": namespace, "key": key, "created": created}
        self._db.api.memory.create(
            value,
            id=f"{self._tag('item', *address)}.{version:0{_DIGITS}}",
            label=key if 0 < len(key) <= NAME_CHARS_MAX else None,
            tags=tags,
            metadata={_OURS: names, **searchable(value)},
            namespace=self._namespace,
        )

    def _delete(self, versions: Iterable[MemoryRecord]) -> bool:
        """Delete versions, oldest first: what has been replaced never comes back.

        Returns whether there were some, and nobody else has deleted any of them.
        """
        deleted = [self._is_deleted(record) for record in versions]
        return bool(deleted) and all(deleted)

    def _is_deleted(self, record: MemoryRecord) -> bool:
        """Delete a version; False when it is gone."""
        try:
            self._db.api.memory.delete(record.id, namespace=self._namespace)
        except MemoryNotFound:
            return False
        return True

    def _prefix(self, namespace: tuple[str, ...]) -> str:
        return self._tag("in", namespace) if namespace else self._all

    def _tag(self, kind: str, *named: Any) -> str:
        """Return a tag within our namespace: lists without one go through all of them."""
        return hashed_tag(kind, self._namespace or "", *named)


def _address(record: MemoryRecord) -> _Address:
    names = record.metadata[_OURS]
    return tuple(names["namespace"]), names["key"]


def _version(record: MemoryRecord) -> int:
    return int(record.id.rpartition(".")[2])


def _times(record: MemoryRecord) -> dict[str, datetime]:
    created = datetime.fromisoformat(record.metadata[_OURS]["created"])
    return {"created_at": created, "updated_at": datetime.fromisoformat(record.created)}


def _item(record: MemoryRecord) -> Item:
    namespace, key = _address(record)
    return Item(value=record.value, key=key, namespace=namespace, **_times(record))


def _search_item(record: MemoryRecord, score: float | None) -> SearchItem:
    namespace, key = _address(record)
    times = _times(record)
    return SearchItem(namespace=namespace, key=key, value=record.value, score=score, **times)
