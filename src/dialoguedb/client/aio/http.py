"""Requests over HTTP."""

from collections import deque
from uuid import uuid4

import httpx2

from dialoguedb.client.connections import LIMITS, tls_of
from dialoguedb.client.occasions import Occasion, async_occasion
from dialoguedb.client.options import Options
from dialoguedb.client.requests import Answer, Request
from dialoguedb.errors import Closed, TimedOut, Unreachable

_REMEMBERED = 1_000


class AsyncHttpTransport:
    """Connections to a server, opened when they are needed.

    They belong to a process and an event loop; elsewhere, such as after a fork, others are opened.
    """

    loses_answers = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._client = self._made()
        self._occasion: Occasion | None = None
        self._sent: deque[str] = deque(maxlen=_REMEMBERED)
        self._is_closed = False

    def __str__(self) -> str:
        """Tell where the data is."""
        return f"at {self._options.endpoint}"

    async def open(self) -> None:
        """Do nothing yet: connections are opened when they are needed; Closed."""
        if self._is_closed:
            raise Closed("This client was closed")

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """Return the answer; Unreachable when none came."""
        request_id = str(uuid4())
        self._sent.append(request_id)
        try:
            response = await self._here().request(
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
        await self._check_whose(response, request_id)
        return Answer(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Close the connections, for good."""
        self._is_closed = True
        if self._occasion in {None, async_occasion()}:
            await self._client.aclose()

    def _here(self) -> httpx2.AsyncClient:
        """Return connections of this process and event loop.

        Those of another are left alone: to close them would end what the other says on them.
        """
        if self._is_closed:
            raise Closed("This client was closed")
        here = async_occasion()
        if self._occasion != here:
            self._client = self._client if self._occasion is None else self._made()
            self._occasion = here
        return self._client

    def _made(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            headers={
                "authorization": f"Bearer {self._options.api_key}",
                "content-type": "application/json",
            },
            limits=LIMITS,
            verify=tls_of(self._options),
        )

    async def _check_whose(self, response: httpx2.Response, request_id: str) -> None:
        """Refuse the answer to another request of ours: a network has sent it twice.

        Every later answer on this connection would be that of the request before.
        """
        told = response.headers.get("x-request-id", request_id)
        if told != request_id and told in self._sent:
            await response.extensions["network_stream"].aclose()
            raise Unreachable(f"{self._options.endpoint} gave the answer to another request")
