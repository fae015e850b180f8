"""A session service for Google's Agent Development Kit; the extra is `google-adk`."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.sessions.base_session_service import (
    BaseSessionService,
    GetSessionConfig,
    ListSessionsResponse,
)
from google.adk.sessions.session import Session
from google.adk.sessions.state import State
from pydantic_core import to_jsonable_python

from dialoguedb.client.aio.database import AsyncDatabase
from dialoguedb.client.aio.pagination import every_item
from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import DialogueRecord
from dialoguedb.errors import DialogueNotFound, DuplicateId, VersionConflict
from dialoguedb.integrations.events import event_from, message_from
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.values.limits import NAME_CHARS_MAX, PAGE_ITEMS_MAX

_OURS = "googleAdk"


class DialogueDBSessionService(BaseSessionService):
    """Keeps sessions: `Runner(app_name=..., agent=..., session_service=...)`.

    A session is a dialogue with its events as messages, which searches find by their texts. The
    state of an app or a user is that of a dialogue of its own. Several programs may append to one
    session at once: every event is stored, and the state has the members of all.
    """

    def __init__(self, db: AsyncDatabase, *, namespace: str | None = None) -> None:
        self._db = db
        self._namespace = namespace

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """Create a session; AlreadyExistsError."""
        session_id = (session_id or "").strip() or str(uuid.uuid4())
        by_prefix = _split_by_prefix(state or {})
        try:
            record = await self._db.api.dialogue.create(
                id=self._id("session", app_name, user_id, session_id),
                label=f"{app_name}: {session_id}"[:NAME_CHARS_MAX],
                state=by_prefix[""],
                tags=[self._id("app", app_name), self._id("user", app_name, user_id)],
                metadata={
                    _OURS: {"app_name": app_name, "user_id": user_id, "session_id": session_id}
                },
                namespace=self._namespace,
            )
        except DuplicateId:
            message = f"Session with id {session_id} already exists."
            raise AlreadyExistsError(message) from None
        await self._share(app_name, user_id, by_prefix)
        return _session(record, await self._shared(app_name, user_id))

    async def get_session(
        self,
        *,
        app_name: str,
        user_id: str,
        session_id: str,
        config: GetSessionConfig | None = None,
    ) -> Session | None:
        """Return a session with its events, oldest first; None when there is none."""
        dialogue_id = self._id("session", app_name, user_id, session_id.strip())
        config = config or GetSessionConfig()
        try:
            record = await self._db.api.dialogue.get(dialogue_id, namespace=self._namespace)
            newest: list[Event] = []
            if config.num_recent_events != 0:
                async for event in self._events(dialogue_id, config.num_recent_events):
                    if event.timestamp < (config.after_timestamp or event.timestamp):
                        break
                    newest.append(event)
                    if len(newest) == config.num_recent_events:
                        break
        except DialogueNotFound:
            return None
        return _session(record, await self._shared(app_name, user_id), newest[::-1])

    async def list_sessions(
        self, *, app_name: str, user_id: str | None = None
    ) -> ListSessionsResponse:
        """Return the sessions of an app, or of one of its users, the last used last."""
        of = self._id("app", app_name)
        if user_id is not None:
            of = self._id("user", app_name, user_id)
        shared: dict[str, dict[str, Any]] = {}
        sessions = []
        async for record in self._dialogues(of):
            user = record.metadata[_OURS]["user_id"]
            if user not in shared:
                shared[user] = await self._shared(app_name, user)
            sessions.append(_session(record, shared[user]))
        sessions.sort(key=lambda one: (one.last_update_time, one.user_id, one.id))
        return ListSessionsResponse(sessions=sessions)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete a session for good, if it is there."""
        with suppress(DialogueNotFound):
            dialogue_id = self._id("session", app_name, user_id, session_id.strip())
            await self._db.delete_dialogue(dialogue_id, namespace=self._namespace)

    async def get_user_state(self, *, app_name: str, user_id: str) -> dict[str, Any]:
        """Return the state of a user, without the prefix."""
        return await self._state(self._id("user", app_name, user_id))

    async def append_event(self, session: Session, event: Event) -> Event:
        """Store an event and the state it changes; one that is stored already changes nothing.

        SessionNotFoundError.
        """
        if event.partial or any(one.id == event.id and one == event for one in session.events):
            return event
        by_prefix = _split_by_prefix(event.actions.state_delta)
        dialogue_id = self._id("session", session.app_name, session.user_id, session.id)
        message = message_from(event)
        # The shared state first: after an interruption here, a retry changes it to the same.
        await self._share(session.app_name, session.user_id, by_prefix)
        try:
            await self._append(dialogue_id, message, by_prefix[""])
        except DialogueNotFound:
            raise SessionNotFoundError(f"Session {session.id} not found.") from None
        event = await super().append_event(session, event)
        session.last_update_time = event.timestamp
        return event

    # --- Internals --------------------------------------------------------------------------

    async def _append(
        self, dialogue_id: str, message: MessageDict, changes: Mapping[str, Any]
    ) -> None:
        """Append a message and change the state, in one transaction."""
        if not changes:
            await self._db.api.message.create_many(
                dialogue_id, [message], namespace=self._namespace
            )
            return
        while True:
            record = await self._db.api.dialogue.get(dialogue_id, namespace=self._namespace)
            try:
                await self._db.api.dialogue.update(
                    dialogue_id,
                    state={**record.state, **changes},
                    messages=[message],
                    if_match=record.version,
                    namespace=self._namespace,
                )
            except VersionConflict:  # somebody else changed it in between
                continue
            return

    async def _share(
        self, app_name: str, user_id: str, by_prefix: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Store the state that a whole app or a user shares."""
        for prefix, dialogue_id, label in (
            (State.APP_PREFIX, self._id("app", app_name), app_name),
            (State.USER_PREFIX, self._id("user", app_name, user_id), f"{app_name}: {user_id}"),
        ):
            if by_prefix[prefix]:
                await self._merge(dialogue_id, f"State of {label}", by_prefix[prefix])

    async def _merge(self, dialogue_id: str, label: str, changes: Mapping[str, Any]) -> None:
        try:
            await self._db.api.state.update(dialogue_id, changes, namespace=self._namespace)
        except DialogueNotFound:
            try:
                await self._db.api.dialogue.create(
                    id=dialogue_id,
                    label=label[:NAME_CHARS_MAX],
                    state=changes,
                    namespace=self._namespace,
                )
            except DuplicateId:  # somebody else created it in between
                await self._db.api.state.update(dialogue_id, changes, namespace=self._namespace)

    async def _shared(self, app_name: str, user_id: str) -> dict[str, Any]:
        """Return the states of the app and the user, with their prefixes."""
        app = await self._state(self._id("app", app_name))
        user = await self._state(self._id("user", app_name, user_id))
        return {
            **{f"{State.APP_PREFIX}{key}": value for key, value in app.items()},
            **{f"{State.USER_PREFIX}{key}": value for key, value in user.items()},
        }

    async def _state(self, dialogue_id: str) -> dict[str, Any]:
        try:
            found = await self._db.api.state.get(dialogue_id, namespace=self._namespace)
        except DialogueNotFound:
            return {}
        return dict(found.value)

    async def _events(self, dialogue_id: str, at_once: int | None) -> AsyncIterator[Event]:
        """Read events, the newest first."""
        fetch = partial(self._db.api.message.list, dialogue_id)
        page_size = min(at_once or PAGE_ITEMS_MAX, PAGE_ITEMS_MAX)
        options = {"order": "desc", "namespace": self._namespace}
        async for record in every_item(fetch, page_size, options):
            yield event_from(record)

    def _dialogues(self, tag: str) -> AsyncIterator[DialogueRecord]:
        options = {"tags": [tag], "namespace": self._namespace}
        return every_item(self._db.api.dialogue.list, PAGE_ITEMS_MAX, options)

    def _id(self, kind: str, *named: str) -> str:
        """Return an id or a tag within our namespace: lists without one go through all of them."""
        return hashed_tag(f"adk-{kind}", self._namespace or "", *named)


def _split_by_prefix(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Split state by its prefix, which is removed; values that are no JSON become text."""
    by_prefix: dict[str, dict[str, Any]] = {State.APP_PREFIX: {}, State.USER_PREFIX: {}, "": {}}
    for key, value in state.items():
        if not key.startswith(State.TEMP_PREFIX):
            prefix = next(prefix for prefix in by_prefix if key.startswith(prefix))
            by_prefix[prefix][key.removeprefix(prefix)] = to_jsonable_python(value, fallback=str)
    return by_prefix


def _session(
    record: DialogueRecord, shared: Mapping[str, Any], events: list[Event] | None = None
) -> Session:
    names = record.metadata[_OURS]
    used = datetime.fromisoformat(record.last_message_created or record.created).timestamp()
    return Session(
        app_name=names["app_name"],
        user_id=names["user_id"],
        id=names["session_id"],
        state={**record.state, **shared},
        events=events or [],
        last_update_time=events[-1].timestamp if events else used,
    )
