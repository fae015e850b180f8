"""Strict windows in chat templates: nothing raises an error, nothing is lost.

The templates are those of models and of a program under the Apache licence 2.0 or MIT's: the cards
of the models name it (Qwen2.5, Qwen3, gpt-oss, Mistral Nemo, Granite, Seed-OSS: Apache 2.0;
DeepSeek V3.1, GLM 4.6: MIT), for vLLM's own examples the licence in its source (Apache 2.0).
"""

import pytest

from bench.formats.abilities import abilities_of
from bench.formats.archives import templates
from bench.formats.rendering import Prompt, is_list

TEMPLATES = [
    "llama.cpp: templates/Qwen-Qwen2.5-7B-Instruct",
    "llama.cpp: templates/Qwen-Qwen3-0.6B",
    "llama.cpp: templates/deepseek-ai-DeepSeek-V3.1",
    "llama.cpp: templates/openai-gpt-oss-120b",
    "llama.cpp: templates/GLM-4.6",
    "llama.cpp: templates/mistralai-Mistral-Nemo-Instruct-2407",
    "llama.cpp: templates/ibm-granite-granite-4.0",
    "llama.cpp: templates/ByteDance-Seed-OSS",
    "vLLM: examples/tool_chat_template_hermes",
    "vLLM: examples/tool_chat_template_granite_20b_fc",
]


@pytest.fixture(scope="session")
def sources():
    """Return the templates, by their titles."""
    return {template.title: template.source for template in templates()}


def test_the_sources_ship_templates_of_many_models(sources):
    assert len(sources) >= 100
    assert set(TEMPLATES) <= set(sources)


@pytest.mark.parametrize("title", TEMPLATES)
def test_a_strict_window_is_rendered_whole(source, sample, sources, title):
    abilities = abilities_of(sources[title])
    target = "strict" if abilities.system else "no-system"
    for window in source.windows(sample, format="openai", target=target):
        if not abilities.pictures and any(map(is_list, window.messages)):
            continue  # the template of a model of text alone
        prompt = Prompt(sources[title], window.messages)
        assert prompt.lost_texts() == []
        assert prompt.lost_captions() == []
        assert prompt.lost_calls() == []
        assert prompt.lost_results() == []
