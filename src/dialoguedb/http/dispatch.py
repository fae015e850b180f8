"""Serving a path: the checks that every call passes, in the contract's order, then its endpoint."""

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from dialoguedb.errors import InvalidJSON, InvalidRequest, MethodNotAllowed
from dialoguedb.http.admission.authentication import Auth
from dialoguedb.http.admission.rate_limits import Rates, too_fast
from dialoguedb.http.admission.request_counts import Activity, check_requests_left
from dialoguedb.http.requests import bodies, queries
from dialoguedb.http.requests.request import Call, other_namespace
from dialoguedb.http.responses import etags
from dialoguedb.http.responses.response import Answer
from dialoguedb.http.route_endpoint import Endpoint
from dialoguedb.model.keys import AnyScope
from dialoguedb.ports import IdempotencyHit
from dialoguedb.values import limits, rawjson
from dialoguedb.values.validation import refuse


class Gate:
    """What a caller passes before anything of the body is read."""

    def __init__(self, auth: Auth, rates: Rates, activity: Activity) -> None:
        self._auth = auth
        self._rates = rates
        self._activity = activity

    async def admit(self, call: Call, scope: AnyScope) -> None:
        """Authenticate, authorize, hold to the rate, and count."""
        known = await self._auth.authenticate(call)
        self._auth.authorize(call, known, scope)
        if call.bound is not None:
            _check_namespace_in_query(call, call.bound)
        project = call.project
        if project is not None:
            call.standing, wait_s = self._rates.spend(project)
            if wait_s:
                raise too_fast(project.settings.rate_limit, wait_s)
        await self._activity.count(call)
        if scope == "admin":
            call.project = project  # so that a quota can be lifted when it is used up


class PathEndpoint:
    """The endpoints of one path, by method, as an ASGI application."""

    def __init__(self, path: str, endpoints: Mapping[str, Endpoint], gate: Gate) -> None:
        self._path = path
        self._endpoints = endpoints
        self._gate = gate
        self._allowed = [*endpoints, "HEAD"] if "GET" in endpoints else [*endpoints]

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Answer the call that the scope carries; the frame sends what it answers."""
        call: Call = scope["call"]
        call.route = self._path
        call.path = scope["path_params"]
        endpoint = self._endpoints.get(call.method)
        if endpoint is None:
            raise MethodNotAllowed(f"{call.method} is not possible here", self._allowed)
        if endpoint.scope is not None:
            await self._gate.admit(call, endpoint.scope)
        if endpoint.body is not None:
            await bodies.read(call, receive)
        call.answer = await _answer(call, endpoint)


async def _answer(call: Call, endpoint: Endpoint) -> Answer:
    try:
        _prepare(call, endpoint)
        answer = await endpoint.handle(call)
    except IdempotencyHit as replay:
        assert call.seal is not None
        return call.seal.open(replay.answer)
    except InvalidRequest as error:
        if endpoint.body is not None and not isinstance(error, InvalidJSON):
            rawjson.check_syntax(call.body)  # broken JSON comes before all other faults
        raise
    if call.method == "GET":
        check_requests_left(call)
    return answer


def _prepare(call: Call, endpoint: Endpoint) -> None:
    """Read what is not the endpoint's own: the query, and what the headers ask for."""
    if call.bound is not None and endpoint.body is not None and endpoint.names_in_body:
        rawjson.check_syntax(call.body)
        bodies.check_namespaces(call.body, call.bound)
    call.query = queries.parse(endpoint.query, call.query_string)
    if_match = call.headers.get(b"if-match")
    if if_match is not None:
        counted = endpoint.versions if endpoint.conditional else None
        call.expected = etags.expected(if_match, counted)
    key = call.headers.get(b"idempotency-key")
    if key is not None and not 0 < len(key) <= limits.IDEMPOTENCY_KEY_CHARS_MAX:
        message = f"Idempotency-Key has 1 to {limits.IDEMPOTENCY_KEY_CHARS_MAX} characters"
        raise refuse("Idempotency-Key", message)


def _check_namespace_in_query(call: Call, bound: str) -> None:
    query = call.query_string
    if b"namespace" in query and queries.namespaces(query) - {bound}:
        raise other_namespace()
