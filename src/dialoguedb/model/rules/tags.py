"""Tags as they are stored: a compact JSON array."""

import msgspec

_encoder = msgspec.json.Encoder()


def encode_tags(tags: tuple[str, ...]) -> bytes:
    """Return tags as they are stored."""
    return _encoder.encode(tags) if tags else b"[]"


def decode_tags(tags: bytes) -> list[str]:
    """Return the tags that are stored."""
    return [] if tags == b"[]" else msgspec.json.decode(tags, type=list[str])
