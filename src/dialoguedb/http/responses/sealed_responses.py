"""Answers kept for idempotency keys, sealed with the request that they answer.

They tell what may be deleted long before they expire. Who has only the data cannot read them; who
sends the same request again has what opens them.
"""

import hashlib
import os
from random import Random

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

from dialoguedb.http.responses.response import Answer

_NONCE_BYTES = 12

_random = Random()  # noqa: S311 - a nonce has to be another one each time, and is no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


class _Kept(Struct, array_like=True):
    """The part of an answer that is kept."""

    status: int
    etag: bytes | None
    body: bytes


_read = msgspec.msgpack.Decoder(_Kept).decode


class Seal:
    """Keeps what one request is answered with."""

    def __init__(self, request: bytes) -> None:
        secret = hashlib.blake2b(request, digest_size=32, person=b"kept answer").digest()
        self._cipher = ChaCha20Poly1305(secret)

    def close(self, answer: Answer) -> bytes:
        """Return an answer in the form that is kept."""
        kept = msgspec.msgpack.encode(_Kept(answer.status, answer.etag, answer.body))
        nonce = _random.randbytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, kept, None)

    def open(self, kept: bytes) -> Answer:
        """Return the answer that was kept."""
        nonce, sealed = kept[:_NONCE_BYTES], kept[_NONCE_BYTES:]
        parts = _read(self._cipher.decrypt(nonce, sealed, None))
        return Answer(parts.body, parts.etag, parts.status)
