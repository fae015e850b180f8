"""The response of an endpoint that speaks like OpenAI's: vectors."""

import base64

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.endpoints import EndpointFailure


class _Embedded(Struct):
    index: int
    embedding: str | list[float]


class _EmbeddingsResponse(Struct):
    data: list[_Embedded]


_decoder = msgspec.json.Decoder(_EmbeddingsResponse)


def decode_vectors(body: bytes, count: int) -> NDArray[np.float32]:
    """Return the vectors of a response, a row for each text of the request."""
    try:
        data = sorted(_decoder.decode(body).data, key=lambda item: item.index)
        if [item.index for item in data] != list(range(count)):
            raise EndpointFailure(f"it answered {len(data)} vectors for {count} texts", again=False)
        rows = np.stack([_vector(item.embedding) for item in data])
    except ValueError:  # not JSON, not base64, rows of several lengths
        raise EndpointFailure("its answer cannot be read", again=True) from None
    if not (rows.shape[1] and np.isfinite(rows).all()):
        raise EndpointFailure("its answer holds no vectors", again=False)
    return rows


def _vector(embedding: str | list[float]) -> NDArray[np.float32]:
    if isinstance(embedding, list):
        return np.array(embedding, np.float32)
    return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
