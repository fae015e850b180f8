"""Whether dialogues are stored as they were, asked of many at once."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from dialoguedb.client.records import DialogueRecord
from dialoguedb.errors import DialogueNotFound

if TYPE_CHECKING:
    from dialoguedb.client.aio.database import AsyncDatabase

_PAGE = 1_000
_FEW = 200
"""As many dialogues are read one by one; of more, pages of a list are read first."""

_PAGES_PER_DIALOGUE = 1 / 100
"""How long a list is worth while: a page costs about as much as a hundred dialogues."""

_CONCURRENT_MAX = 8


class Stored(Struct, frozen=True, array_like=True):
    """How many messages a dialogue has, and the last number that one got."""

    messages: int
    last_seq: int
    created: str


async def are_stored(
    db: "AsyncDatabase", known: Mapping[str, Stored], namespace: str | None
) -> set[str]:
    """Return those of the dialogues that are stored as they are known."""
    found: dict[str, Stored] = {}
    if len(known) > _FEW:
        found = await _listed(db, known, namespace)
    found |= await stored_now(db, known.keys() - found.keys(), namespace)
    return {one for one, stored in known.items() if found.get(one) == stored}


async def stored_now(
    db: "AsyncDatabase", dialogues: Collection[str], namespace: str | None
) -> dict[str, Stored]:
    """Return what is stored of dialogues; those that are not there are left out."""
    found: dict[str, Stored] = {}
    waiting = list(dialogues)

    async def read() -> None:
        while waiting:
            one = waiting.pop()
            with suppress(DialogueNotFound):
                record = await db.api.dialogue.get(one, namespace=namespace)
                found[one] = stored_of(record)

    await asyncio.gather(*(read() for _ in range(_CONCURRENT_MAX)))
    return found


async def _listed(
    db: "AsyncDatabase", known: Mapping[str, Stored], namespace: str | None
) -> dict[str, Stored]:
    """Return the dialogues of the time in which the known ones began, as many as it is worth."""
    times = sorted(one.created for one in known.values())
    found: dict[str, Stored] = {}
    after = None
    for _ in range(int(len(known) * _PAGES_PER_DIALOGUE) + 1):
        page = await db.api.dialogue.list(
            namespace=namespace or "",
            start_date=times[0],
            end_date=times[-1],
            limit=_PAGE,
            next=after,
        )
        found |= {one.id: stored_of(one) for one in page if one.id in known}
        after = page.next
        if after is None:
            break
    return found


def stored_of(record: DialogueRecord) -> Stored:
    """Return how a dialogue is stored."""
    return Stored(record.total_messages, record.last_seq, record.created)
