"""The package for Vercel's AI SDK: its own tests, compiled with it, on our server."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.http.server import quiet_environment

PACKAGE = Path(__file__).parents[2] / "clients" / "ai-sdk"
SECONDS_MAX = 600
AWAY = re.compile(
    "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT"
    "|socket hang up|E429|E50[234]"
)
"""What npm says when it cannot reach where packages come from."""


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Install what the package needs, and compile it with its tests, types checked."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    directory = tmp_path_factory.mktemp("ai-sdk") / "package"
    shutil.copytree(PACKAGE, directory, ignore=shutil.ignore_patterns("node_modules", "dist"))
    try:
        run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], directory)
    except subprocess.TimeoutExpired:
        pytest.skip("npm takes too long to reach where packages come from")
    except AssertionError as error:
        if away := AWAY.search(str(error)):
            pytest.skip(f"npm cannot reach where packages come from ({away[0]})")
        raise
    run(["npm", "run", "build"], directory)
    return directory


def run(command, directory, **variables):
    """Run a command to its end, which has to be a good one."""
    ended = subprocess.run(
        command,
        cwd=directory,
        env={**quiet_environment(), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    if ended.returncode:
        raise AssertionError(ended.stdout)
    return ended.stdout


@pytest.mark.timeout(2 * SECONDS_MAX)
def test_chats_of_the_ai_sdk_are_kept(built, server, project):
    where = {"DIALOGUEDB_ENDPOINT": server.base_url, "DIALOGUEDB_API_KEY": project.key}
    shown = run(["npm", "test"], built, **where)
    assert "# fail 0" in shown
    assert "# pass 0" not in shown


def test_the_package_holds_what_it_needs_and_no_tests(built):
    shown = run(["npm", "pack", "--dry-run", "--ignore-scripts"], built)
    for name in ("LICENSE", "README.md", "dist/src/index.js", "dist/src/index.d.ts"):
        assert name in shown
    assert "dist/test" not in shown
