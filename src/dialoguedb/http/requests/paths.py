"""Paths as clients write them, brought to the one form that routes are written in."""

from urllib.parse import unquote_to_bytes

_PREFIX = b"api/v1"
_NEVER_IN_AN_ID = "\0"


def normalise(raw_path: bytes) -> str:
    """Return the path without prefix and needless slashes, each segment decoded by itself.

    What would break a segment apart, or is not UTF-8, becomes a character that no id may hold.
    """
    path = raw_path.strip(b"/")
    if path.startswith(_PREFIX):
        if path == _PREFIX:
            return "/"
        if path[len(_PREFIX)] == ord("/"):
            path = path[len(_PREFIX) :].lstrip(b"/")
    if b"%" in path or not path.isascii():
        return "/" + "/".join(_decode(segment) for segment in path.split(b"/"))
    return "/" + path.decode()


def _decode(segment: bytes) -> str:
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return _NEVER_IN_AN_ID
    # A line feed at the end would be overlooked by the `$` of a route's expression.
    return text.replace("/", _NEVER_IN_AN_ID).replace("\n", _NEVER_IN_AN_ID)
