"""Context windows over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

from dialoguedb.errors import DialogueNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.names import OfDialogue
from dialoguedb.model.context import (
    ContextInput,
    ContextQueryText,
    ContextWindow,
    Format,
    MaxTokens,
    MemoryCount,
    Recent,
    Stable,
    UnansweredCalls,
    WindowTarget,
    WithSummary,
)


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


@endpoint("Context", "read", query=ContextQuery, response=ContextWindow, errors=(DialogueNotFound,))
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
    query=OfDialogue,
    body=ContextInput,
    example={"maxTokens": 4000, "query": "When does the parcel arrive?", "format": "anthropic"},
    response=ContextWindow,
    errors=(DialogueNotFound,),
)
async def build(request: Request) -> Response:
    """Return what to send to a model now, within a budget of tokens.

    The same as a GET, with the choices in the body.
    """
    response = await _window(request, request.decode(ContextInput))
    request.check_request_quota()
    return response


async def _window(request: Request, sent: ContextInput) -> Response:
    dialogue_id = request.dialogue_id(("dialogueId", sent.dialogue_id))
    namespace = request.namespace(("namespace", sent.namespace))
    contexts = request.services.contexts
    window = await contexts.build(request.project, namespace, dialogue_id, sent.validate())
    return Response(encode(window))
