"""What the topics are written with: clients that ask, and put down what was said."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.recording.exchanges import Exchange, Request, Tape
from tools.recording.player import Player
from tools.recording.wire import Response

Json = Any


@dataclass(frozen=True)
class TopicResponse:
    """A response as a topic reads it."""

    response: Response

    @property
    def json(self) -> Json:
        """Return the body's value."""
        return json.loads(self.response.body)

    @property
    def etag(self) -> str:
        """Return the version that it tells."""
        return self.response.header("etag")


class Recorder:
    """Puts down every exchange of one topic."""

    def __init__(self, player: Player, tape: Tape) -> None:
        self._player = player
        self.tape = tape
        self.operator = Client(self, player.operator_key)
        self.nobody = Client(self, None)

    def ask(self, request: Request) -> TopicResponse:
        """Play a request, and put it down with its response."""
        request = self._with_placeholders(request)
        came, recorded = self._player.play(request)
        self.tape.exchanges.append(Exchange(request, recorded))
        return TopicResponse(came[-1] if came else Response(0, (), b""))

    def client(self, key: str | None) -> "Client":
        """Return a client with another key."""
        return Client(self, key)

    def project(self, name: str, **settings: Json) -> "Client":
        """Make a project; returns a client with its administrator's key."""
        body = {"name": name, "settings": settings} if settings else {"name": name}
        return self.client(self.operator.post("/admin/projects", body).json["key"])

    def raw(self, sent: bytes, count: int = 1) -> None:
        """Send bytes on a connection of their own, and put down up to so many responses."""
        self.ask(Request(raw=sent.decode("latin-1"), count=count))

    def _with_placeholders(self, request: Request) -> Request:
        named = self._player.normaliser.request
        return dataclasses.replace(
            request,
            target=named(request.target),
            headers=tuple(map(named, request.headers)),
            body=None if request.body is None else named(request.body),
            raw=None if request.raw is None else named(request.raw),
        )


class Client:
    """Asks with one key, or with none."""

    def __init__(self, recorder: Recorder, key: str | None) -> None:
        self.recorder = recorder
        self.key = key

    def ask(
        self,
        method: str,
        target: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        again_while: str | None = None,
    ) -> TopicResponse:
        """Send a request; text and bytes go as they are, any other body as compact JSON."""
        lines = [f"Authorization: Bearer {self.key}"] if self.key else []
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        text, hexed = _body(body)
        request = Request(
            method, target, tuple(lines), body=text, body_hex=hexed, again_while=again_while
        )
        return self.recorder.ask(request)

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> TopicResponse:
        """Read."""
        return self.ask("GET", target, None, headers)

    def post(
        self, target: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> TopicResponse:
        """Create."""
        return self.ask("POST", target, body, headers)

    def put(
        self, target: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> TopicResponse:
        """Change."""
        return self.ask("PUT", target, body, headers)

    def patch(
        self, target: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> TopicResponse:
        """Change by a merge patch."""
        return self.ask("PATCH", target, body, headers)

    def delete(
        self, target: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> TopicResponse:
        """Delete."""
        return self.ask("DELETE", target, body, headers)

    def calls(self, *lines: str) -> None:
        """Ask several times, each a method and a target, without a body."""
        for line in lines:
            method, _, target = line.partition(" ")
            self.ask(method, target)

    def posts(self, target: str, *bodies: Json) -> None:
        """Post several bodies to one target."""
        for body in bodies:
            self.post(target, body)

    def puts(self, target: str, *bodies: Json) -> None:
        """Put several bodies to one target."""
        for body in bodies:
            self.put(target, body)

    def patches(self, target: str, *bodies: Json) -> None:
        """Patch one target with several bodies."""
        for body in bodies:
            self.patch(target, body)

    def await_summary(self, summary_id: str) -> TopicResponse:
        """Ask for a summary until it is made, and put down that alone."""
        return self.ask("GET", f"/summary/{summary_id}", again_while='"status":"processing"')

    def await_index(self) -> None:
        """Wait until everything that was stored has its vector."""
        until = "dialoguedb_index_waiting 0.0"
        self.recorder.ask(Request("GET", "/metrics", again_until=until))


def compact(value: Json) -> str:
    """Return the JSON of a value without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _body(body: Json) -> tuple[str | None, str | None]:
    if body is None or isinstance(body, str):
        return body, None
    if not isinstance(body, bytes):
        return compact(body), None
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        return None, body.hex()
