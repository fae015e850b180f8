"""What no fix puts right is left out of a repair: as little as possible, and never a text."""

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.service.checks import repair
from tests.property.test_context import ending_of

ALL = 10**9
PICTURE = {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}}
SUMMARY = {"type": "compaction", "content": "All of it."}
"""A block that Anthropic takes of the assistant alone."""


def text(written):
    return {"type": "text", "text": written}


def repaired(provider, *messages):
    """Repair messages of a role and content; they are named m1, m2 and so on."""
    ending = ending_of([(role, content, {}) for role, content in messages], ALL)
    made = repair(provider, ending)
    assert list(findings(provider, SentMessages(made.messages, made.system))) == []
    return made


def left_out(made):
    return [one.message_id for one in made.changes if "in any case" in one.message]


def test_a_part_that_is_refused_is_left_out_alone_and_its_message_named():
    made = repaired("anthropic", ("user", [text("Well?"), PICTURE, SUMMARY]), ("assistant", "So."))
    assert made.messages[0]["content"] == [text("Well?"), PICTURE]
    assert left_out(made) == ["m1"]


def test_what_comes_behind_a_message_that_is_left_out_stays():
    made = repaired("anthropic", ("user", [SUMMARY]), ("assistant", "So."))
    assert [one["role"] for one in made.messages] == ["user", "assistant"]
    assert made.messages[1]["content"] == [text("So.")]
    assert left_out(made) == ["m1"]


def test_of_a_message_of_very_many_parts_the_texts_stay():
    refused = [{**SUMMARY} for _ in range(500)]
    made = repaired("anthropic", ("user", [text("Well?"), *refused]), ("assistant", "So."))
    assert made.messages[0]["content"] == [text("Well?")]
    assert left_out(made) == ["m1"]
