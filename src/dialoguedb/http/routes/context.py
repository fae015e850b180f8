"""Context windows over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

from dialoguedb.errors import ContextNotFound, DialogueImmutable, DialogueNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode, response_of
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.names import InNamespace, OfDialogue
from dialoguedb.model.context import (
    ContextInput,
    ContextQueryText,
    ContextWindow,
    Format,
    MaxTokens,
    MemoryCount,
    Recent,
    Recorded,
    Stable,
    UnansweredCalls,
    WindowTarget,
    WithSummary,
)
from dialoguedb.model.receipts import ContextReceipt
from dialoguedb.values.fields import AsOf, Include


class ContextQuery(OfDialogue, rename="camel", frozen=True, kw_only=True):
    """A window as it is asked for in a query."""

    max_tokens: MaxTokens
    query: ContextQueryText | UnsetType = UNSET
    format: Format | UnsetType = UNSET
    recent: Recent | UnsetType = UNSET
    summary: WithSummary | UnsetType = UNSET
    memories: MemoryCount | UnsetType = UNSET
    target: WindowTarget | UnsetType = UNSET
    stable: Stable | UnsetType = UNSET
    unanswered: UnansweredCalls | UnsetType = UNSET
    record: Recorded | UnsetType = UNSET
    as_of: AsOf | UnsetType = UNSET
    include: Include | UnsetType = UNSET


_ERRORS = (DialogueNotFound, DialogueImmutable)


@endpoint(
    "Context",
    "read",
    write_if="record",
    query=ContextQuery,
    response=ContextWindow,
    errors=_ERRORS,
)
async def get(request: Request) -> Response:
    """Return what to send to a model now, within a budget of tokens.

    What is the system's comes first: its messages, the newest summary that fits, and memories. Then
    come older messages about `query`, what the user asked for last, and the last turns. A tool call
    and its result come together or not at all.
    """
    return await _window(request, ContextInput(**msgspec.structs.asdict(request.query)))


@endpoint(
    "Context",
    "read",
    write_if="record",
    query=OfDialogue,
    body=ContextInput,
    example={"maxTokens": 4000, "query": "When does the parcel arrive?", "format": "anthropic"},
    response=ContextWindow,
    errors=_ERRORS,
)
async def build(request: Request) -> Response:
    """Return what to send to a model now, within a budget of tokens.

    The same as a GET, with the choices in the body.
    """
    response = await _window(request, await request.decode(ContextInput))
    request.check_request_quota()
    return response


async def _window(request: Request, sent: ContextInput) -> Response:
    dialogue_id = request.dialogue_id(("dialogueId", sent.dialogue_id))
    namespace = request.namespace(("namespace", sent.namespace))
    of = (request.project, namespace, dialogue_id)
    if not sent.record:
        return await response_of(await request.services.contexts.build(*of, sent.validate()))
    options = await request.write_options(namespace, _response)
    return await response_of(await request.services.receipts.record(*of, sent.validate(), options))


def _response(window: ContextWindow) -> Response:
    return Response(encode(window))


@endpoint("Context", "read", query=InNamespace, response=ContextReceipt, errors=(ContextNotFound,))
async def get_recorded(request: Request) -> Response:
    """Return a recorded window as the model saw it, whatever came after it.

    It is made again of the messages, the summary and the memories that it showed, and compared with
    the hash of what was answered: `verified` tells whether it is the same, byte for byte. What is
    `deleted` is named by its id and missing in it.
    """
    receipt_id, namespace = request.own_id(None), request.namespace_of_list()
    receipt = await request.services.receipts.get(request.project, namespace, receipt_id)
    return await response_of(receipt)
