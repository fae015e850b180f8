"""Every window is what the packages of providers and frameworks accept."""

from collections.abc import Callable

import pytest
from mistral_common.tokens.tokenizers.base import TokenizerVersion

from bench.formats.rendering import is_list
from bench.formats.windows import FORMATS, TARGETS
from tests.formats import packages

READERS: dict[str, list[Callable[[list[packages.Json]], None]]] = {
    "openai": [packages.openai_chat],
    "anthropic": [packages.anthropic, packages.anthropic_beta],
    "plain": [packages.openai_chat, packages.langchain],
    "responses": [packages.openai_responses],
    "gemini": [packages.google_genai],
}
FRAMEWORKS = [packages.langchain, packages.litellm_anthropic, packages.litellm_gemini]
WITHOUT_PICTURES = {TokenizerVersion.v1, TokenizerVersion.v2}
WITHOUT_THOUGHTS = {*WITHOUT_PICTURES, TokenizerVersion.v3, TokenizerVersion.v7}
strict = pytest.mark.parametrize("target", [one for one in TARGETS if one != "any"])


def test_every_format_has_a_reader():
    assert set(FORMATS) <= set(READERS)


@pytest.mark.parametrize("form", FORMATS)
def test_a_window_is_valid_by_the_types_of_its_provider(source, sample, form):
    for window in source.windows(sample, format=form):
        for validate in READERS[form]:
            validate(window.messages)


@strict
@pytest.mark.parametrize("convert", [packages.openai_chat, *FRAMEWORKS])
def test_a_strict_window_is_read_by_frameworks(source, sample, target, convert):
    for window in source.windows(sample, format="openai", target=target):
        convert(window.messages)


@strict
@pytest.mark.parametrize("version", packages.MISTRAL_VERSIONS, ids=lambda version: version.value)
def test_a_strict_window_keeps_the_rules_of_mistral(source, sample, target, version):
    for window in source.windows(sample, format="openai", target=target):
        if version in WITHOUT_PICTURES and any(map(is_list, window.messages)):
            continue
        if version in WITHOUT_THOUGHTS and any("reasoning_content" in m for m in window.messages):
            continue
        packages.mistral(window.messages, version)
