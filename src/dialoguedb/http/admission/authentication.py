"""Authentication: which key a request carries, what it permits, and from which addresses."""

import hashlib
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

from dialoguedb.errors import Forbidden, Unauthorized
from dialoguedb.http.requests import permissions
from dialoguedb.http.requests.incoming import RequestHead
from dialoguedb.model.keys import PERMISSION_RANK, AnyPermission, Caller
from dialoguedb.model.projects import Project
from dialoguedb.service import Services

TRUST_SECONDS = 0.5
"""How long a key is not looked up again; within a second, every server follows a change."""

KEYS_MAX = 10_000
"""Keys cached at once, the unknown ones among them."""

SECRET_CHARS_MAX = 128
"""No secret of ours is longer."""

Network = IPv4Network | IPv6Network


class KnownKey(Struct, gc=False):
    """A valid key, as last looked up."""

    caller: Caller
    allowed: Sequence[Network]
    """Where its requests may come from; empty allows every address."""


class _Lookup(Struct, gc=False):
    """What a look-up found, and until when it counts."""

    key: KnownKey | None
    expires: float


class Authentication:
    """Finds out whose key a request carries; what was found is cached for half a second."""

    def __init__(
        self,
        services: Services,
        trusted_proxies: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._clock = clock
        self._proxies = [ip_network(proxy, strict=False) for proxy in trusted_proxies]
        self._lookups: dict[bytes, _Lookup] = {}
        """By the digest of the header, so that no secret stays in memory."""

    async def authenticate(self, head: RequestHead) -> KnownKey:
        """Return the key of a request; Unauthorized when there is none that is valid."""
        header = head.headers.get(b"authorization", b"")
        digest = hashlib.sha256(header).digest()
        lookup = self._lookups.get(digest)
        if lookup is None or lookup.expires < self._clock():
            lookup = await self._look_up(_secret(header))
            if len(self._lookups) >= KEYS_MAX:
                self._make_room()
            self._lookups[digest] = lookup
        key = lookup.key
        if key is None or (key.caller.expires and key.caller.expires <= self._services.clock()):
            raise _unauthorized()
        return key

    def authorize(self, head: RequestHead, key: KnownKey, permission: AnyPermission) -> None:
        """Forbidden unless the key includes the permission, and the address is allowed."""
        held = key.caller.scope
        if held != permission and (
            PERMISSION_RANK[held] < PERMISSION_RANK[permission] or "operator" in {held, permission}
        ):
            raise permissions.missing(permission, held)
        if key.allowed and not _contains(key.allowed, self._address(head)):
            raise Forbidden("The project does not allow requests from this address")

    def forget_keys(self) -> None:
        """Look up every key again."""
        self._lookups.clear()

    async def _look_up(self, secret: str) -> _Lookup:
        caller = await self._services.keys.find(secret)
        key = None if caller is None else KnownKey(caller, _networks(caller.project))
        return _Lookup(key, self._clock() + TRUST_SECONDS)

    def _make_room(self) -> None:
        """Drop the look-ups of unknown keys, so that guesses displace no valid key."""
        valid = {name: one for name, one in self._lookups.items() if one.key is not None}
        self._lookups = valid if len(valid) < KEYS_MAX else {}

    def _address(self, head: RequestHead) -> IPv4Address | IPv6Address | None:
        """Return the client's address: the peer's, or the one that trusted proxies name."""
        address = _parse(head.client_address)
        forwarded = head.headers.get(b"x-forwarded-for", b"").decode("latin-1")
        for hop in reversed(forwarded.split(",")):
            if not hop.strip() or not _contains(self._proxies, address):
                break
            address = _parse(hop.strip())
        return address


def _secret(header: bytes) -> str:
    """Return the secret of a Bearer header; Unauthorized when it can be none."""
    scheme, _, secret = header.partition(b" ")
    if scheme.lower() != b"bearer" or not secret.isascii() or len(secret) > SECRET_CHARS_MAX:
        raise _unauthorized()
    return secret.strip().decode()


def _unauthorized() -> Unauthorized:
    return Unauthorized("A valid key is required: Authorization: Bearer KEY")


def _networks(project: Project | None) -> Sequence[Network]:
    if project is None:
        return ()
    return [ip_network(text, strict=False) for text in project.settings.allowed_ips]


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _contains(networks: Sequence[Network], address: IPv4Address | IPv6Address | None) -> bool:
    return address is not None and any(address in network for network in networks)
