"""Pages: a token says where a list goes on and what was asked for, sealed for one project."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
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

_SEAL_BYTES = 16


class NoFilter(Struct, frozen=True):
    """The filter of a list that has none."""


class ListRequest(Struct, Generic[F], frozen=True):
    """A list as it was asked for, and where its next page starts."""

    filter: F
    order: Order
    limit: int = limits.PAGE_ITEMS_DEFAULT
    after: tuple[str | int, ...] | None = None

    @property
    def window(self) -> Window:
        """The part of the list to show next."""
        return Window(limit=self.limit, order=self.order, after=self.after)


class _PageToken(Struct, Generic[F], frozen=True, array_like=True):
    """What a token carries: everything but the limit."""

    filter: F
    order: Order
    after: tuple[str | int, ...]


class PageRequest(Struct, Generic[F], frozen=True):
    """A request for a page."""

    listing: ListRequest[F]
    named: Mapping[str, str] = {}
    """What the request itself says beside its limit: parameters, with their places in a listing
    such as `filter.order_by`."""

    next: str | None = None
    bound: str | None = None
    """The namespace that the key is bound to."""


class PageTokens:
    """Seals and opens page tokens; the secret belongs to the data, so they outlive a restart."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def resume(self, scope: str, request: PageRequest[F]) -> ListRequest[F]:
        """Return the list to show: as asked for now, or as asked for on the first page."""
        if request.next is None:
            return request.listing
        sealed = self._open(scope, request.next, type(request.listing.filter))
        listing = ListRequest(sealed.filter, sealed.order, request.listing.limit, sealed.after)
        if request.bound is not None and request.bound != getattr(listing.filter, "namespace", ""):
            raise Forbidden("The page token is of a namespace that this key is not bound to")
        _check_agreement(request, listing)
        return listing

    def page(self, scope: str, listing: ListRequest[F], found: Slice[T]) -> Page[T]:
        """Return a page of what was found, with a token when more follows."""
        if found.more_after is None:
            return Page(found.items)
        return Page(found.items, self._seal(scope, listing, found.more_after))

    def _seal(self, scope: str, listing: ListRequest[F], after: tuple[str | int, ...]) -> str:
        text = msgspec.msgpack.encode(_PageToken(listing.filter, listing.order, after))
        return _write(self._sign(scope, text) + text)

    def _open(self, scope: str, token: str, kind: type[F]) -> _PageToken[F]:
        sealed = _read(token)
        text = sealed[_SEAL_BYTES:]
        if not compare_digest(sealed[:_SEAL_BYTES], self._sign(scope, text)):
            raise _foreign()
        try:
            return _decoder(kind).decode(text)  # type: ignore[no-any-return] # what it decodes is its parameter
        except msgspec.DecodeError:  # sealed by a release with other filters
            raise _foreign() from None

    def _sign(self, scope: str, text: bytes) -> bytes:
        sealed = scope.encode() + b"\0" + text
        return blake2b(sealed, key=self._secret, digest_size=_SEAL_BYTES).digest()


def _write(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _read(token: str) -> bytes:
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise _foreign() from None
    if _write(sealed) != token:  # the decoder overlooks what it does not know
        raise _foreign()
    return sealed


@cache
def _decoder(kind: type[Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_PageToken[kind])  # type: ignore[valid-type] # known at run time


def _check_agreement(request: PageRequest[F], listing: ListRequest[F]) -> None:
    errors = ValidationErrors()
    for name, place in request.named.items():
        read = attrgetter(place)
        if read(request.listing) != read(listing):
            errors.invalid(name, f"{name} differs from the first page; only limit may change")
    errors.raise_if_any()


def _foreign() -> Exception:
    return invalid_request("next", "next is not a page token of this list")
