"""The project that every new data directory begins with."""

from contextlib import suppress

from dialoguedb.errors import DuplicateId, ProjectNotFound
from dialoguedb.model.keys import KeyInput, NewKey
from dialoguedb.model.projects import Project, ProjectInput
from dialoguedb.service import Services
from dialoguedb.service.pages import ListRequest, NoFilter, PageRequest
from dialoguedb.values.lists import Order

DEFAULT_PROJECT = "default"

_OLDEST_FIRST: Order = "asc"


async def default_project_key(services: Services) -> str | None:
    """Make the project of data that has none; returns its key, which is shown once."""
    if not await _is_new(services):
        return None
    issued = services.keys.issue(KeyInput(), "admin")
    try:
        await _create(services, issued.new)
    except DuplicateId:  # another server was started on it at the same time
        return None
    return issued.secret


async def default_project(services: Services) -> Project:
    """Return the project, made without a key where there is none."""
    try:
        return await services.projects.get(DEFAULT_PROJECT)
    except ProjectNotFound:
        with suppress(DuplicateId):  # another command was called at the same time
            return await _create(services, None)
    return await services.projects.get(DEFAULT_PROJECT)


async def _is_new(services: Services) -> bool:
    first = PageRequest(ListRequest(NoFilter(), _OLDEST_FIRST, limit=1))
    return not (await services.projects.list(first)).items


async def _create(services: Services, key: NewKey | None) -> Project:
    return await services.projects.create(
        ProjectInput(DEFAULT_PROJECT), key, services.write_options()
    )
