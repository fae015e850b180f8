"""Calls from web pages of other origins; only the configured ones are let in."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.responses.error_responses import answer_of
from dialoguedb.http.responses.response import Answer, full, headers_of, new_request_id
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
        request_id = new_request_id()
        answer = Answer(b"{}")
        if response.status_code != answer.status:
            refusal = InvalidRequest(bytes(response.body).decode())
            answer = answer_of(refusal, request_id, timestamps.now())
        told = headers_of(answer, request_id, full())
        response.headers.update({name.decode(): value.decode() for name, value in told})
        response.body = answer.body
        return response
