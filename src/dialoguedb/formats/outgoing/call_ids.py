"""The ids of calls in a window: as they are stored, or as a provider demands them."""

import re
from collections.abc import Callable
from hashlib import sha256

_NOT_IN_IDS_AND_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_TOOL_NAME_CHARS_MAX = 64
_SHORT_CHARS = 9
_RESPONSES_CHARS_MAX = 64
_DIGEST_CHARS = 15
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class CallIds:
    """Gives each call its id; calls that must be told apart get different ones.

    Those that are stored without an id get one each, whatever calls are around them.
    """

    def __init__(self, fit: Callable[[str], str], *, unique_in_window: bool) -> None:
        self._fit = fit
        self._unique_in_window = unique_in_window
        self._used: set[str] = set()
        """The ids that the next call cannot have."""

        self._made: set[str] = set()
        """The ids of calls that are stored without one."""

        self._given: set[str] = set()
        """All ids."""

    def of(self, stored: str) -> str:
        """Return the id of the next call; the caller gives it to the result, too."""
        own_id = self._fit(stored)
        taken = self._used | self._made if stored else self._given
        repeated = 0
        while own_id and own_id in taken:
            repeated += 1
            own_id = self._fit(f"{stored or 'call'}_{repeated}")
        (self._used if stored else self._made).add(own_id)
        self._given.add(own_id)
        return own_id

    def close(self) -> None:
        """Begin the next group of parallel calls."""
        if not self._unique_in_window:
            self._used.clear()


def stored_ids() -> CallIds:
    """Return ids as they are stored, told apart among parallel calls."""
    return CallIds(lambda stored: stored or "call", unique_in_window=False)


def bounded_ids() -> CallIds:
    """Return ids as they are stored, but of at most 64 characters, as OpenAI's Responses demand."""
    return CallIds(
        lambda stored: shortened_id(stored or "call", _RESPONSES_CHARS_MAX), unique_in_window=False
    )


def shortened_id(stored: str, chars_max: int) -> str:
    """Return an id of at most so many characters: a longer one ends in a digest of the whole."""
    if len(stored) <= chars_max:
        return stored
    digest = sha256(stored.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]
    return f"{stored[: chars_max - _DIGEST_CHARS - 1]}_{digest}"


def stored_ids_or_none() -> CallIds:
    """Return ids as they are stored, and none where none are, as Gemini needs none."""
    return CallIds(lambda stored: stored, unique_in_window=False)


def fitted_ids() -> CallIds:
    """Return ids of letters, digits, `_` and `-`, unique in the window, as Anthropic demands."""
    return CallIds(
        lambda stored: _NOT_IN_IDS_AND_NAMES.sub("_", stored) or "call", unique_in_window=True
    )


def short_ids() -> CallIds:
    """Return ids of nine letters and digits, unique in the window, as Mistral demands."""
    return CallIds(_short, unique_in_window=True)


def _short(stored: str) -> str:
    if len(stored) == _SHORT_CHARS and stored.isascii() and stored.isalnum():
        return stored
    value = int.from_bytes(sha256(stored.encode("utf-8", "replace")).digest()[:8])
    digits = []
    for _ in range(_SHORT_CHARS):
        value, digit = divmod(value, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)


def fit_tool_name(name: str) -> str:
    """Return the name of a tool as all providers take it, but for Gemini."""
    return _NOT_IN_IDS_AND_NAMES.sub("_", name)[:_TOOL_NAME_CHARS_MAX] or "tool"


def fit_name_for_gemini(name: str) -> str:
    """Return the name of a tool as Gemini takes it: a letter or `_` begins it."""
    fitted = fit_tool_name(name)
    is_taken = fitted[0] == "_" or fitted[0].isalpha()
    return fitted if is_taken else f"_{fitted}"[:_TOOL_NAME_CHARS_MAX]
