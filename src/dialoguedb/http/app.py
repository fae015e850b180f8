"""The application: what serves the API, put together from its parts."""

from starlette.types import ASGIApp

from dialoguedb.http.metrics import Metrics
from dialoguedb.http.options import HttpOptions
from dialoguedb.service import Services


def build_app(services: Services, metrics: Metrics, options: HttpOptions) -> ASGIApp:
    """Return the API as an ASGI application; its lifespan runs the background work."""
    raise NotImplementedError


def build_project_metrics_app(metrics: Metrics) -> ASGIApp:
    """Return an application that serves `/metrics` with per-project series, for another address."""
    raise NotImplementedError
