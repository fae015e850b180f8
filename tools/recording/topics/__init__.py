"""What is asked: a module for each part of the API, and the options of the server it asks."""

from collections.abc import Callable
from dataclasses import dataclass

from tools.recording.recorder import Recorder
from tools.recording.topics import (
    bodies,
    context,
    dialogues,
    idempotency,
    keys,
    lifecycle,
    lists,
    memories,
    messages,
    namespaces,
    operations,
    pages,
    projects,
    queries,
    routes,
    search,
    search_filters,
    search_refusals,
    special,
    state,
    summaries,
    templates,
    wire,
)


@dataclass(frozen=True)
class Topic:
    """One file: what is asked, and of which server."""

    play: Callable[[Recorder], None]
    options: tuple[str, ...] = ()
    alone: bool = False


_PLAIN = {
    "bodies": bodies.play,
    "context": context.play,
    "dialogues": dialogues.play,
    "keys": keys.play,
    "lifecycle": lifecycle.play,
    "lists": lists.play,
    "memories": memories.play,
    "messages": messages.play,
    "namespaces": namespaces.play,
    "once": idempotency.play,
    "pages": pages.play,
    "queries": queries.play,
    "routes": routes.play,
    "search": search.play,
    "search-filters": search_filters.play,
    "search-refusals": search_refusals.play,
    "state": state.play,
    "summaries": summaries.play,
    "templates": templates.play,
    "wire": wire.play,
}
_SPECIAL = {
    "operations": Topic(operations.play, alone=True),
    "projects": Topic(projects.play, alone=True),
    "cross-origin": Topic(special.one_origin, special.IN_FRONT),
    "proxy": Topic(special.proxy, special.IN_FRONT),
    "cross-origin-any": Topic(special.any_origin, special.WORDS_ALONE),
    "no-embedder": Topic(special.no_embedder, special.WORDS_ALONE),
    "no-rate-limits": Topic(special.no_rate_limits, special.UNAVAILABLE),
    "unavailable": Topic(special.unavailable, special.UNAVAILABLE),
}

TOPICS = {name: Topic(play) for name, play in _PLAIN.items()} | _SPECIAL
"""Every topic, by the name of its file."""
