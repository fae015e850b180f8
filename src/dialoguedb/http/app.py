"""The application: what serves the API, put together from its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from dialoguedb.http.admission.authentication import Auth
from dialoguedb.http.admission.rate_limits import Rates
from dialoguedb.http.admission.request_counts import Activity
from dialoguedb.http.cross_origin import CrossOrigin
from dialoguedb.http.dispatch import Gate, PathEndpoint
from dialoguedb.http.error_middleware import Frame, NotFound
from dialoguedb.http.metrics import CONTENT_TYPE, Metrics
from dialoguedb.http.openapi.document import describe
from dialoguedb.http.options import HttpOptions
from dialoguedb.http.requests.body_buffer import Buffer
from dialoguedb.http.requests.request import Parts
from dialoguedb.http.route_endpoint import Endpoint
from dialoguedb.http.route_table import ROUTES
from dialoguedb.service import Services


def build_app(services: Services, metrics: Metrics, options: HttpOptions) -> ASGIApp:
    """Return the API as an ASGI application; its lifespan runs the background work."""
    rates = Rates(enabled=options.rate_limits)
    activity = Activity(services)
    auth = Auth(services, options.trusted_proxies)
    router = Router(
        _served(Gate(auth, rates, activity)),
        redirect_slashes=False,
        default=NotFound(),
        lifespan=_background(activity),
    )
    parts = Parts(services, metrics, describe(ROUTES), auth.forget, activity.flush, Buffer())
    frame = Frame(router.app, parts, access_log=options.access_log)
    return CrossOrigin(frame, options.cors_origins) if options.cors_origins else frame


def _served(gate: Gate) -> list[Route]:
    """Turn the table into what the router tries, one entry for each path."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = route.endpoint
    return [Route(path, PathEndpoint(path, methods, gate)) for path, methods in paths.items()]


def _background(activity: Activity) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(activity.run())
        yield
        task.cancel()
        await activity.flush()

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
