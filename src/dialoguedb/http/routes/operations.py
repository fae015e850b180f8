"""The server itself over HTTP: health, readiness, metrics."""

import logging

from msgspec import Struct

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.http.metrics import CONTENT_TYPE
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.version import VERSION

_log = logging.getLogger(__name__)


class Health(Struct):
    """The server answers."""

    version: str = VERSION
    status: str = "ok"


@endpoint("Operations", None, response=Health)
async def health(_: Request) -> Response:
    """Answer as long as the server lives."""
    return Response(encode(Health()))


@endpoint("Operations", None, response=Health, errors=(ServiceUnavailable,))
async def ready(request: Request) -> Response:
    """Answer when a write would be durable now."""
    await request.services.ready()
    return Response(encode(Health()))


@endpoint("Operations", None, response=str, media_type="text/plain")
async def metrics(request: Request) -> Response:
    """Tell Prometheus about requests, commits, search and summaries; nothing names a project."""
    metrics = request.context.metrics
    try:
        metrics.set_index_status(await request.services.index_status(), request.services.clock())
        metrics.summaries.waiting = await request.services.summaries_waiting()
    except ServiceUnavailable as error:  # the rest is wanted most when the data fails
        _log.warning("The figures of the index are those of the last scrape: %s", error)
    return Response(metrics.render(), content_type=CONTENT_TYPE)
