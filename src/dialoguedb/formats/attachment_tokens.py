"""How many tokens an attachment takes where a dialect sends it, by what its provider documents.

As of November 2026. OpenAI: platform.openai.com/docs/guides/images-vision (tiles of models such as
GPT-4o), /guides/pdf-files (text and image of each page), /guides/audio (ten tokens a second).
Anthropic: docs.anthropic.com/en/docs/build-with-claude/vision (pixels; models from Claude Opus 4.7
on read images of up to 2,576 pixels, and take more) and /pdf-support (1,500 to 3,000 tokens a
page). Gemini: ai.google.dev/gemini-api/docs/tokens (tiles, seconds) and /document-processing.
"""

from collections.abc import Callable
from math import ceil

from msgspec import Struct

from dialoguedb.formats.attachments.sizes import AttachmentSize
from dialoguedb.formats.parts import AttachmentKind
from dialoguedb.values.fields import Dialect

LOW_DETAIL_TOKENS = 85
"""An image that OpenAI is to look at with `detail: "low"`."""

_TILE_TOKENS = 170
_TILE_PIXELS = 512
_LONGEST_PIXELS = 2_048
_SHORTEST_PIXELS = 768
_PIXELS_PER_TOKEN = 750
_ANTHROPIC_LONGEST_PIXELS = 1_568
_ANTHROPIC_TOKENS_MAX = 1_600
_GEMINI_TILE_TOKENS = 258
_GEMINI_TILE_PIXELS = 768
_GEMINI_SMALL_PIXELS = 384
_PIXELS_UNKNOWN = (2_048, 768)
"""Where the size of an image is not known, as of one by its URL: one that takes much."""

_PAGES_UNKNOWN = 10
_SECONDS_UNKNOWN = 60.0


class _Rates(Struct, frozen=True):
    """What one provider counts."""

    image: Callable[[int, int], int]
    page: int
    second: int
    """Of a sound."""

    frame: int
    """Of a video, each second."""


def _openai_image(width: int, height: int) -> int:
    scale = min(1.0, _LONGEST_PIXELS / max(width, height))
    scale = min(scale, _SHORTEST_PIXELS / min(width, height))
    tiles = _tiles(width * scale, _TILE_PIXELS) * _tiles(height * scale, _TILE_PIXELS)
    return LOW_DETAIL_TOKENS + _TILE_TOKENS * tiles


def _anthropic_image(width: int, height: int) -> int:
    scale = min(1.0, _ANTHROPIC_LONGEST_PIXELS / max(width, height))
    tokens = ceil(width * scale * height * scale / _PIXELS_PER_TOKEN)
    return min(tokens, _ANTHROPIC_TOKENS_MAX)


def _gemini_image(width: int, height: int) -> int:
    if max(width, height) <= _GEMINI_SMALL_PIXELS:
        return _GEMINI_TILE_TOKENS
    tiles = _tiles(width, _GEMINI_TILE_PIXELS) * _tiles(height, _GEMINI_TILE_PIXELS)
    return _GEMINI_TILE_TOKENS * tiles


def _tiles(length: float, tile: int) -> int:
    return max(ceil(round(length, 6) / tile), 1)


_OPENAI = _Rates(_openai_image, page=1_500, second=10, frame=0)
_RATES: dict[Dialect, _Rates] = {
    "openai": _OPENAI,
    "responses": _OPENAI,
    "plain": _OPENAI,
    "anthropic": _Rates(_anthropic_image, page=3_000, second=0, frame=0),
    "gemini": _Rates(_gemini_image, page=_GEMINI_TILE_TOKENS, second=32, frame=263 + 32),
}


def attachment_tokens(dialect: Dialect, kind: AttachmentKind, size: AttachmentSize) -> int:
    """Return the tokens of an attachment that is sent, not just named."""
    rates = _RATES[dialect]
    if kind == "image":
        known = (size.width, size.height) if size.width and size.height else _PIXELS_UNKNOWN
        return rates.image(*known)
    if kind in {"audio", "video"}:
        seconds = _SECONDS_UNKNOWN if size.seconds is None else size.seconds
        return ceil(seconds * (rates.second if kind == "audio" else rates.frame))
    return (size.pages or _PAGES_UNKNOWN) * rates.page
