"""What the tests of commands ask for."""

import pytest

pytest.register_assert_rewrite("tests.e2e.programs")

from tests.e2e.programs import Room  # noqa: E402 - its asserts are rewritten by the line above


@pytest.fixture
def room(tmp_path):
    """Make an empty directory to run commands in."""
    return Room(tmp_path)


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory):
    """Make a directory for the tests of a module that do not disturb one another."""
    return Room(tmp_path_factory.mktemp("room"))


@pytest.fixture(scope="module")
def serving(shared_room):
    """Run one server for the tests of a module."""
    with shared_room.serving() as serving:
        yield serving
