"""Pages of lists: rows become items, as many as the page or the memory holds."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from dialoguedb.model.rules.pages import (
    FIRST_PIECE_BYTES,
    PIECE_BYTES,
    USUAL_ITEM_BYTES,
    take,
    take_piece,
)
from dialoguedb.store.postgres.connection.budgets import Budget, OverBudget
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.values import limits
from dialoguedb.values.lists import Slice, Window

S = TypeVar("S")
T = TypeVar("T")


class Shape(Struct, Generic[S, T], frozen=True):
    """How rows of a list become items."""

    row: Callable[..., S]
    """Builds a row of the columns selected."""

    make: Callable[[Sequence[S]], Awaitable[list[T]]]
    """Turns rows into items; `each` makes it of what turns one."""

    size: Callable[[S], int]
    """Bytes of the values that may be large."""

    key: Callable[[S], tuple[str | int, ...]]
    """The order key."""

    stored_bytes: str = ""
    """An expression for `size`, so that no more is fetched; without it, the window is."""


def each(make: Callable[[S], T]) -> Callable[[Sequence[S]], Awaitable[list[T]]]:
    """Return what turns rows into items, one by one."""

    async def make_all(rows: Sequence[S]) -> list[T]:
        return [make(row) for row in rows]

    return make_all


async def page(db: Connection, query: SelectBuilder, shape: Shape[S, T]) -> Slice[T]:
    """Return a page of a list."""
    window, budget = query.window, db.budget
    if not shape.stored_bytes:
        found = (shape.row(*row) for row in await query.rows(db))
    else:
        rows = await query.rows_until(db, bytes_max(budget, window), shape.stored_bytes)
        found = (shape.row(*row[:-1]) for row in rows)
    return await page_of(found, window, budget, shape)


def bytes_max(budget: Budget, window: Window) -> int:
    """Return up to how many bytes the rows of a page are fetched."""
    if window.in_pieces and budget.has_pieces:
        room = max(window.room, 0)  # an item may take more than there is
        return min(PIECE_BYTES if window.continues else FIRST_PIECE_BYTES, room)
    return limits.PAGE_BYTES_MAX if budget.bytes_max is None else budget.bytes_max


async def page_of(
    found: Iterable[S], window: Window, budget: Budget, shape: Shape[S, T]
) -> Slice[T]:
    """Return a page of rows that were fetched; OverBudget."""
    if window.in_pieces and budget.has_pieces:
        return await _piece(found, window, shape)
    if budget.bytes_max is None:
        taken, more = take(found, window.limit, shape.size)
    else:
        taken, more = take(found, window.limit, shape.size, budget.bytes_max, 0, USUAL_ITEM_BYTES)
        if more and len(taken) < window.limit:
            raise OverBudget
    return Slice(await shape.make(taken), shape.key(taken[-1]) if more else None)


async def _piece(found: Iterable[S], window: Window, shape: Shape[S, T]) -> Slice[T]:
    piece = take_piece(found, window, shape.size)
    more_after = shape.key(piece.items[-1]) if piece.items else window.after
    return Slice(
        await shape.make(piece.items),
        more_after if piece.more else None,
        piece.size,
        is_piece=not piece.is_last,
    )
