"""Which embedder the settings choose."""

import subprocess
import sys
from typing import Any

import pytest

from dialoguedb.bootstrap import embedders
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Secret, Settings

NAMES_LOADED = """
import sys
import dialoguedb.bootstrap.embedders
print(*{"httpx2", "stamina", "tokenizers", "sentence_transformers"} & set(sys.modules))
"""


def test_the_built_in_one_is_the_default():
    embedder = embedders.chosen(Settings())
    assert embedder
    assert (embedder.name, embedder.in_process) == ("wordllama/256", True)
    assert [each.name for each in embedders.known(Settings())] == ["wordllama/256"]


def test_there_can_be_none():
    settings = Settings(embedder="none")
    assert embedders.chosen(settings) is None
    assert embedders.known(settings) == []


def test_an_endpoint_is_chosen_and_the_built_in_one_may_serve_meanwhile(endpoint):
    chosen: Any
    settings = Settings(
        embedder="openai",
        embedder_model="nomic",
        embedder_url=endpoint.url,
        embedder_key=Secret("sk-1"),
        embedder_dimensions=4,
        embedder_query_prefix="q: ",
        embedder_document_prefix="d: ",
        embedder_batch_size=1,
    )
    chosen, other = embedders.known(settings)
    assert (chosen.name, chosen.in_process) == ("openai/nomic/4 after 'd: '", False)
    assert other.name == "wordllama/256"
    assert chosen.embed(["a", "b"]).shape == (2, 4)
    chosen.embed(["c"], query=True)
    assert endpoint.inputs == [["d: a"], ["d: b"], ["q: c"]]
    assert endpoint.requests[0][1]["authorization"] == "Bearer sk-1"
    chosen.close()


def test_without_the_built_in_one_the_chosen_stands_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "wordllama", None)
    settings = Settings(embedder="openai", embedder_model="nomic")
    assert [each.name for each in embedders.known(settings)] == ["openai/nomic"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(embedder="openai"), "'openai' needs embedder-model"),
        (Settings(embedder="sentence-transformers"), "needs embedder-model: the directory"),
        (
            Settings(embedder="sentence-transformers", embedder_key=Secret("sk-hidden")),
            "embedder-key is for the embedder 'openai' alone",
        ),
        (Settings(embedder_model="nomic"), "embedder-model is not for the embedder 'wordllama'"),
        (Settings(embedder_key=Secret("sk-hidden")), "embedder-key is not for"),
        (Settings(embedder_dimensions=128), "embedder-dimensions is not for"),
        (Settings(embedder_query_prefix="q: "), "embedder-query-prefix is not for"),
        (Settings(embedder_document_prefix="d: "), "embedder-document-prefix is not for"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(InvalidSetting, match=message) as caught:
        embedders.chosen(settings)
    assert "hidden" not in caught.value.message


def test_warming_up_asks_no_endpoint(endpoint):
    settings = Settings(embedder="openai", embedder_model="m", embedder_url=endpoint.url)
    embedders.warm_up(embedders.known(settings))
    embedders.warm_up([])
    assert not endpoint.requests


def test_an_embedder_is_loaded_only_when_it_is_chosen():
    ran = subprocess.run(
        [sys.executable, "-c", NAMES_LOADED], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""
