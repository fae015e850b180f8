"""The keys of a project over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

from dialoguedb.errors import KeyNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Deleted, Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import ListQuery, page_of_all
from dialoguedb.model.keys import Key, KeyInput
from dialoguedb.values.lists import Page


class NewKeyBody(Key, kw_only=True):
    """A key just made."""

    key: str | UnsetType = UNSET
    """Shown once; the answer to a repeated request leaves it out."""


def _made(key: Key, secret: str | UnsetType = UNSET) -> Response:
    return Response(encode(NewKeyBody(**msgspec.structs.asdict(key), key=secret)))


@endpoint(
    "Keys",
    "admin",
    body=KeyInput,
    example={"name": "website", "scope": "write", "namespace": "user_789"},
    response=NewKeyBody,
)
async def create(request: Request) -> Response:
    """Create a key of the project; it is shown once and stored only as a hash.

    The scope is `write` unless named. A `read` or `write` key may be bound to one namespace.
    """
    issued = request.services.keys.issue(await request.decode(KeyInput))
    options = await request.write_options("", _made)  # without the secret: it is stored nowhere
    return _made(
        await request.services.keys.create(request.project, issued.new, options), issued.secret
    )


@endpoint("Keys", "admin", query=ListQuery, response=Page[Key])
async def list_(request: Request) -> Response:
    """List the keys of the project, newest first; never the keys themselves."""
    return Response(encode(await request.services.keys.list(request.project, page_of_all(request))))


@endpoint("Keys", "admin", response=Key, errors=(KeyNotFound,))
async def get(request: Request) -> Response:
    """Return what is known of one key."""
    return Response(
        encode(await request.services.keys.get(request.project, request.id_in_path("id")))
    )


@endpoint("Keys", "admin", response=Deleted, errors=(KeyNotFound,))
async def delete(request: Request) -> Response:
    """Revoke a key: it is refused within a second, on every server."""
    key_id = request.id_in_path("id")
    await request.services.keys.revoke(request.project, key_id, request.delete_options())
    request.context.forget_keys()
    return Response(encode(Deleted(key_id)))
