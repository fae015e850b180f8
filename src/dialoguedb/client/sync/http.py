# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Requests over HTTP."""

from collections import deque
from uuid import uuid4

import httpx2

from dialoguedb.client.options import ConnectionOptions
from dialoguedb.client.transport.connections import LIMITS, tls_context
from dialoguedb.client.transport.execution import ConnectionOwner, current_owner
from dialoguedb.client.transport.requests import ApiRequest, ApiResponse
from dialoguedb.errors import Closed, TimedOut, Unreachable

_REQUEST_IDS_MAX = 1_000


class HttpTransport:
    """Connections to a server, opened when they are needed.

    They belong to a process and an event loop; elsewhere, such as after a fork, others are opened.
    """

    may_lose_responses = True

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._client = self._create()
        self._owner: ConnectionOwner | None = None
        self._sent: deque[str] = deque(maxlen=_REQUEST_IDS_MAX)
        self._is_closed = False

    def __str__(self) -> str:
        """Tell where the data is."""
        return f"at {self._options.endpoint}"

    def open(self) -> None:
        """Do nothing yet: connections are opened when they are needed; Closed."""
        if self._is_closed:
            raise Closed("This client was closed")

    def send(self, request: ApiRequest, timeout_s: float) -> ApiResponse:
        """Return the response; Unreachable when none came."""
        request_id = str(uuid4())
        self._sent.append(request_id)
        try:
            response = self._current().request(
                request.method,
                self._options.endpoint + request.target,
                content=request.body,
                headers={**request.headers, "x-request-id": request_id},
                timeout=timeout_s,
            )
        except httpx2.TimeoutException:
            message = f"{self._options.endpoint} did not answer within {timeout_s:g} s"
            raise TimedOut(message) from None
        except httpx2.HTTPError as error:
            why = str(error) or type(error).__name__
            raise Unreachable(f"{self._options.endpoint} cannot be reached: {why}") from error
        self._check_request_id(response, request_id)
        return ApiResponse(response.status_code, response.headers, response.content)

    def close(self) -> None:
        """Close the connections, for good."""
        self._is_closed = True
        if self._owner in {None, current_owner()}:
            self._client.close()

    def _current(self) -> httpx2.Client:
        """Return the connections of this process and event loop.

        Those of another owner are left open: closing them would break its requests.
        """
        if self._is_closed:
            raise Closed("This client was closed")
        owner = current_owner()
        if self._owner != owner:
            self._client = self._client if self._owner is None else self._create()
            self._owner = owner
        return self._client

    def _create(self) -> httpx2.Client:
        return httpx2.Client(
            headers={
                "authorization": f"Bearer {self._options.api_key}",
                "content-type": "application/json",
            },
            limits=LIMITS,
            verify=tls_context(self._options),
        )

    def _check_request_id(self, response: httpx2.Response, request_id: str) -> None:
        """Refuse the response to another request of ours: a network has sent one twice.

        Every later response on this connection would belong to the request before.
        """
        answered = response.headers.get("x-request-id", request_id)
        if answered != request_id and answered in self._sent:
            response.extensions["network_stream"].close()
            raise Unreachable(f"{self._options.endpoint} gave the answer to another request")
