"""Whole numbers with more digits than Python reads and writes, which JSON does not bound.

Python's own limit stays as it is. Numbers are halved until they are short, so that the time does
not grow with the square of their length.
"""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, localcontext

_DIGITS_AT_ONCE = 640
"""As many as Python reads whatever limit is set."""

_BITS_AT_ONCE = 2_000

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])


def integer(digits: str) -> int:
    """Read a whole number."""
    if len(digits) <= _DIGITS_AT_ONCE:
        return int(digits)
    if digits.startswith("-"):
        return -integer(digits[1:])
    low = len(digits) // 2
    power: int = 10**low
    return integer(digits[:-low]) * power + integer(digits[-low:])


def digits(number: int) -> str:
    """Write a whole number."""
    with localcontext(_EXACT):
        return f"{_decimal(number, number.bit_length()):f}"


def _decimal(number: int, bits: int) -> Decimal:
    if bits <= _BITS_AT_ONCE:
        return Decimal(number)
    low = bits // 2
    high = number >> low
    rest = number - (high << low)
    return _decimal(high, bits - low) * Decimal(2) ** low + _decimal(rest, low)
