"""Base64 as a file: only what is read is decoded."""

import io

import msgspec

_CHUNK_CHARS = 1024 * 1024
"""Other threads run between two chunks; a multiple of four."""

_READS_MAX = 50_000
_READ_BYTES_MAX = 32 * 1024 * 1024

_STANDARD = bytes.maketrans(b"-_", b"+/")
_decoder = msgspec.json.Decoder(bytes)


class Base64File(io.RawIOBase):
    """A file that is read with limits, as whoever wrote it may want a reader to read for long."""

    def __init__(self, base64: str) -> None:
        """Take base64 of either alphabet, with or without padding and line breaks."""
        self._encoded = standard(base64)
        self._at = 0
        self._reads_left = _READS_MAX
        self._bytes_left = _READ_BYTES_MAX
        self.size = len(self._encoded) * 3 // 4

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes; OSError when too much was read."""
        left = max(self.size - self._at, 0)
        length = left if size is None or size < 0 else min(size, left)
        self._reads_left -= 1
        self._bytes_left -= length
        if self._reads_left < 0 or self._bytes_left < 0:
            raise OSError("Too much of a file was read")
        start, skipped = self._at // 3 * 4, self._at % 3
        self._at += length
        stop = -(-self._at // 3) * 4
        return _decoded(self._encoded[start:stop])[skipped : skipped + length]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}
        self._at = max(origins[whence] + offset, 0)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at


def standard(base64: str) -> bytes:
    """Return base64 of either alphabet in the standard one, without padding and line breaks."""
    return base64.encode("ascii", "replace").translate(_STANDARD, b" \t\r\n=")


def decoded(base64: str) -> bytes:
    """Return the bytes of base64 up to what is none."""
    return _decoded(standard(base64))


def _decoded(encoded: bytes) -> bytes:
    chunks = []
    for start in range(0, len(encoded), _CHUNK_CHARS):
        chunk = encoded[start : start + _CHUNK_CHARS]
        try:
            chunks.append(_decoder.decode(b'"%s"' % chunk.ljust(-(-len(chunk) // 4) * 4, b"=")))
        except msgspec.DecodeError:
            break
    return b"".join(chunks)
