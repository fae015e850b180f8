"""What providers refuse of images, wherever these stand."""

import re

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def image_url_problem(url: object) -> str | None:
    """Return what is wrong with the address of an image; None when nothing is."""
    if not isinstance(url, str):
        return "has an image without an address"
    if url.startswith(("https://", "http://")):
        return None
    head, _, data = url.partition(",")
    media_type = head.removeprefix("data:").removesuffix(";base64")
    if not (head.startswith("data:") and head.endswith(";base64")):
        return "has an image at an address that no provider can read"
    return image_problem(media_type, data)


def image_problem(media_type: object, data: object) -> str | None:
    """Return what is wrong with an inline image; None when nothing is."""
    if media_type not in IMAGE_TYPES:
        return f"has an image of the type {media_type!r}"
    if not (isinstance(data, str) and data and is_base64(data)):
        return "has an image whose data is no base64"
    return None


def is_base64(data: str) -> bool:
    """Return whether a text is base64."""
    return len(data) % 4 == 0 and _BASE64.fullmatch(data) is not None


def decoded_bytes(data: str) -> int:
    """Return how many bytes a base64 text stands for."""
    return len(data) * 3 // 4 - data[-2:].count("=")
