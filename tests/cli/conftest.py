"""What the tests of commands ask for."""

import shutil

import pytest

from tests.cli.commands import Commands
from tests.cli.in_process import Terminal


@pytest.fixture
def room(tmp_path):
    """Make an empty directory to run commands in."""
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """Make data with a project named acme, for tests to copy."""
    room = Terminal(tmp_path_factory.mktemp("sample"))
    assert room.run("projects", "create", "acme").code == 0
    return room.data


@pytest.fixture
def filled(room, sample):
    """Make a directory to run commands in, with data in it."""
    shutil.copytree(sample, room.data)
    return room


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory):
    """Make a directory for the tests of a module that do not disturb one another."""
    return Terminal(tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def serving(shared_room):
    """Run one server for the tests of a module."""
    with shared_room.serving() as serving:
        yield serving


@pytest.fixture(params=["server", "directory"])
def commands(request, tmp_path, project, server):
    """Call the commands for data on a fresh project of a server, and on a directory."""
    if request.param == "directory":
        return Commands(tmp_path, ["--data", "chats"], {})
    variables = {"DIALOGUEDB_ENDPOINT": server.base_url, "DIALOGUEDB_API_KEY": project.key}
    return Commands(tmp_path, [], variables)
