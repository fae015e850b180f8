"""The sockets a server listens on, and what to tell when it cannot."""

import errno
import socket
import sys
from dataclasses import dataclass
from ipaddress import ip_address

from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Address

_BACKLOG = 2048


@dataclass(frozen=True)
class Listener:
    """An address with the port that was really taken, and the sockets that listen there."""

    address: Address
    listening: list[socket.socket]

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return all(ip_address(one.getsockname()[0]).is_loopback for one in self.listening)


def listen(address: Address, *, shared: bool = False) -> Listener:
    """Listen on every address of a host, all on one port; 0 takes any free one.

    When it is shared, others of this user may listen there, too, and connections are spread.
    """
    listening: list[socket.socket] = []
    port = address.port
    try:
        for family, host in _hosts(address):
            listening.append(_listen(family, host, port, shared=shared))
            port = listening[0].getsockname()[1]
    except OSError as error:
        for one in listening:
            one.close()
        raise InvalidSetting(f"Cannot listen on {address}: {_reason(error)}") from error
    return Listener(Address(address.host, port), listening)


def listen_together(address: Address, count: int) -> list[Listener]:
    """Listen once for each of several processes, all on one port.

    On Linux each has a queue of its own, which the system fills in turn and which outlives its
    process when somebody else holds the socket, too; elsewhere they share one.
    """
    first = listen(address)  # refuses a port that is taken, which sharing would not
    if sys.platform != "linux":
        return [first] * count
    for one in first.listening:
        one.close()
    taken = Address(address.host, first.address.port)
    return [listen(taken, shared=True) for _ in range(count)]


def _hosts(address: Address) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listen(family: socket.AddressFamily, host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:  # `::` takes IPv4 as well, whatever the system's default
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there"
    if error.errno == errno.EACCES:
        return "the system does not allow this user to take that port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    return error.strerror or str(error)
