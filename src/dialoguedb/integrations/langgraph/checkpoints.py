"""A checkpointer for LangGraph: a thread is a dialogue, each checkpoint a message of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.errors import DialogueNotFound, DuplicateId, MessageNotFound
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.integrations.langgraph.serialization import (
    CHECKPOINT,
    WRITES,
    ValueSerializer,
    checkpoint_message_id,
    message,
    payload_of,
)
from dialoguedb.integrations.langgraph.threads import Threads
from dialoguedb.values.limits import PAGE_ITEMS_MAX


class DialogueDBSaver(BaseCheckpointSaver[str]):
    """Keeps the checkpoints of a graph's threads: `graph.compile(checkpointer=...)`.

    A thread is the dialogue `langgraph:` with its id. Its async methods run the others on threads,
    which may share a database.
    """

    def __init__(
        self,
        db: Database,
        *,
        namespace: str | None = None,
        serde: SerializerProtocol | None = None,
    ) -> None:
        super().__init__(serde=serde)
        self._threads = Threads(db, namespace)

    # --- Reading ----------------------------------------------------------------------------

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that the config names, or the last of its thread."""
        thread, ns = _thread_and_namespace(config)
        record = self._record(thread, ns, get_checkpoint_id(config))
        return record and self._restored(thread, record, self._writes_to(thread, record))

    def _record(self, thread: str, ns: str, named: str | None) -> MessageRecord | None:
        with suppress(DialogueNotFound, MessageNotFound):
            if named:
                return self._threads.message(thread, checkpoint_message_id(ns, named))
            tags = [hashed_tag("ns", ns)]
            for record in self._threads.messages(thread, CHECKPOINT, "desc", limit=1, tags=tags):
                return record
        return None

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 -- LangGraph's name for it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Return checkpoints, the newest of each thread first."""
        threads = [_thread(config)] if config else self._threads.ids()
        left = limit
        for thread in threads:
            for record, writes in self._checkpoints(thread, _payload_filter(config, before)):
                if left == 0:
                    return
                found = self._restored(thread, record, writes, filter)
                if found:
                    left = left and left - 1
                    yield found

    def _checkpoints(
        self, thread: str, matches: Callable[[dict[str, Any]], bool]
    ) -> Iterator[tuple[MessageRecord, Sequence[dict[str, Any]]]]:
        """Return matching checkpoints, newest first, each with its writes, oldest first."""
        with suppress(DialogueNotFound):
            for record in self._threads.messages(thread, CHECKPOINT, "desc"):
                if matches(payload_of(record)):
                    yield record, self._writes_to(thread, record)

    def _writes_to(self, thread: str, checkpoint: MessageRecord) -> Sequence[dict[str, Any]]:
        """Return the writes to a checkpoint, oldest first; some may have come before it."""
        payload = payload_of(checkpoint)
        tags = [hashed_tag("to", payload["ns"], payload["id"])]
        found = self._threads.messages(thread, WRITES, "asc", PAGE_ITEMS_MAX, tags=tags)
        return [payload_of(one) for one in found]

    def _restored(
        self,
        thread: str,
        record: MessageRecord,
        writes: Sequence[dict[str, Any]],
        metadata_filter: dict[str, Any] | None = None,
    ) -> CheckpointTuple | None:
        """Return a checkpoint as it was put; None when its metadata does not match."""
        payload, serializer = payload_of(record), ValueSerializer(self.serde)
        read_piece = partial(self._threads.message, thread)
        metadata = serializer.unpack(payload["metadata"], read_piece)
        if any(metadata.get(key) != value for key, value in (metadata_filter or {}).items()):
            return None
        values = {
            channel: serializer.unpack(packed, read_piece)
            for channel, packed in payload["values"].items()
        }
        parent = _config(thread, payload["ns"], payload["parent"]) if payload["parent"] else None
        return CheckpointTuple(
            config=_config(thread, payload["ns"], payload["id"]),
            checkpoint={
                **serializer.unpack(payload["checkpoint"], read_piece),
                "channel_values": values,
            },
            metadata=metadata,
            parent_config=parent,
            pending_writes=serializer.pending(writes, read_piece),
        )

    # --- Writing ----------------------------------------------------------------------------

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint; returns the config that names it."""
        del new_versions  # a piece has an id of its bytes: what did not change is there
        thread, ns = _thread_and_namespace(config)
        serializer = ValueSerializer(self.serde)
        named_values = {key: value for key, value in checkpoint.items() if key != "channel_values"}
        values = checkpoint["channel_values"]
        payload = {
            "ns": ns,
            "id": checkpoint["id"],
            "parent": config["configurable"].get("checkpoint_id"),
            "checkpoint": serializer.pack(named_values),
            "metadata": serializer.pack(get_checkpoint_metadata(config, metadata)),
            "values": {channel: serializer.pack(value) for channel, value in values.items()},
            "pieces": [*serializer.pieces],
        }
        message_id = checkpoint_message_id(ns, checkpoint["id"])
        stored = message(
            CHECKPOINT,
            payload,
            id=message_id,
            tags=[hashed_tag("ns", ns)],
            metadata={key: metadata[key] for key in ("source", "step") if key in metadata},
        )
        try:
            self._threads.store(thread, stored, serializer.pieces, replace_known=True)
        except DuplicateId:  # the same checkpoint again
            self._threads.delete_message(thread, message_id)
            self._threads.store(thread, stored, serializer.pieces, replace_known=True)
        return _config(thread, ns, checkpoint["id"])

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task wrote to a checkpoint."""
        thread, ns = _thread_and_namespace(config)
        checkpoint_id: str = config["configurable"]["checkpoint_id"]
        serializer = ValueSerializer(self.serde)
        payload = {
            "ns": ns,
            "checkpoint_id": checkpoint_id,
            "task_id": task_id,
            "task_path": task_path,
            "writes": serializer.pack_writes(writes),
            "pieces": [*serializer.pieces],
        }
        tags = [hashed_tag("to", ns, checkpoint_id)]
        self._threads.store(thread, message(WRITES, payload, tags=tags), serializer.pieces)

    def get_next_version(self, current: str | None, channel: None) -> str:
        """Return a version above the current one, which no other run makes as well."""
        del channel
        version = int(str(current or 0).partition(".")[0]) + 1
        return f"{version:032}.{random.random():016}"  # noqa: S311 -- no secret

    # --- Deleting and copying ---------------------------------------------------------------

    def delete_thread(self, thread_id: str) -> None:
        """Delete all that a thread has."""
        self._threads.delete(str(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete the checkpoints that these runs made, and what was written upon them."""
        runs = set(run_ids)
        for thread in [*self._threads.ids()]:
            for found in [*self.list(_config(thread, None, None))]:
                if found.metadata.get("run_id") in runs:
                    self._delete_checkpoint(thread, found)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy all that a thread has into another."""
        self._threads.copy(str(source_thread_id), str(target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete all checkpoints of threads, or (`keep_latest`) all but the last ones.

        What a channel of deltas is made up from stays with the last checkpoint.
        """
        for thread in map(str, thread_ids):
            if strategy == "delete":
                self._threads.delete(thread)
                continue
            if strategy != "keep_latest":
                raise ValueError(f"strategy must be 'keep_latest' or 'delete', not {strategy!r}")
            for found in self._outdated(thread):
                self._delete_checkpoint(thread, found)
            self._threads.delete_unused(thread)

    def _outdated(self, thread: str) -> Sequence[CheckpointTuple]:
        """Return the checkpoints of a thread that its last ones do not need."""
        found = [*self.list(_config(thread, None, None))]
        needed: dict[tuple[str, str], set[str]] = {}
        seen: set[str] = set()
        outdated = []
        for one in found:  # newest first, so a parent comes after its child
            ns, checkpoint_id = _ns(one.config), one.checkpoint["id"]
            open_deltas = needed.pop((ns, checkpoint_id), None)
            if ns in seen and open_deltas is None:
                outdated.append(one)
                continue
            seen.add(ns)
            deltas = set(one.metadata.get("counters_since_delta_snapshot") or ())
            missing = (open_deltas or deltas) - one.checkpoint["channel_values"].keys()
            if missing and one.parent_config:
                parent = one.parent_config["configurable"]["checkpoint_id"]
                needed[ns, parent] = missing
        return outdated

    def _delete_checkpoint(self, thread: str, found: CheckpointTuple) -> None:
        ns, checkpoint_id = _ns(found.config), found.checkpoint["id"]
        tags = [hashed_tag("to", ns, checkpoint_id)]
        for record in [*self._threads.messages(thread, WRITES, "asc", tags=tags)]:
            self._threads.delete_message(thread, record.id)
        self._threads.delete_message(thread, checkpoint_message_id(ns, checkpoint_id))

    # --- The same on threads ----------------------------------------------------------------

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do as `get_tuple`."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 -- LangGraph's name for it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Do as `list`."""
        found = self.list(config, filter=filter, before=before, limit=limit)
        while one := await asyncio.to_thread(next, found, None):
            yield one

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Do as `put`."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Do as `put_writes`."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Do as `delete_thread`."""
        await asyncio.to_thread(self.delete_thread, thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Do as `delete_for_runs`."""
        await asyncio.to_thread(self.delete_for_runs, run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Do as `copy_thread`."""
        await asyncio.to_thread(self.copy_thread, source_thread_id, target_thread_id)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Do as `prune`."""
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy)


def _thread(config: RunnableConfig) -> str:
    return str(config["configurable"]["thread_id"])


def _ns(config: RunnableConfig) -> str:
    ns: str = config["configurable"].get("checkpoint_ns") or ""
    return ns


def _thread_and_namespace(config: RunnableConfig) -> tuple[str, str]:
    return _thread(config), _ns(config)


def _payload_filter(
    config: RunnableConfig | None, before: RunnableConfig | None
) -> Callable[[dict[str, Any]], bool]:
    """Return a predicate for the payloads of checkpoints."""
    ns = config["configurable"].get("checkpoint_ns") if config else None
    only = get_checkpoint_id(config) if config else None
    end = get_checkpoint_id(before) if before else None

    def matches(payload: dict[str, Any]) -> bool:
        return (
            (ns is None or payload["ns"] == ns)
            and (only is None or payload["id"] == only)
            and (end is None or payload["id"] < end)
        )

    return matches


def _config(thread: str, ns: str | None, checkpoint_id: str | None) -> RunnableConfig:
    named = {"checkpoint_ns": ns, "checkpoint_id": checkpoint_id}
    named_values = {key: value for key, value in named.items() if value is not None}
    return {"configurable": {"thread_id": thread, **named_values}}
