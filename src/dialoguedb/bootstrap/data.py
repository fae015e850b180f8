"""The engine in use: opened for the services, or handled as files."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from dialoguedb.bootstrap.ids import Ids
from dialoguedb.bootstrap.tokens import count_tokens
from dialoguedb.model.search import SearchMode
from dialoguedb.ports import Meter
from dialoguedb.ports.search import Embedder
from dialoguedb.service import Services, build_services
from dialoguedb.service.ranking import WEIGHTS, Weights
from dialoguedb.service.summaries import Workshop
from dialoguedb.settings import Settings
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.maintenance import backup, check, snapshot, upgrade
from dialoguedb.values import timestamps

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@asynccontextmanager
async def opened_store(
    settings: Settings, meter: Meter | None = None, known: Sequence[Embedder] = ()
) -> AsyncIterator[SQLiteStore]:
    """Open the data, made and brought to this version's schema as needed; DataError.

    The first of the embedders that are known is the one to be.
    """
    embedder, *others = known or (None,)
    store = await SQLiteStore.open(
        settings.database_directory, meter, embedder, others, count_tokens
    )
    try:
        yield store
    finally:
        await store.close()


def services_of(
    store: SQLiteStore,
    known: Sequence[Embedder] = (),
    weights: Mapping[SearchMode, Weights] = WEIGHTS,
    workshop: Workshop | None = None,
) -> Services:
    """Put the services over an open store, to search with the embedders that are known.

    Without a workshop, summaries that are asked for wait for a server.
    """
    return build_services(
        store,
        clock=timestamps.now,
        new_id=Ids(),
        token_secret=store.token_secret,
        count_tokens=count_tokens,
        embedders=known,
        weights=weights,
        workshop=workshop,
    )


def weights_of(settings: Settings) -> Mapping[SearchMode, Weights]:
    """Return how searches rank: each message with those around it, or by itself."""
    if settings.search_neighbours:
        return WEIGHTS
    return {mode: weights.alone() for mode, weights in WEIGHTS.items()}


@asynccontextmanager
async def opened(settings: Settings, *, make: bool = False) -> AsyncIterator[Services]:
    """Open the services for one command; DataError when there is no data, unless it may be made."""
    if not make:
        snapshot.locate(settings.database_directory)
    async with opened_store(settings) as store:
        yield services_of(store)


def back_up(settings: Settings, destination: Path, progress: Progress) -> Path:
    """Copy the data into an empty or new directory; DataError."""
    return backup.backup(settings.database_directory, destination, progress)


def restore(settings: Settings, source: Path, progress: Progress) -> Path:
    """Make the data from a backup; DataError when there is data already."""
    return backup.restore(source, settings.database_directory, progress)


def find_damage(settings: Settings) -> list[str]:
    """Return what is wrong with the data, a line each; DataError when it cannot be read."""
    return check.check(settings.database_directory)


def missing_migrations(settings: Settings) -> list[str]:
    """Return the steps that the data's schema lacks; DataError."""
    return upgrade.missing_steps(settings.database_directory)


def migrate(settings: Settings) -> list[str]:
    """Take the steps that the data's schema lacks and return them; DataError."""
    return upgrade.upgrade(settings.database_directory, count_tokens)
