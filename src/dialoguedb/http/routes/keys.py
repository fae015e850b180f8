"""The keys of a project over HTTP."""

import msgspec
from msgspec import UNSET, UnsetType

from dialoguedb.errors import KeyNotFound
from dialoguedb.http.requests.queries import ListQuery
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, Deleted, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.projects import everything
from dialoguedb.model.keys import Key, KeyInput
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page


class NewKeyBody(Key, kw_only=True):
    """A key just made."""

    key: str | UnsetType = UNSET
    """Shown once; the answer to a repeated request leaves it out."""


def _made(key: Key, secret: str | UnsetType = UNSET) -> Answer:
    return Answer(encode(NewKeyBody(**msgspec.structs.asdict(key), key=secret)))


@endpoint(
    "Keys",
    "admin",
    body=KeyInput,
    example={"name": "website", "scope": "write", "namespace": "user_789"},
    answer=NewKeyBody,
)
async def create(call: Call) -> Answer:
    """Create a key of the project; it is shown once and stored only as a hash.

    The scope is `write` unless named. A `read` or `write` key may be bound to one namespace.
    """
    issued = call.services.keys.issue(decode(KeyInput, call.body))
    options = call.write_options("", _made)  # without the secret: it is stored nowhere
    return _made(await call.services.keys.create(call.project, issued.new, options), issued.secret)


@endpoint("Keys", "admin", query=ListQuery, answer=Page[Key])
async def list_(call: Call) -> Answer:
    """List the keys of the project, newest first; never the keys themselves."""
    return Answer(encode(await call.services.keys.list(call.project, everything(call))))


@endpoint("Keys", "admin", answer=Key, errors=(KeyNotFound,))
async def get(call: Call) -> Answer:
    """Return what is known of one key."""
    return Answer(encode(await call.services.keys.get(call.project, call.id_in_path("id"))))


@endpoint("Keys", "admin", answer=Deleted, errors=(KeyNotFound,))
async def delete(call: Call) -> Answer:
    """Revoke a key: it is refused within a second, on every server."""
    key_id = call.id_in_path("id")
    await call.services.keys.revoke(call.project, key_id, call.services.write_options())
    call.parts.forget_keys()
    return Answer(encode(Deleted(key_id)))
