"""The state of a dialogue over HTTP: the body is the state itself."""

from msgspec import Raw

from dialoguedb.errors import DialogueImmutable, DialogueNotFound, VersionConflict
from dialoguedb.http.requests.queries import OfDialogue, UpdateState
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.etags import revision_tag
from dialoguedb.http.responses.response import Answer
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.dialogues import StateMode, StateUpdate
from dialoguedb.ports import Versioned
from dialoguedb.values import rawjson
from dialoguedb.values.checks import accept_state
from dialoguedb.values.fields import JsonObject
from dialoguedb.values.validation import ValidationErrors, refuse

_REFUSALS = (DialogueNotFound, DialogueImmutable, VersionConflict)


def _shown(state: Versioned[Raw]) -> Answer:
    return Answer(bytes(state.value), revision_tag(state.version))


@endpoint(
    "State",
    "read",
    query=OfDialogue,
    answer=JsonObject,
    versions="revision",
    errors=(DialogueNotFound,),
)
async def get(call: Call) -> Answer:
    """Return the state of a dialogue."""
    dialogue_id, namespace = call.dialogue_id(), call.namespace()
    return _shown(await call.services.state.get(call.project, namespace, dialogue_id))


@endpoint(
    "State",
    "write",
    query=UpdateState,
    body=JsonObject,
    example={"step": "checkout", "total": 149.99},
    names_in_body=False,
    answer=JsonObject,
    versions="revision",
    conditional=True,
    errors=_REFUSALS,
)
async def update(call: Call) -> Answer:
    """Merge an object into the state, key by key at the top; `merge=false` replaces it."""
    return await _change(call, "replace" if call.query.merge is False else "merge")


@endpoint(
    "State",
    "write",
    query=OfDialogue,
    body=JsonObject,
    example={"step": "paid", "total": None},
    names_in_body=False,
    answer=JsonObject,
    versions="revision",
    conditional=True,
    errors=_REFUSALS,
)
async def patch(call: Call) -> Answer:
    """Apply a JSON Merge Patch (RFC 7396) to the state: null deletes, objects merge."""
    return await _change(call, "patch")


async def _change(call: Call, mode: StateMode) -> Answer:
    update = StateUpdate(mode, _receive(call.body))
    dialogue_id, namespace = call.dialogue_id(), call.namespace()
    options = call.write_options(namespace, _shown)
    state = call.services.state
    return _shown(await state.update(call.project, namespace, dialogue_id, update, options))


def _receive(body: bytes) -> bytes:
    rawjson.check_syntax(body)
    if not body.lstrip().startswith(b"{"):
        raise refuse("state", "A state must be a JSON object")
    errors = ValidationErrors()
    state = accept_state(Raw(body), "state", errors)
    errors.refuse()
    return state
