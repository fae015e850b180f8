"""Page tokens: the cursor and the filters of a list, signed (keyed BLAKE2b) for one project."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from dialoguedb.errors import Forbidden
from dialoguedb.values import limits
from dialoguedb.values.lists import Order, Page, Slice, Window
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request

F = TypeVar("F", bound=Struct)
T = TypeVar("T")

_SIGNATURE_BYTES = 16


class NoFilter(Struct, frozen=True):
    """The filter of a list that takes none."""


class ListRequest(Struct, Generic[F], frozen=True):
    """A request for a list: filter, order, page size, and where the page starts."""

    filter: F
    order: Order
    limit: int = limits.PAGE_ITEMS_DEFAULT
    after: tuple[str | int, ...] | None = None

    @property
    def window(self) -> Window:
        """The part of the list to show next."""
        return Window(limit=self.limit, order=self.order, after=self.after)

    @property
    def pieces(self) -> Window:
        """The part of the list to show next, of which a piece is enough at a time."""
        return Window(limit=self.limit, order=self.order, after=self.after, in_pieces=True)


class _PageToken(Struct, Generic[F], frozen=True, array_like=True):
    """What a page token carries: everything but the limit."""

    filter: F
    order: Order
    after: tuple[str | int, ...]


class PageRequest(Struct, Generic[F], frozen=True):
    """A request for a page."""

    list_request: ListRequest[F]
    named: Mapping[str, str] = {}
    """What the request itself says beside its limit: parameters, with their paths in a list
    request such as `filter.order_by`."""

    next: str | None = None
    bound: str | None = None
    """The namespace that the key is bound to."""


class PagePiece(Struct, Generic[T]):
    """A page, or the next items of one that is too large to be in memory at once."""

    items: list[T]
    next: str | None = None
    rest: Callable[[], Awaitable["PagePiece[T]"]] | None = None
    """Reads on; None when the page is whole, and only then is its token known."""

    size: int = 0
    """About how many bytes it takes, where that may be much."""


Fetch = Callable[[Window], Awaitable[Slice[T]]]
"""Reads a window of a list."""


class PageTokens:
    """Signs and verifies page tokens; the secret belongs to the data, so they outlive a restart."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def resume(self, scope: str, request: PageRequest[F]) -> ListRequest[F]:
        """Return the list request: this one, or that of the first page from the token."""
        if request.next is None:
            return request.list_request
        signed = self._decode(scope, request.next, type(request.list_request.filter))
        list_request = ListRequest(
            signed.filter, signed.order, request.list_request.limit, signed.after
        )
        if request.bound is not None and request.bound != getattr(
            list_request.filter, "namespace", ""
        ):
            raise Forbidden("The page token is of a namespace that this key is not bound to")
        _check_agreement(request, list_request)
        return list_request

    def page(self, scope: str, list_request: ListRequest[F], found: Slice[T]) -> Page[T]:
        """Return a page of what was found, with a token when more follows."""
        if found.more_after is None:
            return Page(found.items)
        return Page(found.items, self.token(scope, list_request, found.more_after))

    def piece(
        self, scope: str, list_request: ListRequest[F], fetch: Fetch[T], found: Slice[T]
    ) -> PagePiece[T]:
        """Return the first piece of a page; `fetch` reads the others."""
        return self._piece(scope, list_request, fetch, (list_request.pieces, found))

    def _piece(
        self,
        scope: str,
        list_request: ListRequest[F],
        fetch: Fetch[T],
        read: tuple[Window, Slice[T]],
    ) -> PagePiece[T]:
        window, found = read
        if not found.is_piece:
            page = self.page(scope, list_request, found)
            return PagePiece(page.items, page.next, size=found.size)
        rest = window.after_piece(found)

        async def read_on() -> PagePiece[T]:
            return self._piece(scope, list_request, fetch, (rest, await fetch(rest)))

        return PagePiece(found.items, rest=read_on, size=found.size)

    def token(self, scope: str, list_request: ListRequest[F], after: tuple[str | int, ...]) -> str:
        """Return the token of the page after an item with this key."""
        payload = msgspec.msgpack.encode(_PageToken(list_request.filter, list_request.order, after))
        return _to_base64(self._sign(scope, payload) + payload)

    def _decode(self, scope: str, token: str, kind: type[F]) -> _PageToken[F]:
        signed = _from_base64(token)
        payload = signed[_SIGNATURE_BYTES:]
        if not compare_digest(signed[:_SIGNATURE_BYTES], self._sign(scope, payload)):
            raise _invalid_token()
        try:
            return _decoder(kind).decode(payload)  # type: ignore[no-any-return] # what it decodes is its parameter
        except msgspec.DecodeError:  # signed by a release with other filters
            raise _invalid_token() from None

    def _sign(self, scope: str, payload: bytes) -> bytes:
        signed = scope.encode() + b"\0" + payload
        return blake2b(signed, key=self._secret, digest_size=_SIGNATURE_BYTES).digest()


def _to_base64(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode()


def _from_base64(token: str) -> bytes:
    try:
        signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise _invalid_token() from None
    if _to_base64(signed) != token:  # the decoder ignores characters that it does not know
        raise _invalid_token()
    return signed


@cache
def _decoder(kind: type[Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_PageToken[kind])  # type: ignore[valid-type] # known at run time


def _check_agreement(request: PageRequest[F], list_request: ListRequest[F]) -> None:
    errors = ValidationErrors()
    for name, path in request.named.items():
        read = attrgetter(path)
        if read(request.list_request) != read(list_request):
            errors.invalid(name, f"{name} differs from the first page; only limit may change")
    errors.raise_if_any()


def _invalid_token() -> Exception:
    return invalid_request("next", "next is not a page token of this list")
