"""Pages of lists, by keyset pagination: the key of the last item seen is where the next begins."""

from collections.abc import Iterator
from typing import Any, Generic, Literal, TypeVar, overload

import msgspec

from dialoguedb.values import limits

T = TypeVar("T")

Order = Literal["asc", "desc"]


class Page(msgspec.Struct, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = None
    """Pass it back to get the next page; null on the last."""

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        """Iterate over the items."""
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return an item, or a list of some."""
        return self.items[index]


class Slice(msgspec.Struct, Generic[T]):
    """A keyset page as a store returns it: the items, and the key of the last when more follow."""

    items: list[T]
    more_after: tuple[str | int, ...] | None = None
    size: int = 0
    """What a piece takes of the room of its page."""

    is_piece: bool = False
    """Whether the page goes on after it."""


class Window(msgspec.Struct, frozen=True):
    """A page window: which part of an ordered list to return."""

    limit: int
    order: Order
    after: tuple[str | int, ...] | None = None
    """The keyset cursor: the order key of the last item seen; None starts at the beginning."""

    in_pieces: bool = False
    """Whether a large page may be returned in pieces, one at a time."""

    continues: bool = False
    """Whether it goes on with a page that has some items already."""

    room: int = limits.PAGE_BYTES_MAX
    """The bytes that are left of the page."""

    def after_piece(self, piece: Slice[Any]) -> "Window":
        """Return the window of the rest of a page."""
        return msgspec.structs.replace(
            self,
            limit=self.limit - len(piece.items),
            after=piece.more_after,
            continues=True,
            room=self.room - piece.size,
        )


class TimeRange(msgspec.Struct, frozen=True):
    """A time range, `lower <= t < upper`; timestamps compare as text."""

    lower: str = ""
    upper: str = "~"
