"""Projects and their settings over HTTP: the operator's and the administrator's routes."""

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.errors import DuplicateId, ProjectNotFound, ProjectProtected
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import ListQuery, page_of_all
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    ProjectInput,
    ProjectSettings,
    SettingsChange,
    Usage,
)
from dialoguedb.values.lists import Page


class NewProject(Project, kw_only=True):
    """A project just made, with the admin key that opens it."""

    key: str | UnsetType = UNSET
    """Shown once; the answer to a repeated request leaves it out."""


class DeletedProjectBody(Struct):
    """The answer of deleting a project: what went with it."""

    id: str
    deleted: DeletedProject
    success: bool = True


def _made(project: Project, secret: str | UnsetType = UNSET) -> Response:
    return Response(
        encode(
            NewProject(
                id=project.id,
                name=project.name,
                created=project.created,
                modified=project.modified,
                settings=project.settings,
                key=secret,
            )
        )
    )


@endpoint(
    "Projects",
    "operator",
    body=ProjectInput,
    example={"name": "support-bot"},
    response=NewProject,
    errors=(DuplicateId,),
)
async def create(request: Request) -> Response:
    """Create a project, with an admin key that is shown once."""
    body = await request.decode(ProjectInput)
    issued = request.services.keys.issue(KeyInput(), "admin")
    options = await request.write_options(
        "", _made
    )  # without the key: nothing stored may open a project
    return _made(await request.services.projects.create(body, issued.new, options), issued.secret)


@endpoint("Projects", "operator", query=ListQuery, response=Page[Project])
async def list_(request: Request) -> Response:
    """List all projects, newest first."""
    return Response(encode(await request.services.projects.list(page_of_all(request))))


@endpoint("Projects", "operator", response=Project, errors=(ProjectNotFound,))
async def get(request: Request) -> Response:
    """Return one project, named by its id or its name."""
    return Response(encode(await request.services.projects.get(request.id_in_path("id"))))


@endpoint(
    "Projects", "operator", response=DeletedProjectBody, errors=(ProjectNotFound, ProjectProtected)
)
async def delete(request: Request) -> Response:
    """Delete a project, named by its id or its name, with all it holds."""
    projects = request.services.projects
    project = await projects.get(request.id_in_path("id"))
    deleted = await projects.delete(project.id, request.delete_options())
    request.context.forget_keys()
    return Response(encode(DeletedProjectBody(project.id, deleted)))


@endpoint("Settings", "admin", response=ProjectSettings)
async def get_settings(request: Request) -> Response:
    """Return the settings of the key's own project."""
    project = await request.services.projects.get(request.project.id)
    return Response(encode(project.settings))


@endpoint(
    "Settings",
    "admin",
    body=SettingsChange,
    example={"rateLimit": {"perSecond": 100, "burst": 200}, "quotas": {"messages": 1_000_000}},
    response=ProjectSettings,
)
async def update_settings(request: Request) -> Response:
    """Change settings of the key's own project: what is left out stays, null means the default.

    `immutable` is one-way. Running servers follow within a second.
    """

    def response(project: Project) -> Response:
        return Response(encode(project.settings))

    change = await request.decode(SettingsChange)
    options = await request.write_options("", response)
    changed = await request.services.projects.update(request.project, change, options)
    request.context.forget_keys()
    return response(changed)


@endpoint("Settings", "admin", response=Usage)
async def get_usage(request: Request) -> Response:
    """Return what the key's own project has used this month."""
    await request.context.flush_request_counts()
    now = request.services.clock()
    return Response(encode(await request.services.projects.usage(request.project, now)))
