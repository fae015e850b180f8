"""The dimensions of images, read from their first bytes."""

import struct
import zlib
from base64 import b64encode

import pytest

from dialoguedb.formats.images import dimensions, is_damaged


def encoded(*parts):
    return b64encode(b"".join(parts)).decode()


def png(width, height):
    return encoded(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", struct.pack(">II", width, height), b"\x08\x06")


def jpeg(width, height, *, before=b""):
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width)
    return encoded(b"\xff\xd8", before, frame, b"\x03\x01\x22\x00")


def gif(width, height):
    return encoded(b"GIF89a", struct.pack("<HH", width, height), b"\xf7")


def webp(kind, payload):
    return encoded(b"RIFF\0\0\0\0WEBP", kind, b"\0\0\0\0", payload)


LOSSLESS = b"\x2f" + struct.pack("<I", 639 | (479 << 14))
EXTENDED = b"\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
LOSSY = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
PREVIEW = b"\xff\xe1\xff\xff" + b"\xff\xc0" * 32_766 + b"\0" + b"\xff\xff\xe0\x00\x04ab"


@pytest.mark.parametrize(
    "image",
    [
        png(640, 480),
        gif(640, 480),
        jpeg(640, 480),
        jpeg(640, 480, before=PREVIEW),
        webp(b"VP8L", LOSSLESS),
        webp(b"VP8X", EXTENDED),
        webp(b"VP8 ", LOSSY),
    ],
    ids=["png", "gif", "jpeg", "jpeg behind a preview", "lossless", "extended", "lossy"],
)
def test_each_format_tells_its_size(image):
    assert dimensions(image) == (640, 480)
    assert dimensions(image.rstrip("=")) in {(640, 480), None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "iVBOR",
        "not base64 at all!",
        "ütf",
        png(640, 480)[:20],
        png(0, 480),
        jpeg(640, 480)[:12],
        webp(b"VP8L", LOSSLESS)[:24],
        encoded(b"RIFF\0\0\0\0WAVEfmt "),
        encoded(b"\xff\xd8 nothing of the kind"),
        encoded(b"\xff\xd8", b"\xff\xe0\x00\x00" * 9),
        encoded(b"BM bitmap"),
    ],
)
def test_what_is_no_image_has_none(text):
    assert dimensions(text) is None


def test_a_long_image_costs_no_more_than_its_beginning():
    assert dimensions(png(640, 480) + "A" * 10_000_000) == (640, 480)


def test_a_png_whose_pixels_cannot_be_unpacked_is_damaged():
    def png(pixels):
        def chunk(kind, data):
            checksum = zlib.crc32(kind + data)
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

        head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
        chunks = chunk(b"IHDR", head) + chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", pixels)
        return b64encode(b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IEND", b"")).decode()

    assert not is_damaged(png(zlib.compress(b"\0\0\0\0")))
    assert not is_damaged(png(zlib.compress(b"\0\0\0\0", 9)))
    assert is_damaged(png(b"no pixels"))
    for other in ("", "AAAA", "@@", b64encode(b"\x89PNG\r\n\x1a\n").decode()):
        assert not is_damaged(other)
