"""Templates of summaries over HTTP: the administrator's routes."""

from msgspec import Struct

from dialoguedb.errors import DuplicateId, TemplateNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import ListQuery, page_of_all
from dialoguedb.model.templates import Template, TemplateChange, TemplateInput
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import invalid_request

_EXAMPLE = {
    "name": "support-handover",
    "prompt": "Write a handover in at most {tokens} tokens.\n\n{previous}\n\n{messages}",
}


class DeletedTemplate(Struct):
    """The answer of deleting a template."""

    name: str
    success: bool = True


def _response(template: Template) -> Response:
    return Response(encode(template))


@endpoint(
    "Templates",
    "admin",
    body=TemplateInput,
    example=_EXAMPLE,
    response=Template,
    errors=(DuplicateId,),
)
async def create(request: Request) -> Response:
    """Create a template: how this project words what it asks of a model for a summary.

    A `name` that is stored already with the same prompt answers the stored template.
    """
    new = (await request.decode(TemplateInput)).validate()
    options = await request.write_options("", _response)
    return _response(await request.services.templates.create(request.project, new, options))


@endpoint("Templates", "admin", query=ListQuery, response=Page[Template])
async def list_(request: Request) -> Response:
    """List the project's templates, newest first."""
    page = await request.services.templates.list(request.project, page_of_all(request))
    return Response(encode(page))


@endpoint("Templates", "admin", response=Template, errors=(TemplateNotFound,))
async def get(request: Request) -> Response:
    """Return one template."""
    return _response(
        await request.services.templates.get(request.project, request.id_in_path("name"))
    )


@endpoint(
    "Templates",
    "admin",
    body=TemplateChange,
    example={"prompt": "List every decision in at most {tokens} tokens.\n\n{messages}"},
    response=Template,
    errors=(TemplateNotFound,),
)
async def update(request: Request) -> Response:
    """Change a template; summaries asked for before keep the prompt it had then."""
    change = (await request.decode(TemplateChange)).validate()
    name = request.id_in_path("name")
    if isinstance(change.name, str) and change.name != name:
        raise invalid_request("name", "name cannot be changed after creation")
    options = await request.write_options("", _response)
    return _response(
        await request.services.templates.update(request.project, name, change, options)
    )


@endpoint("Templates", "admin", response=DeletedTemplate, errors=(TemplateNotFound,))
async def delete(request: Request) -> Response:
    """Delete one template; summaries made with it stay."""
    name = request.id_in_path("name")
    await request.services.templates.delete(request.project, name, request.delete_options())
    return Response(encode(DeletedTemplate(name)))
