# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Sends calls: each is carried out once, however many tries the response takes."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from msgspec import Struct

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.transport.error_responses import (
    error_from,
    is_gone,
    unexpected_response,
    unreadable_response,
)
from dialoguedb.client.transport.execution import sleep
from dialoguedb.client.transport.requests import ApiCall, ApiResponse, Transport
from dialoguedb.client.transport.retries import (
    RetryPolicy,
    is_transient,
    may_have_succeeded,
    retry_after_s,
)
from dialoguedb.errors import DialogueDBError

T = TypeVar("T")


class Sender(Struct, frozen=True):
    """Sends calls, retries transient failures, and decodes the responses."""

    transport: Transport
    retry_policy: RetryPolicy
    timeout_s: float
    namespace: str | None

    def with_namespace(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields with a namespace: theirs, or the client's."""
        if fields.get("namespace") is not None or self.namespace is None:
            return dict(fields)
        return {**fields, "namespace": self.namespace}

    def send(self, call: ApiCall, kind: type[T]) -> T:
        """Return the decoded response to a call."""
        return (self.send_versioned(call, kind))[0]

    def send_versioned(self, call: ApiCall, kind: type[T]) -> tuple[T, str | None]:
        """Return the decoded response to a call, and its version."""
        may_repeat = self.transport.may_lose_responses and call.idempotency_key is None
        if may_repeat and call.needs_idempotency_key:
            call = msgspec.structs.replace(call, idempotency_key=uuid4().hex)
        request, tries, in_doubt = call.request(), 0, False
        while True:
            tries += 1
            response = None
            try:
                response = self.transport.send(request, self.timeout_s)
                return _decoded(call, response, kind, in_doubt=in_doubt), response.headers.get(
                    "etag"
                )
            except DialogueDBError as error:
                if not is_transient(error) or not self.retry_policy.allows(tries):
                    raise
                in_doubt = in_doubt or may_have_succeeded(error)
            sleep(self.retry_policy.delay_s(tries, retry_after_s(response)))


def _decoded(call: ApiCall, response: ApiResponse, kind: type[T], *, in_doubt: bool) -> T:
    """Return the content of a response, or raise the error that it describes."""
    body = response.body
    if not response.is_success:
        error = error_from(response)
        if not (call.method == "DELETE" and in_doubt and is_gone(error)):
            raise error
        body = b"{}"  # an earlier try deleted it, and its response was lost
    try:
        return json_codec.decode(body, kind)
    except msgspec.ValidationError as error:
        raise unreadable_response(response, str(error)) from error
    except msgspec.DecodeError as error:
        raise unexpected_response(response) from error
