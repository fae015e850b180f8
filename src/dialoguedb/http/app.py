"""The application that serves the API, built from its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from dialoguedb.http.admission.admission import Admission, RequestCounts
from dialoguedb.http.admission.authentication import Authentication
from dialoguedb.http.admission.rate_limits import RateLimits
from dialoguedb.http.admission.shared_rate_limits import SharedRateLimits
from dialoguedb.http.cross_origin import CrossOrigin
from dialoguedb.http.memory_budget import MemoryBudget
from dialoguedb.http.metrics import CONTENT_TYPE, Metrics
from dialoguedb.http.openapi.document import describe
from dialoguedb.http.options import HttpOptions
from dialoguedb.http.pipeline import ErrorMiddleware, NoSuchRoute, PathEndpoint
from dialoguedb.http.requests.request import AppContext
from dialoguedb.http.route_endpoint import RouteEndpoint
from dialoguedb.http.route_table import ROUTES
from dialoguedb.ports.rate_limits import RateLimitStore
from dialoguedb.service import Services


def build_app(
    services: Services,
    metrics: Metrics,
    options: HttpOptions,
    rate_limit_store: RateLimitStore | None = None,
) -> ASGIApp:
    """Return the API as an ASGI application; its lifespan runs the background work.

    Without a store, this process counts rates by itself.
    """
    authentication = Authentication(services, options.trusted_proxies)
    counts = RequestCounts(services)
    uploads = MemoryBudget(options.upload_bytes, wait_seconds=options.upload_wait_seconds)
    answers = MemoryBudget(options.answer_bytes, wait_seconds=options.answer_wait_seconds)
    metrics.load.budgets = {"upload": uploads, "answer": answers}
    context = AppContext(
        services=services,
        metrics=metrics,
        openapi_document=describe(ROUTES),
        forget_keys=authentication.forget_keys,
        flush_request_counts=counts.flush,
        uploads=uploads,
        answers=answers,
        large_work=asyncio.Semaphore(1),
    )
    own = RateLimits(enabled=options.rate_limits)
    shared = SharedRateLimits(rate_limit_store, own) if rate_limit_store else None
    admission = Admission(authentication, own, shared, counts)
    router = Router(
        _routes(admission, context),
        redirect_slashes=False,
        default=NoSuchRoute(),
        lifespan=_background(counts, metrics, shared),
    )
    app = ErrorMiddleware(router.app, context, access_log=options.access_log)
    return CrossOrigin(app, options.cors_origins) if options.cors_origins else app


def _routes(admission: Admission, context: AppContext) -> list[Route]:
    """Return what the router tries: one entry for each path of the table."""
    paths: dict[str, dict[str, RouteEndpoint]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route.endpoint
    return [
        Route(path, PathEndpoint(path, endpoints, admission, context))
        for path, endpoints in paths.items()
    ]


def _background(
    counts: RequestCounts, metrics: Metrics, shared_rate_limits: SharedRateLimits | None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(run) for run in (counts.run(), metrics.load.observe_delay())]
        yield
        for task in tasks:
            task.cancel()
        if shared_rate_limits:
            await shared_rate_limits.close()
        await counts.flush()

    return lifespan


def build_project_metrics_app(metrics: Metrics) -> ASGIApp:
    """Return an application that serves `/metrics` with per-project series, for another address."""

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found = scope["path"].rstrip("/") == "/metrics"
        body = metrics.render_projects() if found else b""
        headers = [
            (b"content-type", CONTENT_TYPE),
            (b"content-length", b"%d" % len(body)),
        ]
        status = 200 if found else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
