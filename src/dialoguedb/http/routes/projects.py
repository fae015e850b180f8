"""Projects and their settings over HTTP: the operator's and the administrator's routes."""

from msgspec import UNSET, Struct, UnsetType

from dialoguedb.errors import DuplicateId, ProjectNotFound, ProjectProtected
from dialoguedb.http.requests.queries import ListQuery, named
from dialoguedb.http.requests.request import Call
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    ProjectInput,
    Settings,
    SettingsChange,
    Usage,
)
from dialoguedb.service.pages import Everything, Listing, PageRequest
from dialoguedb.values import limits
from dialoguedb.values.checks import given
from dialoguedb.values.decoding import decode
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


def _made(project: Project, secret: str | UnsetType = UNSET) -> Answer:
    return Answer(
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
    answer=NewProject,
    errors=(DuplicateId,),
)
async def create(call: Call) -> Answer:
    """Create a project, with an admin key that is shown once."""
    sent = decode(ProjectInput, call.body)
    issued = call.services.keys.issue(KeyInput(), "admin")
    options = call.write_options("", _made)  # without the key: nothing stored may open a project
    return _made(await call.services.projects.create(sent, issued.new, options), issued.secret)


@endpoint("Projects", "operator", query=ListQuery, answer=Page[Project])
async def list_(call: Call) -> Answer:
    """List all projects, newest first."""
    request = everything(call)
    return Answer(encode(await call.services.projects.list(request)))


@endpoint("Projects", "operator", answer=Project, errors=(ProjectNotFound,))
async def get(call: Call) -> Answer:
    """Return one project, named by its id or its name."""
    return Answer(encode(await call.services.projects.get(call.id_in_path("id"))))


@endpoint(
    "Projects", "operator", answer=DeletedProjectBody, errors=(ProjectNotFound, ProjectProtected)
)
async def delete(call: Call) -> Answer:
    """Delete a project, named by its id or its name, with all it holds."""
    projects = call.services.projects
    project = await projects.get(call.id_in_path("id"))
    deleted = await projects.delete(project.id, call.services.write_options())
    call.parts.forget_keys()
    return Answer(encode(DeletedProjectBody(project.id, deleted)))


@endpoint("Settings", "admin", answer=Settings)
async def get_settings(call: Call) -> Answer:
    """Return the settings of the key's own project."""
    project = await call.services.projects.get(call.project.id)
    return Answer(encode(project.settings))


@endpoint(
    "Settings",
    "admin",
    body=SettingsChange,
    example={"rateLimit": {"perSecond": 100, "burst": 200}, "quotas": {"messages": 1_000_000}},
    answer=Settings,
)
async def update_settings(call: Call) -> Answer:
    """Change settings of the key's own project: what is left out stays, null means the default.

    `immutable` is one-way. Running servers follow within a second.
    """

    def answer(project: Project) -> Answer:
        return Answer(encode(project.settings))

    change = decode(SettingsChange, call.body)
    options = call.write_options("", answer)
    changed = await call.services.projects.update(call.project, change, options)
    call.parts.forget_keys()
    return answer(changed)


@endpoint("Settings", "admin", answer=Usage)
async def get_usage(call: Call) -> Answer:
    """Return what the key's own project has used this month."""
    await call.parts.write_activity()
    now = call.services.clock()
    return Answer(encode(await call.services.projects.usage(call.project, now)))


def everything(call: Call) -> PageRequest[Everything]:
    """Return the page that a list without a filter is asked for."""
    query: ListQuery = call.query
    limit = query.limit or limits.PAGE_ITEMS_DEFAULT
    listing = Listing(Everything(), query.order or "desc", limit)
    return PageRequest(listing, named(query), given(query.next))
