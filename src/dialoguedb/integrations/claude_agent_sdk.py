"""A session store for the Claude Agent SDK; the extra is `claude-agent-sdk`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from claude_agent_sdk import SessionKey, SessionStore, fold_session_summary

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.aio.pagination import every_item
from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import DialogueRecord, MessageRecord
from dialoguedb.errors import DialogueNotFound, DuplicateId, MessageNotFound, VersionConflict
from dialoguedb.integrations.batches import batches
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.integrations.transcript_entries import entries_from, messages_from
from dialoguedb.values.limits import NAME_CHARS_MAX, PAGE_ITEMS_MAX

_OURS = "claudeAgentSdk"
_SUMMARY = "summary"
_PAGE_ITEMS = 200
"""Messages in a page of a transcript, some of which are large."""

Entry = dict[str, Any]


class DialogueDBSessionStore(SessionStore):
    """Keeps transcripts: `ClaudeAgentOptions(session_store=DialogueDBSessionStore(db))`.

    A session is a dialogue with a message for each line of its transcript, and the transcript of a
    subagent a thread of it. Searches and windows see what was typed and answered, with calls and
    results, and nothing that the program notes beside it.
    """

    def __init__(self, db: AsyncDatabase, *, namespace: str | None = None) -> None:
        self._db = db
        self._namespace = namespace

    async def append(self, key: SessionKey, entries: list[Any]) -> None:
        """Append lines; one whose `uuid` is stored already is not stored again."""
        *before, last = list(batches([*_named_once(messages_from(entries))])) or [[]]
        for batch in before:
            await self._append(key, batch, [])
        if last:
            await self._append(key, last, entries)

    async def load(self, key: SessionKey) -> list[Any] | None:
        """Return all lines in their order; None when there is no such transcript."""
        found: list[MessageRecord] = []
        with suppress(DialogueNotFound):
            found = [one async for one in self._messages(self._id(key))]
        return entries_from(found) if found else None

    async def list_sessions(self, project_key: str) -> list[Any]:
        """Return the sessions of a project, each with when it was last appended to."""
        return [
            {"session_id": record.metadata[_OURS]["session_id"], "mtime": _changed_ms(record)}
            async for record in self._dialogues(tags=[self._tag(project_key)])
            if record.last_message_created
        ]

    async def list_session_summaries(self, project_key: str) -> list[Any]:
        """Return what the SDK makes of each session, which is stored with its lines."""
        return [
            {
                "session_id": record.metadata[_OURS]["session_id"],
                "mtime": _changed_ms(record),
                "data": record.state[_SUMMARY],
            }
            async for record in self._dialogues(tags=[self._tag(project_key)])
            if record.last_message_created and _SUMMARY in record.state
        ]

    async def delete(self, key: SessionKey) -> None:
        """Delete a transcript for good; that of a session with those of its subagents."""
        with suppress(DialogueNotFound):
            await self._db.delete_dialogue(self._id(key), namespace=self._namespace)

    async def list_subkeys(self, key: Any) -> list[str]:
        """Return the subpaths of a session's other transcripts."""
        options = {"thread_of": self._id(key)}
        found = [record.metadata[_OURS]["subpath"] async for record in self._dialogues(**options)]
        return sorted(found)

    # --- Internals --------------------------------------------------------------------------

    async def _append(
        self, key: SessionKey, messages: Sequence[MessageDict], entries: Sequence[Entry]
    ) -> None:
        """Append messages, and change the summary to what it is after these entries, at once."""
        dialogue_id = self._id(key)
        while messages:
            try:
                record = await self._db.api.dialogue.get(dialogue_id, namespace=self._namespace)
                await self._db.api.dialogue.update(
                    dialogue_id,
                    state=_state(record, key, entries),
                    messages=messages,
                    if_match=record.version,
                    namespace=self._namespace,
                )
            except DialogueNotFound:
                await self._create(key)
            except VersionConflict:  # somebody else appended in between
                continue
            except DuplicateId:
                messages = [one for one in messages if not await self._is_there(dialogue_id, one)]
            else:
                return

    async def _create(self, key: SessionKey) -> None:
        """Create the dialogue of a transcript, and that of its session, unless they are there."""
        subpath = key.get("subpath")
        session: SessionKey = {"project_key": key["project_key"], "session_id": key["session_id"]}
        label = f"{key['project_key']}: {subpath or key['session_id']}"
        if subpath:
            await self._create(session)
        with suppress(DuplicateId):
            await self._db.api.dialogue.create(
                id=self._id(key),
                namespace=self._namespace,
                thread_of=self._id(session) if subpath else None,
                label=label[:NAME_CHARS_MAX],
                tags=[] if subpath else [self._tag(key["project_key"])],
                metadata={_OURS: dict(key)},
            )

    async def _is_there(self, dialogue_id: str, message: MessageDict) -> bool:
        if "id" not in message:
            return False
        try:
            await self._db.api.message.get(
                dialogue_id, str(message["id"]), namespace=self._namespace
            )
        except MessageNotFound:
            return False
        return True

    def _messages(self, dialogue_id: str) -> AsyncIterator[MessageRecord]:
        fetch = partial(self._db.api.message.list, dialogue_id)
        return every_item(fetch, _PAGE_ITEMS, {"namespace": self._namespace})

    def _dialogues(self, **of: Any) -> AsyncIterator[DialogueRecord]:
        options = {**of, "namespace": self._namespace}
        return every_item(self._db.api.dialogue.list, PAGE_ITEMS_MAX, options)

    def _id(self, key: Any) -> str:
        named = (key["project_key"], key["session_id"], key.get("subpath") or "")
        return hashed_tag("claude-session", self._namespace or "", *named)

    def _tag(self, project_key: str) -> str:
        return hashed_tag("claude-project", self._namespace or "", project_key)


def _named_once(messages: Sequence[MessageDict]) -> list[MessageDict]:
    """Return messages without those whose id one before them has."""
    named = {str(one["id"]): one for one in reversed(messages) if "id" in one}
    return [one for one in messages if "id" not in one or named[str(one["id"])] is one]


def _state(record: DialogueRecord, key: SessionKey, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return the state of a transcript after these entries; that of a subagent has no summary."""
    if key.get("subpath") or not entries:
        return dict(record.state)
    data = record.state.get(_SUMMARY)
    before: Any = data and {"session_id": key["session_id"], "mtime": 0, "data": data}
    folded = fold_session_summary(before, key, [*entries])
    return {**record.state, _SUMMARY: folded["data"]}


def _changed_ms(record: DialogueRecord) -> int:
    at = datetime.fromisoformat(str(record.last_message_created))
    return int(at.timestamp() * 1000)
