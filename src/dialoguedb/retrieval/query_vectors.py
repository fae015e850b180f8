"""What a query means: word by word where its embedder can tell, else as a whole."""

import re
from collections.abc import Sequence

import numpy as np

from dialoguedb.ports.search import Embedder, QueryVector, WordEmbedder, WordVectors
from dialoguedb.retrieval.snapshot import Floats, Term

_WORD = re.compile(r"[^\W_]+")


def query_vector(embedder: Embedder, query: str) -> QueryVector:
    """Return a query's vector, or what it is made of; blocks."""
    words = _WORD.findall(query)
    if words and isinstance(embedder, WordEmbedder):
        return WordVectors(words, embedder.embed_words(words))
    return np.asarray(embedder.embed([query], query=True)[0])


def weighted(
    vector: WordVectors, stems: Sequence[Sequence[str]], terms: Sequence[Term], rarities: Floats
) -> Floats:
    """Let each word count by its rarity; a stop word, which is no term, counts once.

    Weighing words by how rare they are makes good vectors of texts out of those of their words
    (Arora, Liang and Ma, 2017). `stems` are those of each word, `rarities` those of the terms.
    """
    of_stems = {term.stem: float(rarities[at]) for at, term in enumerate(terms)}
    weights = [
        min((of_stems[stem] for stem in of_word if stem in of_stems), default=1.0)
        for of_word in stems
    ]
    joined = np.array(weights, np.float32) @ vector.vectors
    length = float(np.linalg.norm(joined))
    return np.asarray(joined / length if length > 0 else joined, np.float32)
