"""Prompts: their variables, and how they are filled in."""

import pytest

from dialoguedb.errors import InvalidRequest
from dialoguedb.model.templates import (
    BUILT_IN,
    VARIABLES,
    PromptValues,
    fill_prompt,
    validate_prompt,
)
from dialoguedb.values.validation_errors import ValidationErrors

VALUES = PromptValues(instructions="Be brief.", label="Porto", tokens=50)


def errors_of(prompt):
    errors = ValidationErrors()
    validate_prompt(prompt, "prompt", errors)
    try:
        errors.raise_if_any()
    except InvalidRequest as error:
        return [detail.message for detail in error.details]
    return []


def test_every_variable_is_filled_in():
    prompt = "|".join(f"{{{name}}}" for name in VARIABLES)
    assert fill_prompt(prompt, VALUES, "said", "before") == "said|before|Be brief.|Porto|50"


def test_what_is_filled_in_is_not_read_for_variables():
    assert fill_prompt("{messages}", PromptValues(None, None, 1), "{label} {previous}", None) == (
        "{label} {previous}"
    )


def test_what_has_no_place_is_told_all_the_same():
    filled = fill_prompt("{messages}", VALUES, "said", "before")
    assert filled == "Summary of what came before:\nbefore\n\nsaid\n\nBe brief.\n"


def test_without_a_former_summary_its_place_says_so():
    assert (
        fill_prompt("{previous}: {messages}", PromptValues(None, None, 1), "said", None)
        == "(none): said"
    )


def test_the_one_that_is_built_in_could_be_a_template():
    assert errors_of(BUILT_IN) == []
    assert {f"{{{name}}}" in BUILT_IN for name in VARIABLES if name != "label"} == {True}


@pytest.mark.parametrize(
    "prompt", ['{"a": 1} {messages}', "{ messages } {messages} {}", "{1}{messages}"]
)
def test_other_braces_stay(prompt):
    assert errors_of(prompt) == []
    filled = fill_prompt(prompt, PromptValues(None, None, 1), "said", None)
    assert filled == prompt.replace("{messages}", "said")


def test_every_error_is_listed():
    assert len(errors_of("{a} {b}")) == 3
