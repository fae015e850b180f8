"""Erasing namespaces over HTTP."""

from dialoguedb.errors import DialogueImmutable
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.names import InNamespace
from dialoguedb.model.erasures import ErasureInput, ErasureKey, ErasureReceipt


@endpoint(
    "Erasures",
    "admin",
    query=InNamespace,
    body=ErasureInput,
    example={"namespace": "user_789"},
    response=ErasureReceipt,
    keeps_responses=False,
    errors=(DialogueImmutable,),
)
async def create(request: Request) -> Response:
    """Erase a namespace, such as one person, and return a signed receipt.

    Deletes its dialogues with all that is in them, its memories, the keys bound to it, the
    responses kept for idempotency keys, and what any of these have left in the files. Objects
    created meanwhile go as well, until nothing is left. Repeating it changes nothing, and
    continues what was interrupted; so an `Idempotency-Key` has no effect.
    """
    body = await request.decode(ErasureInput)
    namespace = request.namespace(("namespace", body.namespace))
    receipt = await request.services.erasures.erase(request.project, namespace)
    request.context.forget_keys()
    return Response(encode(receipt))


@endpoint("Erasures", "admin", response=ErasureKey)
async def get_key(request: Request) -> Response:
    """Return the key that verifies receipts of erasures."""
    return Response(encode(ErasureKey(request.services.erasures.public_key)))
