"""The server itself over HTTP: whether it lives, whether it can write, how it does."""

import logging
from importlib.metadata import version

from msgspec import Struct

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.http.metrics import CONTENT_TYPE
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint

_log = logging.getLogger(__name__)


class Health(Struct):
    """The server answers."""

    version: str = version("dialoguedb")
    status: str = "ok"


@endpoint("Operations", None, answer=Health)
async def health(_: Call) -> Answer:
    """Answer as long as the server lives."""
    return Answer(encode(Health()))


@endpoint("Operations", None, answer=Health, errors=(ServiceUnavailable,))
async def ready(call: Call) -> Answer:
    """Answer when a write would be durable now."""
    await call.services.ready()
    return Answer(encode(Health()))


@endpoint("Operations", None, answer=str, media="text/plain")
async def metrics(call: Call) -> Answer:
    """Tell Prometheus about requests, commits, search and summaries; nothing names a project."""
    metrics = call.parts.metrics
    try:
        metrics.index_stands(await call.services.index_status(), call.services.clock())
        metrics.summaries.waiting = await call.services.summaries_waiting()
    except ServiceUnavailable as error:  # the rest is wanted most when the data fails
        _log.warning("The index's figures are those of before: %s", error)
    return Answer(metrics.render(), content_type=CONTENT_TYPE)
