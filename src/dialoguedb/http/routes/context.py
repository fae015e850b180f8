"""Context windows over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

from dialoguedb.errors import DialogueNotFound
from dialoguedb.http.admission.request_counts import check_requests_left
from dialoguedb.http.requests.queries import OfDialogue
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.context import (
    Checked,
    ContextInput,
    ContextQueryText,
    ContextWindow,
    Format,
    MaxTokens,
    MemoriesWanted,
    Recent,
    WithSummary,
)
from dialoguedb.values.decoding import decode


class ContextQuery(OfDialogue, rename="camel", frozen=True, kw_only=True):
    """A window as it is asked for in a query."""

    max_tokens: MaxTokens
    query: ContextQueryText | UnsetType = UNSET
    format: Format | UnsetType = UNSET
    recent: Recent | UnsetType = UNSET
    summary: WithSummary | UnsetType = UNSET
    memories: MemoriesWanted | UnsetType = UNSET


@endpoint("Context", "read", query=ContextQuery, answer=ContextWindow, errors=(DialogueNotFound,))
async def get(call: Call) -> Answer:
    """Return what to send to a model now, within a budget of tokens.

    The system's messages come first, then the newest summary that fits, memories and older messages
    about `query`, then the last turns. A tool call and its result come together or not at all.
    """
    return await _answer(call, ContextInput(**msgspec.structs.asdict(call.query)))


@endpoint(
    "Context",
    "read",
    query=OfDialogue,
    body=ContextInput,
    example={"maxTokens": 4000, "query": "When does the parcel arrive?", "format": "anthropic"},
    answer=ContextWindow,
    errors=(DialogueNotFound,),
)
async def build(call: Call) -> Answer:
    """Return what to send to a model now, within a budget of tokens.

    The same as a GET, with the choices in the body.
    """
    answer = await _answer(call, decode(ContextInput, call.body))
    check_requests_left(call)
    return answer


@endpoint("Context", "read", query=OfDialogue, answer=Checked, errors=(DialogueNotFound,))
async def check(call: Call) -> Answer:
    """Tell what in a dialogue a model's provider would refuse, such as a tool call without result.

    Windows leave it out or put it right; the messages stay as they are.
    """
    dialogue_id, namespace = call.dialogue_id(), call.namespace()
    contexts = call.services.contexts
    return Answer(encode(await contexts.check(call.project, namespace, dialogue_id)))


async def _answer(call: Call, sent: ContextInput) -> Answer:
    dialogue_id = call.dialogue_id(("dialogueId", sent.dialogue_id))
    namespace = call.namespace(("namespace", sent.namespace))
    contexts = call.services.contexts
    window = await contexts.build(call.project, namespace, dialogue_id, sent.accept())
    return Answer(encode(window))
