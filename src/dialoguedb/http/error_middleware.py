"""The outermost frame: every request gets in here, and every answer goes out here."""

import logging
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from dialoguedb.errors import DialogueDBError, RouteNotFound
from dialoguedb.http.requests import bodies
from dialoguedb.http.requests.request import Call, Parts
from dialoguedb.http.responses import error_responses
from dialoguedb.http.responses.response import Answer, full, headers_of

_DEFECT_STATUS = 500
_UNAVAILABLE_STATUS = 503
_log = logging.getLogger(__name__)
_access_log = logging.getLogger("dialoguedb.access")


class Frame:
    """Names each call, has it answered whatever happens, and measures it."""

    def __init__(self, routes: ASGIApp, parts: Parts, *, access_log: bool) -> None:
        self._routes = routes
        self._parts = parts
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
        call = Call(scope, self._parts)
        metrics = self._parts.metrics
        metrics.in_flight += 1
        try:
            scope["path"] = call.target
            scope["call"] = call
            bodies.check_length(call)
            await self._routes(scope, receive, send)
            assert call.answer is not None
            answer = call.answer
        except bodies.ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the outermost frame: no defect goes unanswered
            answer = self._problem(call, error)
        finally:
            metrics.in_flight -= 1
            if call.buffered_bytes:
                self._parts.buffer.give_back(call.buffered_bytes)
        headers = headers_of(answer, call.request_id, call.standing or full())
        if bodies.is_left_unread(call):
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        self._note(call, scope["method"], answer, time.perf_counter() - started)

    def _problem(self, call: Call, error: Exception) -> Answer:
        """Return the answer that tells an error; a defect is logged, and not told."""
        known = error if isinstance(error, DialogueDBError) else error_responses.unexpected()
        answer = error_responses.answer_of(known, call.request_id, self._parts.services.clock())
        if answer.status == _DEFECT_STATUS:
            _log.error("defect", exc_info=error, extra={"request_id": call.request_id})
        elif answer.status == _UNAVAILABLE_STATUS:
            cause = error.__cause__ or error
            _log.warning("unavailable: %s", cause, extra={"request_id": call.request_id})
        return answer

    def _note(self, call: Call, method: str, answer: Answer, seconds: float) -> None:
        metrics = self._parts.metrics
        metrics.answered(method, call.route, answer.status, seconds)
        metrics.moved(len(call.body), len(answer.body))
        if call.project is not None:
            metrics.answered_for(call.project.id, answer.status)
        if self._access_log:
            told = {
                "request_id": call.request_id,
                "method": method,
                "route": call.route,
                "status": answer.status,
                "seconds": round(seconds, 6),
                "key_id": call.caller.key_id if call.caller else None,
            }
            _access_log.info("request", extra=told)


class NotFound:
    """Refuses a path that no route has, as an ASGI application."""

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Raise the refusal; the frame answers it."""
        raise RouteNotFound(f"There is no route {scope['path']!r}")
