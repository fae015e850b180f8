"""The embedders whose vectors are stored: one serves, its successor is built, others are dropped.

All writes are embedded for the one that serves and for its successor, so both are complete.
"""

from collections.abc import Container, Sequence
from typing import Literal, NamedTuple

from dialoguedb.errors import WrongDimensions

EmbedderState = Literal["serving", "building", "retired"]


class StoredEmbedder(NamedTuple):
    """An embedder that has vectors, or will have."""

    key: int
    """The engine's own key of its row."""

    name: str
    dimensions: int | None
    state: EmbedderState


class EmbedderChanges(NamedTuple):
    """What is to change for other embedders to be in use."""

    retire: list[StoredEmbedder]
    build: str | None
    """The embedder that everything is to be embedded by."""


def chosen(active: Sequence[StoredEmbedder]) -> str | None:
    """Return the embedder to be: the one that is built, else the one that serves."""
    by_state = {stored.state: stored.name for stored in active}
    return by_state.get("building") or by_state.get("serving")


def changes(active: Sequence[StoredEmbedder], names: Sequence[str]) -> EmbedderChanges:
    """Make the first of these embedders the one to be; see `ports.search.IndexStore.prepare`."""
    retire = [
        stored
        for stored in active
        if stored.name not in names[:1]
        and (stored.state != "serving" or stored.name not in names[1:])
    ]
    is_new = bool(names) and names[0] not in {stored.name for stored in active}
    return EmbedderChanges(retire, names[0] if is_new else None)


class Promotion(NamedTuple):
    """An embedder that is to serve from now on."""

    serve: StoredEmbedder
    retire: StoredEmbedder | None


def promotion(active: Sequence[StoredEmbedder], complete: Container[int]) -> Promotion | None:
    """Let an embedder serve that has all vectors, or before that when no other one does.

    `complete` are the keys of those for which nothing is left to be embedded.
    """
    serving = next((stored for stored in active if stored.state == "serving"), None)
    for stored in active:
        if stored.state == "building" and (serving is None or stored.key in complete):
            return Promotion(stored, serving)
    return None


def settles_dimensions(stored: StoredEmbedder, dimensions: int) -> bool:
    """Tell whether an embedder's first vectors settle how long they are; WrongDimensions."""
    if stored.dimensions is not None and stored.dimensions != dimensions:
        raise WrongDimensions(
            f"Embedder {stored.name!r} gives vectors of {dimensions} dimensions, but those stored"
            f" under its name have {stored.dimensions}: set it to what it was, or give the other"
            " model another name, and everything is embedded again"
        )
    return stored.dimensions is None
