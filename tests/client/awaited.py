"""The synchronous client, spoken to like the other one, so that each test is written once."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from dialoguedb.client.search_records import Found
from dialoguedb.client.sync.database import Database
from dialoguedb.client.tracking.changes import TrackedObject
from dialoguedb.values.lists import Page

_OURS = "dialoguedb.client.sync"


class Awaited:
    """An object of the synchronous client whose methods are awaited, each on a thread."""

    def __init__(self, inner: Any) -> None:
        object.__setattr__(self, "inner", inner)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        if not inspect.ismethod(value):
            return _shown(value)
        if name.startswith("iter_"):
            return lambda *given, **named: _gone_through(value(*given, **named))

        async def call(*given: Any, **named: Any) -> Any:
            return _shown(await asyncio.to_thread(value, *given, **named))

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, value)

    def __repr__(self) -> str:
        return repr(self.inner)


async def _gone_through(items: Iterator[Any]) -> Any:
    done = object()
    while (item := await asyncio.to_thread(next, items, done)) is not done:
        yield _shown(item)


def _shown(value: Any) -> Any:
    if isinstance(value, Page):
        return msgspec.structs.replace(value, items=[_shown(item) for item in value])
    if isinstance(value, Found):
        return value.of(_shown)
    if isinstance(value, list) and value and isinstance(value[0], TrackedObject):
        return [_shown(item) for item in value]
    is_ours = type(value).__module__.startswith(_OURS) or isinstance(value, Database)
    return Awaited(value) if is_ours else value
