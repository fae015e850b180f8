"""Calls, carried out: once, however often it takes to get the answer."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Struct

from dialoguedb.client import wire
from dialoguedb.client.occasions import async_pause
from dialoguedb.client.patience import Patience, asked_pause_s, is_passing, may_be_done
from dialoguedb.client.problems import error_of, is_gone, unexpected, unreadable
from dialoguedb.client.requests import Answer, AsyncTransport, Call
from dialoguedb.errors import DialogueDBError

T = TypeVar("T")


class AsyncSender(Struct, frozen=True):
    """Sends calls, tries again what failed on the way, and reads the answers."""

    transport: AsyncTransport
    patience: Patience
    timeout_s: float
    namespace: str | None

    def placed(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with a namespace: theirs, or the client's."""
        if fields.get("namespace") is not None or self.namespace is None:
            return dict(fields)
        return {**fields, "namespace": self.namespace}

    async def ask(self, call: Call, kind: type[T]) -> T:
        """Return what a call is answered."""
        return (await self.ask_versioned(call, kind))[0]

    async def ask_versioned(self, call: Call, kind: type[T]) -> tuple[T, str | None]:
        """Return what a call is answered, and the version that the answer tells."""
        if call.changes and self.transport.loses_answers and call.idempotency_key is None:
            call = msgspec.structs.replace(call, idempotency_key=uuid4().hex)
        request, tries, in_doubt = call.request(), 0, False
        while True:
            tries += 1
            answer = None
            try:
                answer = await self.transport.send(request, self.timeout_s)
                return _read(call, answer, kind, in_doubt=in_doubt), answer.headers.get("etag")
            except DialogueDBError as error:
                if not is_passing(error) or not self.patience.allows(tries):
                    raise
                in_doubt = in_doubt or may_be_done(error)
            await async_pause(self.patience.pause_s(tries, asked_pause_s(answer)))


def _read(call: Call, answer: Answer, kind: type[T], *, in_doubt: bool) -> T:
    """Return what an answer says, or raise the error that it tells."""
    body = answer.body
    if not answer.is_success:
        error = error_of(answer)
        if not (call.method == "DELETE" and in_doubt and is_gone(error)):
            raise error
        body = b"{}"  # it was deleted by a try whose answer was lost
    try:
        return wire.decode(body, kind)
    except msgspec.ValidationError as error:
        raise unreadable(answer, str(error)) from error
    except msgspec.DecodeError as error:
        raise unexpected(answer) from error
