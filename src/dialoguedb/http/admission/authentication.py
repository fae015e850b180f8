"""Authentication: which key a request carries, whose it is, and from where it may come."""

import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

from dialoguedb.errors import Forbidden, Unauthorized
from dialoguedb.http.requests.request import Call
from dialoguedb.model.keys import RANK, AnyScope, Caller, digest
from dialoguedb.model.projects import Project
from dialoguedb.service import Services

TRUST_SECONDS = 0.5
"""How long a key is not looked up again; within a second, every server follows."""

KEYS_MAX = 10_000
"""Keys remembered at once, the unknown ones among them."""

SECRET_CHARS_MAX = 128
"""A longer secret is none of ours."""

Network = IPv4Network | IPv6Network


class Known(Struct, gc=False):
    """What was last looked up of a key, and until when that counts."""

    caller: Caller | None
    until: float
    allowed: Sequence[Network]


class Auth:
    """Lets requests in, or not."""

    def __init__(
        self,
        services: Services,
        trusted_proxies: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._clock = clock
        self._proxies = [ip_network(proxy, strict=False) for proxy in trusted_proxies]
        self._known: dict[bytes, Known] = {}

    async def authenticate(self, call: Call) -> Known:
        """Find out who asks; Unauthorized when the key is none."""
        secret = _secret(call.headers.get(b"authorization", b""))
        fingerprint = digest(secret)
        known = self._known.get(fingerprint)
        if known is None or known.until < self._clock():
            known = await self._look_up(secret)
            if len(self._known) >= KEYS_MAX:
                self._make_room()
            self._known[fingerprint] = known
        caller = known.caller
        if caller is None or (caller.expires and caller.expires <= self._services.clock()):
            raise _unauthorized()
        call.caller, call.project = caller, caller.project
        return known

    def authorize(self, call: Call, known: Known, scope: AnyScope) -> None:
        """Forbidden unless the caller's scope includes this one, asked from an allowed address."""
        assert call.caller is not None
        held = call.caller.scope
        if held != scope and (RANK[held] < RANK[scope] or "operator" in {held, scope}):
            raise Forbidden(f"This needs a key of scope {scope}; the scope of this one is {held}")
        if known.allowed and not _contains(known.allowed, self._address(call)):
            raise Forbidden("The project does not allow requests from this address")

    def forget(self) -> None:
        """Look every key up anew."""
        self._known.clear()

    async def _look_up(self, secret: str) -> Known:
        caller = await self._services.keys.find(secret)
        allowed = _networks(caller.project) if caller and caller.project else ()
        return Known(caller, self._clock() + TRUST_SECONDS, allowed)

    def _make_room(self) -> None:
        """Forget keys that nobody holds, so that guessing pushes out none that somebody does."""
        held = {name: known for name, known in self._known.items() if known.caller is not None}
        self._known = held if len(held) < KEYS_MAX else {}

    def _address(self, call: Call) -> IPv4Address | IPv6Address | None:
        """Return the peer's address, or what trusted proxies say that they were asked by."""
        address = _parse(call.client)
        forwarded = call.headers.get(b"x-forwarded-for", b"").decode("latin-1")
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
    return Unauthorized("A valid key is needed: Authorization: Bearer KEY")


def _networks(project: Project) -> Sequence[Network]:
    return [ip_network(text, strict=False) for text in project.settings.allowed_ips]


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _contains(networks: Sequence[Network], address: IPv4Address | IPv6Address | None) -> bool:
    return address is not None and any(address in network for network in networks)
