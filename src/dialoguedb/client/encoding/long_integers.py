"""Integers with more digits than Python converts by default; JSON has no limit.

Python's own limit stays as it is. Integers are split in halves until they are short (divide and
conquer), so that the time does not grow with the square of their length.
"""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, localcontext

_DIGITS_MAX = 640
"""Python converts as many whatever limit is set."""

_BITS_MAX = 2_000

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])


def parse(digits: str) -> int:
    """Parse an integer."""
    if len(digits) <= _DIGITS_MAX:
        return int(digits)
    if digits.startswith("-"):
        return -parse(digits[1:])
    low = len(digits) // 2
    power: int = 10**low
    return parse(digits[:-low]) * power + parse(digits[-low:])


def format_digits(integer: int) -> str:
    """Format an integer."""
    with localcontext(_EXACT):
        return f"{_decimal(integer, integer.bit_length()):f}"


def _decimal(integer: int, bits: int) -> Decimal:
    if bits <= _BITS_MAX:
        return Decimal(integer)
    low = bits // 2
    high = integer >> low
    rest = integer - (high << low)
    return _decimal(high, bits - low) * Decimal(2) ** low + _decimal(rest, low)
