"""Responses kept for idempotency keys, encrypted with a key derived from the request itself.

They may hold data that is deleted long before they expire. Somebody who has only the database
cannot read them; a client that sends the same request again brings the key. The cipher is
ChaCha20-Poly1305 (RFC 8439).
"""

import hashlib
import os
from random import Random

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

from dialoguedb.http.responses.response import Response

_NONCE_BYTES = 12

_random = Random()  # noqa: S311 - a nonce must be new each time, but is no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


class _KeptResponse(Struct, array_like=True):
    """The parts of a response that are kept."""

    status: int
    etag: bytes | None
    body: bytes


_read = msgspec.msgpack.Decoder(_KeptResponse).decode


class ResponseSealer:
    """Encrypts and decrypts the response to one request."""

    def __init__(self, request: bytes) -> None:
        secret = hashlib.blake2b(request, digest_size=32, person=b"kept answer").digest()
        self._cipher = ChaCha20Poly1305(secret)

    def seal(self, response: Response) -> bytes:
        """Return a response in the form that is kept."""
        kept = msgspec.msgpack.encode(_KeptResponse(response.status, response.etag, response.body))
        nonce = _random.randbytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, kept, None)

    def open(self, sealed: bytes) -> Response:
        """Return the response that was kept."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        parts = _read(self._cipher.decrypt(nonce, text, None))
        return Response(parts.body, parts.etag, parts.status)
