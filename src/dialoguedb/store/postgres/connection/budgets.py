"""How much a read may hold in memory; one that goes over is repeated when it may be more."""

from typing import NamedTuple

_FIRST_BYTES_MAX = 512 * 1024
_SHORT_BYTES_MAX = 1024 * 1024


class OverBudget(Exception):
    """A read would hold more than it may."""


class Budget(NamedTuple):
    """What one run of a read may hold."""

    bytes_max: int | None
    """None where only the end of the page is one."""

    has_pieces: bool = True
    """Whether a page that may be returned in pieces is."""

    is_snapshot: bool = True
    """Whether all statements of the read see the same data."""

    def check_snapshot(self) -> None:
        """Raise OverBudget when another statement may see other data."""
        if not self.is_snapshot:
            raise OverBudget

    def check(self, count: int) -> None:
        """Raise OverBudget when so many bytes are too many."""
        if self.bytes_max is not None and count > self.bytes_max:
            raise OverBudget


FIRST = Budget(_FIRST_BYTES_MAX, has_pieces=False)
"""What any read may hold without asking."""

ONCE = FIRST._replace(is_snapshot=False)
"""The same for a single statement."""

SHORT = Budget(_SHORT_BYTES_MAX)
UNLIMITED = Budget(None)
