"""The way of a request from its head to its response, checked in the contract's order."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from dialoguedb.errors import (
    DialogueDBError,
    InvalidJSON,
    InvalidRequest,
    MethodNotAllowed,
    RouteNotFound,
    UnreadableData,
)
from dialoguedb.http.admission.admission import Admission
from dialoguedb.http.requests import bound_namespace, incoming, permissions, preconditions, queries
from dialoguedb.http.requests.request import AdmittedRequest, AppContext, Exchange, Request
from dialoguedb.http.responses import error_responses
from dialoguedb.http.responses.response import Response, default_rate_limit_status, headers_of
from dialoguedb.http.route_endpoint import RouteEndpoint
from dialoguedb.ports import IdempotencyHit
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
        head = incoming.read_head(scope)
        exchange = Exchange(head)
        scope["exchange"] = exchange
        metrics = self._context.metrics
        metrics.in_flight += 1
        try:
            scope["path"] = head.target
            incoming.check_declared_length(head)
            await self._routes(scope, receive, send)
            assert exchange.response is not None
            response = exchange.response
        except incoming.ClientDisconnected:
            return
        except Exception as error:  # noqa: BLE001 - the outermost layer: every defect is answered
            response = self._error_response(head, error)
        finally:
            metrics.in_flight -= 1
            del scope["exchange"]  # the connection keeps its last scope
            if exchange.body is not None:
                exchange.body.release()
        rate_limit = exchange.rate_limit_status or default_rate_limit_status()
        headers = headers_of(response, head.request_id, rate_limit)
        if incoming.is_left_unread(head, exchange.body):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        self._record(exchange, scope["method"], response, time.perf_counter() - started)

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

    def _record(self, exchange: Exchange, method: str, response: Response, seconds: float) -> None:
        """Record a response in the metrics and the access log."""
        caller, body = exchange.caller, exchange.body
        metrics = self._context.metrics
        metrics.record_response(method, exchange.route, response.status, seconds)
        metrics.record_bytes(body.received_bytes or 0 if body else 0, len(response.body))
        if caller is not None and caller.project is not None:
            metrics.record_project(caller.project.id, response.status)
        if self._access_log:
            fields = {
                "request_id": exchange.head.request_id,
                "method": method,
                "route": exchange.route,
                "status": response.status,
                "seconds": round(seconds, 6),
                "key_id": caller.key_id if caller else None,
            }
            _access_log.info("request", extra=fields)


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
        exchange.body = incoming.RequestBody(self._context.body_buffer)
        body = await exchange.body.read(receive)
        try:
            request = self._request(endpoint, exchange, admitted, scope["path_params"], body)
            exchange.response = await _response(endpoint, request)
        except InvalidRequest as error:
            if not isinstance(error, InvalidJSON):
                rawjson.check_syntax(rawjson.prepare(body))  # broken JSON precedes other errors
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
