"""An exported conversation is what the packages of its API read."""

import json

import pytest

from tests.cli.commands import Commands
from tests.cli.talks import TALK, stored
from tests.formats import packages

PACKAGES = {
    "openai-chat": ("messages", packages.openai_chat),
    "openai-responses": ("input", packages.openai_responses),
    "anthropic": ("messages", packages.anthropic),
    "ui-messages": ("messages", packages.pydantic_ai),
}


@pytest.mark.parametrize("format_name", PACKAGES)
def test_an_exported_conversation_is_read_by_packages_of_its_api(tmp_path, format_name):
    commands = Commands(tmp_path, ["--data", "chats"], {})
    stored(commands, "talk", TALK)
    exported = json.loads(commands.run("export", "--format", format_name).out)
    member, validate = PACKAGES[format_name]
    validate(exported[member])
