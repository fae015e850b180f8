"""Templates of summaries over HTTP: the administrator's routes."""

from msgspec import Struct

from dialoguedb.errors import DuplicateId, TemplateNotFound
from dialoguedb.http.requests.queries import ListQuery
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.projects import everything
from dialoguedb.model.templates import Template, TemplateChange, TemplateInput
from dialoguedb.values.decoding import decode
from dialoguedb.values.lists import Page
from dialoguedb.values.validation import refuse

_EXAMPLE = {
    "name": "support-handover",
    "prompt": "Write a handover in at most {tokens} tokens.\n\n{previous}\n\n{messages}",
}


class DeletedTemplate(Struct):
    """The answer of deleting a template."""

    name: str
    success: bool = True


def _shown(template: Template) -> Answer:
    return Answer(encode(template))


@endpoint(
    "Templates",
    "admin",
    body=TemplateInput,
    example=_EXAMPLE,
    answer=Template,
    errors=(DuplicateId,),
)
async def create(call: Call) -> Answer:
    """Create a template: how this project words what it asks of a model for a summary.

    A `name` that is stored already with the same prompt answers the stored template.
    """
    new = decode(TemplateInput, call.body).accept()
    options = call.write_options("", _shown)
    return _shown(await call.services.templates.create(call.project, new, options))


@endpoint("Templates", "admin", query=ListQuery, answer=Page[Template])
async def list_(call: Call) -> Answer:
    """List the project's templates, newest first."""
    page = await call.services.templates.list(call.project, everything(call))
    return Answer(encode(page))


@endpoint("Templates", "admin", answer=Template, errors=(TemplateNotFound,))
async def get(call: Call) -> Answer:
    """Return one template."""
    return _shown(await call.services.templates.get(call.project, call.id_in_path("name")))


@endpoint(
    "Templates",
    "admin",
    body=TemplateChange,
    example={"prompt": "List every decision in at most {tokens} tokens.\n\n{messages}"},
    answer=Template,
    errors=(TemplateNotFound,),
)
async def update(call: Call) -> Answer:
    """Change a template; summaries asked for before keep the prompt it had then."""
    change = decode(TemplateChange, call.body).accept()
    name = call.id_in_path("name")
    if isinstance(change.name, str) and change.name != name:
        raise refuse("name", "name cannot be changed after creation")
    options = call.write_options("", _shown)
    return _shown(await call.services.templates.update(call.project, name, change, options))


@endpoint("Templates", "admin", answer=DeletedTemplate, errors=(TemplateNotFound,))
async def delete(call: Call) -> Answer:
    """Delete one template; summaries made with it stay."""
    name = call.id_in_path("name")
    await call.services.templates.delete(call.project, name, call.services.write_options())
    return Answer(encode(DeletedTemplate(name)))
