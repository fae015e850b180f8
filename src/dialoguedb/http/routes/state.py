"""The state of a dialogue over HTTP: the body is the state itself."""

from msgspec import UNSET, Raw, UnsetType

from dialoguedb.errors import DialogueImmutable, DialogueNotFound, VersionConflict
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, revision_tag
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.names import OfDialogue
from dialoguedb.model.dialogues import StateMode, StateUpdate
from dialoguedb.ports import Versioned
from dialoguedb.values import rawjson
from dialoguedb.values.fields import JsonObject
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request
from dialoguedb.values.validators import validate_state

_ERRORS = (DialogueNotFound, DialogueImmutable, VersionConflict)


class UpdateState(OfDialogue, frozen=True):
    """A request to change a state."""

    merge: bool | UnsetType = UNSET


def _response(state: Versioned[Raw]) -> Response:
    return Response(bytes(state.value), revision_tag(state.version))


@endpoint(
    "State",
    "read",
    query=OfDialogue,
    response=JsonObject,
    versions="revision",
    errors=(DialogueNotFound,),
)
async def get(request: Request) -> Response:
    """Return the state of a dialogue."""
    dialogue_id, namespace = request.dialogue_id(), request.namespace()
    return _response(await request.services.state.get(request.project, namespace, dialogue_id))


@endpoint(
    "State",
    "write",
    query=UpdateState,
    body=JsonObject,
    example={"step": "checkout", "total": 149.99},
    names_in_body=False,
    response=JsonObject,
    versions="revision",
    conditional=True,
    errors=_ERRORS,
)
async def update(request: Request) -> Response:
    """Merge an object into the state, key by key at the top; `merge=false` replaces it."""
    return await _change(request, "replace" if request.query.merge is False else "merge")


@endpoint(
    "State",
    "write",
    query=OfDialogue,
    body=JsonObject,
    example={"step": "paid", "total": None},
    names_in_body=False,
    response=JsonObject,
    versions="revision",
    conditional=True,
    errors=_ERRORS,
)
async def patch(request: Request) -> Response:
    """Apply a JSON Merge Patch (RFC 7396) to the state: null deletes, objects merge."""
    return await _change(request, "patch")


async def _change(request: Request, mode: StateMode) -> Response:
    received = await request.in_thread_if_large(lambda: _receive(request.body))
    update = StateUpdate(mode, received)
    dialogue_id, namespace = request.dialogue_id(), request.namespace()
    options = await request.write_options(namespace, _response)
    state = request.services.state
    return _response(await state.update(request.project, namespace, dialogue_id, update, options))


def _receive(body: bytes) -> bytes:
    body = rawjson.prepare(body)
    rawjson.check_syntax(body)
    if not body.lstrip().startswith(b"{"):
        raise invalid_request("state", "A state must be a JSON object")
    errors = ValidationErrors()
    state = validate_state(Raw(body), "state", errors)
    errors.raise_if_any()
    return state
