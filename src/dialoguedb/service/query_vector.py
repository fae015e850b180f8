"""What a query means: word by word where its embedder can tell, else as a whole."""

import re

import numpy as np

from dialoguedb.ports.search import Embedder, QueryVector, WordEmbedder, WordVectors

_WORD = re.compile(r"[^\W_]+")


def query_vector(embedder: Embedder, query: str) -> QueryVector:
    """Return a query's vector, or what it is made of; blocks."""
    words = _WORD.findall(query)
    if words and isinstance(embedder, WordEmbedder):
        return WordVectors(words, embedder.embed_words(words))
    return np.asarray(embedder.embed([query], query=True)[0])
