"""The server's parts, put together and kept running."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from msgspec import Struct
from starlette.types import ASGIApp

from dialoguedb.bootstrap.background_tasks import running
from dialoguedb.bootstrap.embedders import known, warm_up
from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.bootstrap.index_worker import indexing
from dialoguedb.bootstrap.process_key import admit
from dialoguedb.bootstrap.rate_limits import rate_limit_store_of
from dialoguedb.bootstrap.services import opened_store, services_of, weights_of
from dialoguedb.bootstrap.summary_worker import summarizing
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import defect
from dialoguedb.http.app import build_app, build_project_metrics_app
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.options import HttpOptions
from dialoguedb.ports import Store
from dialoguedb.ports.search import Embedder
from dialoguedb.service import Services
from dialoguedb.settings import Settings
from dialoguedb.values import limits, timestamps

_EXPIRY_INTERVAL_S = 600
_MIB = 1024 * 1024

logger = logging.getLogger(__name__)


class Applications(Struct, frozen=True):
    """What a server serves, and the services behind it."""

    api: ASGIApp
    project_metrics: ASGIApp
    services: Services
    warm_up: Callable[[], None]
    """Loads what the first writes need; blocks."""


@asynccontextmanager
async def applications(
    settings: Settings, own_secret: str | None = None
) -> AsyncIterator[Applications]:
    """Open the data and build what is served from it; DataError.

    With a secret of its own, the process that opens it may ask, too.
    """
    metrics = Metrics()
    embedders = known(settings)
    share_rate_limits = rate_limit_store_of(settings)
    async with (
        opened_store(settings, metrics.commits, embedders) as store,
        running(_forget_answers(store)),
        running(_warm(store)),
        indexing(store.index, embedders),
        summarizing(store.jobs, settings, metrics.summaries) as workshop,
        share_rate_limits(store) as rate_limits,
    ):
        if own_secret is None:
            engine_of(settings).warn_if_open()
        else:
            await admit(store, own_secret)
        services = services_of(store, embedders, weights_of(settings), workshop)
        yield Applications(
            api=build_app(services, metrics, _http_options(settings), rate_limits),
            project_metrics=build_project_metrics_app(metrics),
            services=services,
            warm_up=partial(_warm_up, embedders),
        )


def _warm_up(embedders: Sequence[Embedder]) -> None:
    count_tokens("ready")
    warm_up(embedders)


def _http_options(settings: Settings) -> HttpOptions:
    return HttpOptions(
        rate_limits=settings.rate_limits,
        trusted_proxies=tuple(str(network) for network in settings.trusted_proxy),
        cors_origins=settings.cors_origin,
        access_log=settings.access_log,
        upload_bytes=settings.upload_memory * _MIB,
        answer_bytes=settings.answer_memory * _MIB,
    )


async def _warm(store: Store) -> None:
    """Get ready for searches while the first requests are served."""
    try:
        await store.search.prepare_search()
    except Exception:
        logger.exception("Searches could not be got ready for; the first will take longer")


async def _forget_answers(store: Store) -> None:
    """Drop, every now and then, the answers kept for idempotency keys that have expired."""
    while True:
        try:
            before = timestamps.add_seconds(timestamps.now(), -limits.IDEMPOTENCY_HOURS * 3600)
            await store.forget_answers(before)
        except Exception as error:
            logger.warning("Expired answers wait to be dropped: %s", error, exc_info=defect(error))
        await asyncio.sleep(_EXPIRY_INTERVAL_S)
