"""Short ways to search a store, with the embedder that is built in."""

from copy import copy

from dialoguedb.model.projects import ProjectInput, SettingsChange
from dialoguedb.model.search import Search, SearchFilter
from dialoguedb.retrieval.vectors import query_vector
from dialoguedb.retrieval.weights import WEIGHTS
from tests.contract.indexes import BUILT_IN
from tests.contract.making import ids


async def search(shelf, query, *, of="message", mode="hybrid", alone=False, **options):
    """Return what is found; `alone`, messages and words are scored without those around them."""
    limit, context = options.pop("limit", 10), options.pop("context", 0)
    request = Search(of, query, limit, mode, SearchFilter(**options), context=context)
    serving = await shelf.store.search.serving()
    meant = serving and serving.name == BUILT_IN.name and mode != "keyword"
    vector = _vector(query, alone=alone) if meant else None
    weights = WEIGHTS[mode].alone() if alone else WEIGHTS[mode]
    return await shelf.store.search.search(shelf.project, request, vector, weights)


def _vector(query, *, alone):
    return BUILT_IN.embed([query])[0] if alone else query_vector(BUILT_IN, query)


async def found(shelf, query, **options):
    """Return the ids of what is found, the best first."""
    return ids(hit.item for hit in await search(shelf, query, **options))


async def neighbour_of(shelf):
    """Make another project in the same store."""
    other = copy(shelf)
    new = ProjectInput("another", SettingsChange())
    other.project = await shelf.services.projects.create(new, None, shelf.write_options())
    return other
