"""Responses kept for idempotency keys, encrypted with a key derived from the request itself.

They may hold data that is deleted long before they expire. Somebody who has only the database
cannot read them; a client that sends the same request again brings the key. The cipher is
ChaCha20-Poly1305 (RFC 8439). Attachments that the response repeats are left out: the client brings
them as well.
"""

import hashlib
import os
from random import Random

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

from dialoguedb.formats.attachments.cutting import CUT_BYTES_MIN
from dialoguedb.formats.attachments.scanner import Outline
from dialoguedb.http.responses.response import Response
from dialoguedb.values import long_values
from dialoguedb.values.long_values import joined

_NONCE_BYTES = 12
_BEGINNING_BYTES = 256
_BEGINNINGS_MAX = 20

_random = Random()  # noqa: S311 - a nonce must be new each time, but is no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


class _KeptResponse(Struct, array_like=True):
    """The parts of a response that are kept."""

    status: int
    etag: bytes | None
    body: bytes
    repeated: list[tuple[int, int, int]] = []
    """What is left out of the body because the request holds it: where it was in the body without
    all of these, where it is in the request, and its length."""


_read = msgspec.msgpack.Decoder(_KeptResponse).decode


class ResponseSealer:
    """Encrypts and decrypts the response to one request."""

    def __init__(self, request: bytes) -> None:
        secret = hashlib.blake2b(request, digest_size=32, person=b"kept answer").digest()
        self._cipher = ChaCha20Poly1305(secret)
        self._request = request

    def seal(self, response: Response) -> bytes:
        """Return a response in the form that is kept."""
        body, repeated = _without_repeated(response.body, self._request)
        parts = _KeptResponse(response.status, response.etag, body, repeated)
        kept = msgspec.msgpack.encode(parts)
        nonce = _random.randbytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, kept, None)

    def open(self, sealed: bytes) -> Response:
        """Return the response that was kept."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        parts = _read(self._cipher.decrypt(nonce, text, None))
        return Response(self._whole_body(parts), parts.etag, parts.status)

    def _whole_body(self, kept: _KeptResponse) -> bytes:
        pieces, end = [], 0
        body, request = memoryview(kept.body), memoryview(self._request)
        for at, start, length in kept.repeated:
            pieces += [body[end:at], request[start : start + length]]
            end = at
        return joined([*pieces, body[end:]])


def _without_repeated(body: bytes, request: bytes) -> tuple[bytes, list[tuple[int, int, int]]]:
    """Cut long base64 out of a body that the request holds; returns where it was and is."""
    pieces: list[memoryview] = []
    repeated: list[tuple[int, int, int]] = []
    end = length = after = 0
    view = memoryview(body)
    for start, stop in Outline(body).long_base64:
        text = view[start:stop]
        found = _find(request, text, after) if len(text) >= CUT_BYTES_MIN else -1
        if found < 0:  # it is not of this request, as in a stored message
            continue
        after = found + len(text)
        pieces.append(view[end:start])
        length += start - end
        end = stop
        repeated.append((length, found, len(text)))
    return joined([*pieces, view[end:]]), repeated


def _find(request: bytes, text: memoryview, after: int) -> int:
    """Return where a request holds a text; -1 when it does not, or not soon.

    Its beginning is searched for, which is much faster. Many files of a type begin alike.
    """
    beginning = bytes(text[:_BEGINNING_BYTES])
    for _ in range(_BEGINNINGS_MAX):
        after = long_values.find(request, beginning, after)
        if after < 0 or long_values.starts_with(request, text, after):
            return after
        after += 1
    return -1
