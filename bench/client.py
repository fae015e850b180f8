"""One plain connection for filling and checking; load comes from elsewhere."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any

from bench.plan import BenchError

_OK = range(200, 300)
_NO_HEADERS: Mapping[str, str] = {}


class Client:
    """A keep-alive connection that sends and receives JSON."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._connection = HTTPConnection(host, port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Any:
        """Send one request, with some more headers, and give the decoded answer."""
        return json.loads(self.raw(method, path, body, headers))

    def raw(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> bytes:
        """Send one request and give the answer's bytes."""
        status, answer = self.ask(method, path, body, headers)
        if status not in _OK:
            raise BenchError(f"{method} {path} answered {status}: {answer[:300]!r}")
        return answer

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> tuple[int, bytes]:
        """Send one request, and give the status and the bytes of whatever is answered."""
        sent = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, sent, {**self._headers, **headers})
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
