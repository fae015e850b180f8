"""Cross-origin resource sharing (CORS): which web pages may call the API."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response as StarletteResponse
from starlette.types import ASGIApp

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.responses.error_responses import error_response
from dialoguedb.http.responses.response import (
    Response,
    default_rate_limit_status,
    headers_of,
    new_request_id,
)
from dialoguedb.values import timestamps

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
    """Lets pages of some origins call the API; keys travel in a header, never in a cookie."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_READ,
        )

    def preflight_response(self, request_headers: Headers) -> StarletteResponse:
        """Answer a preflight request with the headers that every response has."""
        preflight = super().preflight_response(request_headers)
        request_id = new_request_id()
        response = Response(b"{}")
        if preflight.status_code != response.status:
            refusal = InvalidRequest(bytes(preflight.body).decode())
            response = error_response(refusal, request_id, timestamps.now())
        headers = headers_of(response, request_id, default_rate_limit_status())
        preflight.headers.update({name.decode(): value.decode() for name, value in headers})
        preflight.body = response.body
        return preflight
