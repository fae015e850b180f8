"""Embedders behind an endpoint that speaks like OpenAI's: OpenAI, Ollama, vLLM, TEI, LM Studio."""

import logging
from collections.abc import Sequence

import httpx2
import numpy as np
import stamina
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.embed.openai_responses import decode_vectors
from dialoguedb.embed.texts import Prefixes
from dialoguedb.embed.vectors import spread, unit
from dialoguedb.endpoints import (
    EndpointFailure,
    EndpointRefused,
    failure_from,
    retry_delay_s,
    silence_http_logs,
)
from dialoguedb.errors import EmbedderUnavailable, WrongDimensions
from dialoguedb.ports.search import Vectors

logger = logging.getLogger(__name__)

_SHORTEST_CHARACTERS = 256
"""A text that is refused is halved, down to this length: the model may read less."""


class EmbeddingEndpoint(Struct, frozen=True, kw_only=True):
    """Where an embedder is, and how to call it."""

    url: str
    model: str
    dimensions: int | None = None
    prefixes: Prefixes = Prefixes()
    batch_size: int = 64
    timeout_s: float = 30


class _RetryPolicy(Struct, frozen=True):
    """How long a call waits for an endpoint that fails."""

    timeout_s_max: float
    attempts: int
    wait_s_initial: float
    wait_s_max: float


_DOCUMENT_POLICY = _RetryPolicy(timeout_s_max=600, attempts=4, wait_s_initial=0.25, wait_s_max=8)
"""The outbox retries later what is not embedded within these limits."""

_QUERY_POLICY = _RetryPolicy(timeout_s_max=5, attempts=2, wait_s_initial=0.1, wait_s_max=0.5)
"""A caller is waiting, and words can be searched without a vector."""


class OpenAIEmbedder:
    """A model behind an endpoint."""

    in_process = False

    def __init__(self, endpoint: EmbeddingEndpoint, key: str | None = None) -> None:
        self._endpoint = endpoint
        self._key = key
        self.dimensions: int | None = endpoint.dimensions
        self._client = httpx2.Client(headers={"authorization": f"Bearer {key}"} if key else {})
        size = f"/{endpoint.dimensions}" if endpoint.dimensions else ""
        self.name = endpoint.prefixes.mark(f"openai/{endpoint.model}{size}")
        silence_http_logs()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Return a row of length 1 for each text, zeros for a blank one.

        Raises EmbedderUnavailable and WrongDimensions.
        """
        indexes = [index for index, text in enumerate(texts) if text.strip()]
        prefixes, policy = self._endpoint.prefixes, _QUERY_POLICY if query else _DOCUMENT_POLICY
        inputs = [prefixes.before(texts[index], query=query) for index in indexes]
        try:
            rows = self._rows(inputs or ["."], policy)  # the dot tells how long vectors are
        except EndpointFailure as failure:
            raise self._unavailable(failure) from None
        return spread(unit(rows)[: len(indexes)], indexes, len(texts))

    def _rows(self, texts: list[str], policy: _RetryPolicy) -> NDArray[np.float32]:
        size = self._endpoint.batch_size
        batches = [texts[start : start + size] for start in range(0, len(texts), size)]
        rows = [self._accepted(batch, policy) for batch in batches]
        if len({of_batch.shape[1] for of_batch in rows}) > 1:
            raise EndpointFailure("its vectors are of several lengths", again=False)
        return np.concatenate(rows)

    def _accepted(self, batch: list[str], policy: _RetryPolicy) -> NDArray[np.float32]:
        """Embed a batch; a refused one is split in half, down to the text that is too long."""
        try:
            return self._with_retries(batch, policy)
        except EndpointRefused:
            if len(batch) > 1:
                middle = len(batch) // 2
                halves = (batch[:middle], batch[middle:])
                return np.concatenate([self._accepted(half, policy) for half in halves])
            [text] = batch
            if len(text) < 2 * _SHORTEST_CHARACTERS:
                raise
            return self._accepted([text[: len(text) // 2]], policy)

    def _with_retries(self, batch: list[str], policy: _RetryPolicy) -> NDArray[np.float32]:
        attempts = stamina.retry_context(
            on=lambda error: retry_delay_s(error, policy.wait_s_max),
            attempts=policy.attempts,
            timeout=None,
            wait_initial=policy.wait_s_initial,
            wait_max=policy.wait_s_max,
            wait_jitter=policy.wait_s_initial,
        )
        for attempt in attempts:
            with attempt:
                return self._fitting(self._post(batch, policy))
        raise AssertionError  # the last attempt has returned or raised

    def _post(self, batch: list[str], policy: _RetryPolicy) -> NDArray[np.float32]:
        endpoint = self._endpoint
        request = {"model": endpoint.model, "input": batch, "encoding_format": "base64"}
        shortened = {"dimensions": endpoint.dimensions} if endpoint.dimensions else {}
        timeout_s = min(endpoint.timeout_s, policy.timeout_s_max)
        try:
            response = self._client.post(
                f"{endpoint.url}/embeddings", json=request | shortened, timeout=timeout_s
            )
        except httpx2.TimeoutException:
            raise EndpointFailure(f"it did not answer within {timeout_s:g} s", again=True) from None
        except httpx2.HTTPError as error:
            raise EndpointFailure(f"it cannot be reached: {error}", again=True) from None
        if not response.is_success:
            raise failure_from(response, response.content)
        return decode_vectors(response.content, len(batch))

    def _fitting(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows of the expected length."""
        if self.dimensions and rows.shape[1] != self.dimensions:
            raise WrongDimensions(
                f"The embedder {self.name} gives {rows.shape[1]} dimensions, not the"
                f" {self.dimensions} that are expected; set embedder-dimensions to what the model"
                " gives, or leave it out"
            )
        return rows

    def _unavailable(self, failure: EndpointFailure) -> EmbedderUnavailable:
        """Log the details for the operator, and return the error that a client may see."""
        body = failure.body_without(self._key)
        extra = {"embedder": self.name, "url": self._endpoint.url, "response": body}
        logger.warning("The embedder failed: %s", failure.reason, extra=extra)
        return EmbedderUnavailable(f"The embedder {self.name} failed: {failure.reason}")
