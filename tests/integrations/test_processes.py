"""Processes that write at once through an integration, with a server or with an engine in each."""

import json
import subprocess
import sys

import pytest

from tests.integrations.writing import FRAMEWORKS, turns

pytestmark = pytest.mark.timeout(600)

WRITERS = range(3)
SECONDS_MAX = 300
"""How long three processes may take that start at once, on a machine that is busy."""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_everything_is_there_once_and_in_its_writers_order(framework, where):
    arguments = {name: str(value) for name, value in where.items()}
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.integrations.writing",
                framework,
                json.dumps(arguments),
                str(n),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in WRITERS
    ]
    ended = [
        (process.communicate(timeout=SECONDS_MAX)[1], process.returncode) for process in started
    ]
    assert [code for _, code in ended] == [0, 0, 0], ended
    texts = FRAMEWORKS[framework](arguments, None)
    assert len(texts) == len(set(texts))
    for writer in WRITERS:
        own = [text for text in texts if text.startswith(f"{writer} ")]
        assert own == [text for turn in turns(writer) for text in turn]
