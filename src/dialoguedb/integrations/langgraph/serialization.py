"""Checkpoints and writes of LangGraph as messages, and back.

What LangGraph serializes is no text, so these messages have an empty text: no search finds them,
and no context window shows them. Each value above a size is stored in pieces, each a message with
an id made of its bytes (content addressing): of a value that stays the same from one checkpoint to
the next, or grows at its end, the same pieces are stored once.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from operator import itemgetter
from typing import Any, Unpack

from langgraph.checkpoint.base import WRITES_IDX_MAP, PendingWrite, writes_sort_key
from langgraph.checkpoint.serde.base import SerializerProtocol

from dialoguedb.client.inputs import MessageDict, MessageFields
from dialoguedb.client.records import MessageRecord

CHECKPOINT = "checkpoint"
WRITES = "writes"
VALUE = "value"
"""The roles of messages."""

_OURS = "langgraph"
_INLINE_BYTES = 8 * 1024
"""A larger value is stored in messages of its own."""

_INLINE_BYTES_MAX = 256 * 1024
"""The most for all values within one checkpoint."""

_PIECE_BYTES = 600 * 1024
"""Of a value in one message, before base64."""

_ID_CHARS = 40

Packed = Mapping[str, Any]
"""What LangGraph serializes: the `way`, and its `data` in base64, or the ids of its `pieces`."""

PieceReader = Callable[[str], MessageRecord]


class ValueSerializer:
    """Serializes the values of one message, and collects the pieces of large ones."""

    def __init__(self, serde: SerializerProtocol) -> None:
        self.pieces: dict[str, bytes] = {}
        """By their ids."""

        self._serde = serde
        self._inline_bytes_left = _INLINE_BYTES_MAX

    def pack(self, value: Any) -> Packed:
        """Serialize a value."""
        way, data = self._serde.dumps_typed(value)
        if len(data) <= min(_INLINE_BYTES, self._inline_bytes_left):
            self._inline_bytes_left -= len(data)
            return {"way": way, "data": b64encode(data).decode()}
        starts = range(0, len(data), _PIECE_BYTES)
        pieces = [data[start : start + _PIECE_BYTES] for start in starts]
        ids = [sha256(one).hexdigest()[:_ID_CHARS] for one in pieces]
        self.pieces.update(zip(ids, pieces, strict=True))
        return {"way": way, "pieces": ids}

    def unpack(self, packed: Packed, read_piece: PieceReader) -> Any:
        """Return a value, asking for its pieces by their ids."""
        if "data" in packed:
            data = b64decode(packed["data"])
        else:
            found = (payload_of(read_piece(piece_id)) for piece_id in packed["pieces"])
            data = b"".join(b64decode(piece["data"]) for piece in found)
        return self._serde.loads_typed((packed["way"], data))

    def pack_writes(self, writes: Iterable[tuple[str, Any]]) -> list[Any]:
        """Serialize what a task wrote."""
        return [
            [WRITES_IDX_MAP.get(channel, index), channel, self.pack(value)]
            for index, (channel, value) in enumerate(writes)
        ]

    def pending(
        self, written: Iterable[Mapping[str, Any]], read_piece: PieceReader
    ) -> list[PendingWrite]:
        """Return the effective writes of one checkpoint; they are given oldest first.

        Of two writes of a task at one index the first counts; of its special ones, such as errors
        and interrupts, the last.
        """
        winners: dict[tuple[str, str, int], tuple[str, Packed]] = {}
        for one in written:
            for index, channel, packed in one["writes"]:
                key = writes_sort_key(one["task_path"], one["task_id"], index)
                if index < 0 or key not in winners:
                    winners[key] = channel, packed
        return [
            (key[1], channel, self.unpack(packed, read_piece))
            for key, (channel, packed) in sorted(winners.items(), key=itemgetter(0))
        ]


def piece(piece_id: str, data: bytes) -> MessageDict:
    """Return the message that a piece of a value is stored as."""
    return message(VALUE, {"data": b64encode(data).decode()}, id=piece_id)


def message(role: str, payload: Mapping[str, Any], **fields: Unpack[MessageFields]) -> MessageDict:
    """Return a message that holds a payload and has no text."""
    content = {"type": "message", "role": role, "content": "", _OURS: payload}
    return {"role": role, "content": content, **fields}


def payload_of(record: MessageRecord) -> dict[str, Any]:
    """Return the payload of such a message."""
    payload: dict[str, Any] = record.content[_OURS]
    return payload


def checkpoint_message_id(ns: str, checkpoint_id: str) -> str:
    """Return the id of a checkpoint's message within its thread."""
    return sha256(f"{ns}\0{checkpoint_id}".encode()).hexdigest()[:_ID_CHARS]
