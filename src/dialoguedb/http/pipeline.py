"""The way of a request from its head to its response, checked in the contract's order."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, nullcontext
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dialoguedb.errors import (
    DialogueDBError,
    InvalidJSON,
    InvalidRequest,
    MethodNotAllowed,
    RouteNotFound,
    UnreadableData,
)
from dialoguedb.formats.attachments import deferred
from dialoguedb.formats.attachments.deferred import DEFERRED_BYTES, DeferredText
from dialoguedb.http.admission.admission import Admission
from dialoguedb.http.requests import bound_namespace, incoming, permissions, preconditions, queries
from dialoguedb.http.requests.incoming import in_thread_if_large
from dialoguedb.http.requests.request import AdmittedRequest, AppContext, Exchange, Request
from dialoguedb.http.responses import error_responses
from dialoguedb.http.responses.response import (
    CUT_OFF,
    Response,
    default_rate_limit_status,
    headers_of,
)
from dialoguedb.http.route_endpoint import RouteEndpoint
from dialoguedb.ports import IdempotencyHit, large_reads
from dialoguedb.values import rawjson

_DEFECT_STATUS = 500
_UNAVAILABLE_STATUS = 503
_OPEN = AdmittedRequest()
_log = logging.getLogger(__name__)
_access_log = logging.getLogger("dialoguedb.access")


class ErrorMiddleware:
    """The outermost layer: answers each request, whatever happens, and measures it."""

    def __init__(self, routes: ASGIApp, context: AppContext, *, access_log: bool) -> None:
        self._routes = routes
        self._context = context
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or pass on the server's start and stop."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._routes(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        exchange = Exchange(incoming.read_head(scope), self._context.answers)
        scope["path"], scope["exchange"] = exchange.head.target, exchange
        admission = large_reads.admission.set(exchange.admit_read)
        metrics = self._context.metrics
        metrics.in_flight += 1
        try:
            response = await self._response(exchange, scope, receive)
            seconds = time.perf_counter() - started
            sent_bytes = await self._send(exchange, response, scope["method"], send)
            self._record(exchange, scope["method"], response.status, (sent_bytes, seconds))
        except incoming.ClientDisconnected:
            return
        finally:
            metrics.in_flight -= 1
            large_reads.admission.reset(admission)
            del scope["exchange"]  # the connection keeps its last scope
            exchange.release()

    async def _response(self, exchange: Exchange, scope: Scope, receive: Receive) -> Response:
        """Return the response, for which there is room; ClientDisconnected."""
        try:
            incoming.check_declared_length(exchange.head)
            await self._routes(scope, receive, _unused)
            response, exchange.response = exchange.response, None
            assert response is not None
            if exchange.body is not None:
                exchange.body.release()
            if response.stream is None and not deferred.is_complete(response.body):
                await exchange.admit_read(large_reads.PIECE_READ_BYTES)
                response.length, response.stream = deferred.full_length(response.body), _nothing()
            elif response.stream is None or response.following_bytes:
                exchange.hold_response(len(response.body) + response.following_bytes)
        except incoming.ClientDisconnected:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost layer: every defect is answered
            return self._error_response(exchange.head, error)
        return response

    async def _send(self, exchange: Exchange, response: Response, method: str, send: Send) -> int:
        """Send a response; returns the bytes of its body."""
        rate_limit = exchange.rate_limit_status or default_rate_limit_status()
        headers = headers_of(response, exchange.head.request_id, rate_limit)
        if incoming.is_left_unread(exchange.head, exchange.body):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if response.stream is None or method == "HEAD":
            await send({"type": "http.response.body", "body": response.body})
            return len(response.body)
        return await self._send_pieces(exchange, response, response.stream, send)

    async def _send_pieces(
        self, exchange: Exchange, response: Response, stream: AsyncGenerator[bytes], send: Send
    ) -> int:
        """Send a response whose pieces are made while the client reads those before."""
        piece, response.body, sent_bytes = response.body, b"", 0
        project = exchange.caller.project if exchange.caller else None
        if exchange.answer is not None and not response.following_bytes:
            exchange.answer.set_to(large_reads.PIECE_READ_BYTES, force=True)
        async with aclosing(stream):
            try:
                while piece:
                    async for part in self._filled(project, piece):
                        sent_bytes += len(part)
                        await send({"type": "http.response.body", "body": part, "more_body": True})
                    piece = await anext(stream, b"")
            except incoming.ClientDisconnected:
                return sent_bytes
            except Exception as error:  # noqa: BLE001 - as above, but it can only be cut off
                self._log_cut_off(exchange.head, error)
                await send({"type": CUT_OFF})
                return sent_bytes
        await send({"type": "http.response.body", "body": b""})
        return sent_bytes

    async def _filled(self, project: Any, piece: bytes) -> AsyncIterator[bytes]:
        """Yield a piece of a response, and in their places the attachments left out of it."""
        if deferred.is_complete(piece):
            yield piece
            return
        read = self._context.services.messages.deferred_text
        for part in deferred.parts(piece):
            if not isinstance(part, DeferredText):
                yield part
                continue
            for start in range(0, part.length, DEFERRED_BYTES):
                yield await read(project, part, start)

    def _error_response(self, head: incoming.RequestHead, error: Exception) -> Response:
        """Return the response for an error; a defect is logged, and not revealed."""
        request_id = head.request_id
        known = error if isinstance(error, DialogueDBError) else error_responses.unexpected_error()
        now = self._context.services.clock()
        response = error_responses.error_response(known, request_id, now)
        extra = {"request_id": request_id}
        if response.status == _DEFECT_STATUS:
            _log.error("defect", exc_info=error, extra=extra)
        elif response.status == _UNAVAILABLE_STATUS:
            cause = error.__cause__ or error
            if isinstance(error, UnreadableData):  # the path names what is lost
                extra["position"] = error.position
                _log.error("damaged: %s %s: %s", head.method, head.target, cause, extra=extra)
            else:
                _log.warning("unavailable: %s", cause, extra=extra)
        return response

    def _log_cut_off(self, head: incoming.RequestHead, error: Exception) -> None:
        """Log what its client cannot be told: why a response ends before its end."""
        self._error_response(head, error)
        reason = error if isinstance(error, DialogueDBError) else type(error).__name__
        extra = {"request_id": head.request_id}
        _log.warning("cut off: %s %s: %s", head.method, head.target, reason, extra=extra)

    def _record(
        self, exchange: Exchange, method: str, status: int, sent: tuple[int, float]
    ) -> None:
        """Record a response in the metrics and the access log: its bytes, and after which time."""
        caller, body, (sent_bytes, seconds) = exchange.caller, exchange.body, sent
        metrics = self._context.metrics
        metrics.record_response(method, exchange.route, status, seconds)
        metrics.record_bytes(body.received_bytes or 0 if body else 0, sent_bytes)
        if caller is not None and caller.project is not None:
            metrics.record_project(caller.project.id, status)
        if self._access_log:
            fields = {
                "request_id": exchange.head.request_id,
                "method": method,
                "route": exchange.route,
                "status": status,
                "seconds": round(seconds, 6),
                "key_id": caller.key_id if caller else None,
            }
            _access_log.info("request", extra=fields)


async def _unused(_message: Message) -> None:
    """Stand for what would send: only the outermost layer does."""


async def _nothing() -> AsyncGenerator[bytes]:
    """Yield nothing, where all of a response is in its body."""
    return
    yield b""


class NoSuchRoute:
    """Refuses a path that no route has, as an ASGI application."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise the error; the error middleware answers it."""
        raise RouteNotFound(f"There is no route {scope['path']!r}")


class PathEndpoint:
    """The endpoints of one path, by method, as an ASGI application."""

    def __init__(
        self,
        path: str,
        endpoints: Mapping[str, RouteEndpoint],
        admission: Admission,
        context: AppContext,
    ) -> None:
        self._path = path
        self._endpoints = endpoints
        self._admission = admission
        self._context = context
        self._allowed = [*endpoints, "HEAD"] if "GET" in endpoints else [*endpoints]

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Find the response of the exchange in the scope; the error middleware sends it."""
        exchange: Exchange = scope["exchange"]
        exchange.route = self._path
        method = exchange.head.method
        endpoint = self._endpoints.get(method)
        if endpoint is None:
            raise MethodNotAllowed(f"{method} is not allowed here", self._allowed)
        admitted = _OPEN
        permission = endpoint.permission_for(exchange.head.query_string)
        if permission is not None:
            admitted = await self._admission.admit(exchange, permission)
        if endpoint.body is None:
            request = self._request(endpoint, exchange, admitted, scope["path_params"], b"")
            exchange.response = await _response(endpoint, request)
            return
        share = self._context.uploads.share(exchange.owner)
        exchange.body = incoming.RequestBody(share, exchange.head.content_length)
        body = await exchange.body.read(receive)
        large_work = self._context.large_work if len(body) > incoming.LARGE_BYTES else nullcontext()
        try:
            async with large_work:
                make = partial(
                    self._request, endpoint, exchange, admitted, scope["path_params"], body
                )
                request = await in_thread_if_large(body, make)
                exchange.response = await _response(endpoint, request)
        except InvalidRequest as error:
            if not isinstance(error, InvalidJSON):  # broken JSON precedes other errors
                await in_thread_if_large(body, lambda: rawjson.check_syntax(rawjson.prepare(body)))
            raise

    def _request(
        self,
        endpoint: RouteEndpoint,
        exchange: Exchange,
        admitted: AdmittedRequest,
        path: dict[str, str],
        body: bytes,
    ) -> Request:
        """Read what is the same for every route: the query, and the conditions in headers."""
        head = exchange.head
        if endpoint.write_if and permissions.body_sets(body, endpoint.write_if):
            admitted.require_write()
        bound = admitted.namespace
        if bound is not None and endpoint.body is not None and endpoint.names_in_body:
            checked = rawjson.prepare(body)
            rawjson.check_syntax(checked)
            bound_namespace.check_body(checked, bound)
        query = _query(endpoint, head.query_string)
        expected = None
        if_match = head.headers.get(b"if-match")
        if if_match is not None:
            versions = endpoint.versions if endpoint.conditional else None
            expected = preconditions.expected_version(if_match, versions)
        key = head.headers.get(b"idempotency-key")
        if key is not None:
            preconditions.check_idempotency_key(key)
        return Request(
            context=self._context,
            head=head,
            admitted=admitted,
            path=path,
            query=query,
            body=body,
            expected_version=expected,
        )


def _query(endpoint: RouteEndpoint, query_string: bytes) -> Any:
    if len(query_string) > queries.CACHED_BYTES_MAX:
        return queries.parse(endpoint.query, query_string)
    return queries.parse_cached(endpoint.query, query_string)


async def _response(endpoint: RouteEndpoint, request: Request) -> Response:
    try:
        response = await endpoint.handle(request)
    except IdempotencyHit as hit:
        return request.recorded_response(hit.answer)
    if request.head.method == "GET":
        request.check_request_quota()
    return response
