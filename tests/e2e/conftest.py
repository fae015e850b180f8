"""What the tests of commands ask for."""

import shutil

import pytest

from tests.e2e.programs import Room


@pytest.fixture
def room(tmp_path):
    """Make an empty directory to run commands in."""
    return Room(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """Make data with a project named acme, for tests to copy."""
    room = Room(tmp_path_factory.mktemp("sample"))
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
    return Room(tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def serving(shared_room):
    """Run one server for the tests of a module."""
    with shared_room.serving() as serving:
        yield serving
