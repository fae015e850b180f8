"""Calls from web pages of other origins; only the configured ones are let in."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from dialoguedb.http.answers import Answer, headers_of, new_request_id
from dialoguedb.http.rates import full

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-Id")
_READ = (
    "Allow",
    "ETag",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-Id",
)


class CrossOrigin(CORSMiddleware):
    """Lets pages of some origins call the API; keys travel in a header, cookies never."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_READ,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks first, with the headers that every answer has."""
        response = super().preflight_response(request_headers)
        for name, value in headers_of(Answer(b""), new_request_id(), full()):
            if name.startswith(b"x-"):
                response.headers[name.decode()] = value.decode()
        return response
