"""Which summarizer the settings choose."""

import subprocess
import sys

import pytest

from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Secret, Settings

NAMES_LOADED = """
import sys
import dialoguedb.bootstrap.summarizers
slow = {"httpx2", "stamina", "tokenizers", "dialoguedb.summarize.model_summarizer"}
print(*slow & set(sys.modules))
"""


def test_the_built_in_one_is_the_default():
    summarizer = chosen_summarizer(Settings())
    assert (summarizer.name, summarizer.model) == ("extractive", None)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_model_is_chosen_by_its_protocol_and_name(name):
    summarizer = chosen_summarizer(Settings(summarizer=name, summarizer_model="m"))
    assert (summarizer.name, summarizer.model) == (name, "m")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(summarizer="openai"), "'openai' needs summarizer-model"),
        (Settings(summarizer="anthropic"), "'anthropic' needs summarizer-model"),
        (Settings(summarizer_model="m"), "summarizer-model is not for the summarizer 'extractive'"),
        (Settings(summarizer_url="http://a/v1"), "summarizer-url is not for"),
        (Settings(summarizer_key=Secret("sk-hidden")), "summarizer-key is not for"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(InvalidSetting, match=message) as caught:
        chosen_summarizer(settings)
    assert "hidden" not in caught.value.message


def test_a_summarizer_is_loaded_only_when_it_is_chosen():
    ran = subprocess.run(
        [sys.executable, "-c", NAMES_LOADED], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""
