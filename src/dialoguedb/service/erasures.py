"""Erasing a namespace in every kind of object, and the signed receipt of it."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING

import msgspec

from dialoguedb.model.erasures import ErasureFacts, ErasureProgress, ErasureReceipt
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.projects import check_mutable
from dialoguedb.ports.erasures import ErasureStore
from dialoguedb.ports.search import IndexStore
from dialoguedb.values.timestamps import Clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SALT_BYTES = 16
_PURGES = 2
"""One may finish what was begun before the erasure; the next sees all that it has deleted."""


class ErasureService:
    """Erases namespaces; the secret belongs to the data, and with it the key of receipts."""

    def __init__(
        self,
        store: ErasureStore,
        index: IndexStore,
        secret: bytes,
        new_id: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._store = store
        self._index = index
        self._digest_key = _derived(secret, b"erasures")
        self._secret = secret
        self._new_id = new_id
        self._clock = clock

    async def erase(
        self, project: Project, namespace: str, *, by_operator: bool = False
    ) -> ErasureReceipt:
        """Delete all that a namespace holds and return a receipt; DialogueImmutable.

        Objects created meanwhile go as well, until nothing is left. An operator, who may delete an
        immutable project, may erase a namespace of it.
        """
        if not by_operator:
            check_mutable(project, "its namespaces cannot be erased")
        digest = self._digest(project, namespace)
        progress = await self._store.advance(project, namespace, digest, self._clock())
        while not progress.is_complete:
            progress = await self._store.advance(project, namespace, digest, self._clock())
        completed = self._clock()
        for _ in range(_PURGES):
            while await self._index.purge():
                pass
        is_clean = await self._store.clean()
        cleaned = self._clock() if is_clean else None
        receipt = self._receipt(project, namespace, progress, (completed, cleaned))
        await self._store.finish(project, digest)  # no sooner: a crash would lose the counts
        return receipt

    @cached_property
    def _key(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - few erase

        return Ed25519PrivateKey.from_private_bytes(_derived(self._secret, b"receipts"))

    @property
    def public_key(self) -> str:
        """The key that verifies receipts of this data."""
        return b64encode(self._key.public_key().public_bytes_raw()).decode()

    def _digest(self, project: Project, namespace: str) -> bytes:
        """Return what an erasure under way is found by, which tells nobody the name."""
        name = msgspec.msgpack.encode([project.id, namespace])
        return blake2b(name, key=self._digest_key, digest_size=32).digest()

    def _receipt(
        self,
        project: Project,
        namespace: str,
        progress: ErasureProgress,
        times: tuple[str, str | None],
    ) -> ErasureReceipt:
        completed, cleaned = times
        salt = secrets.token_hex(_SALT_BYTES)
        receipt = ErasureReceipt(
            id=self._new_id(),
            project_id=project.id,
            salt=salt,
            namespace_sha256=namespace_hash(salt, namespace),
            started=progress.started,
            completed=completed,
            deleted=progress.deleted,
            files_cleaned=cleaned,
            public_key=self.public_key,
            signature="",
        )
        signature = self._key.sign(_signed_bytes(msgspec.to_builtins(receipt)))
        receipt.signature = b64encode(signature).decode()
        return receipt


def namespace_hash(salt: str, namespace: str) -> str:
    """Return the hash of a namespace as a receipt shows it."""
    return sha256(f"{salt}{namespace}".encode()).hexdigest()


def is_genuine(receipt: bytes, public_key: str) -> bool:
    """Tell whether the JSON of a receipt is signed with this key, and unchanged."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - few read receipts
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - nor this

    try:
        fields = msgspec.json.decode(receipt, type=dict[str, object])
        json.loads(receipt, object_pairs_hook=_insist_on_one_each)
        msgspec.convert(fields, ErasureFacts)
        signature = b64decode(str(fields.get("signature")), validate=True)
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(signature, _signed_bytes(fields))
    except (msgspec.MsgspecError, ValueError, InvalidSignature):
        return False
    return fields.get("publicKey") == public_key


def _insist_on_one_each(members: list[tuple[str, object]]) -> None:
    """Raise ValueError for a name that is there twice: a reader may see the one not signed."""
    if len({name for name, _ in members}) < len(members):
        raise ValueError


def is_of(receipt: bytes, namespace: str) -> bool:
    """Tell whether a genuine receipt is of a namespace."""
    facts = msgspec.json.decode(receipt, type=ErasureFacts)
    return facts.namespace_sha256 == namespace_hash(facts.salt, namespace)


def _signed_bytes(fields: dict[str, object]) -> bytes:
    signed = {name: value for name, value in fields.items() if name != "signature"}
    return msgspec.json.encode(signed, order="sorted")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    """Return a key of its own for a purpose."""
    return blake2b(secret, digest_size=32, person=purpose).digest()
