"""What is put right in messages of Gemini and in items of Responses."""

from dialoguedb.formats.dialects import OPENING
from dialoguedb.formats.provider_fixes.fix import Fix, Messages, begun_by_user
from dialoguedb.formats.provider_rules import gemini, responses
from dialoguedb.formats.provider_rules.rule import Json, SentMessages, text_of
from dialoguedb.formats.writers.gemini import STAND_IN_SIGNATURE, user_message


def _signed_steps(messages: Messages) -> Messages:
    unsigned = {found.at for found in gemini.steps_are_signed(SentMessages(messages))}
    return [_signed(one) if index in unsigned else one for index, one in enumerate(messages)]


def _signed(content: Json) -> Json:
    parts = list(content["parts"])
    first = next(
        index for index, part in enumerate(parts) if gemini.member(part, "functionCall") is not None
    )
    parts[first] = {**parts[first], "thoughtSignature": STAND_IN_SIGNATURE}
    return {**content, "parts": parts}


def _without_empty_parts(messages: Messages) -> Messages:
    whole = [
        {**one, "parts": [part for part in gemini.parts_of(one) if gemini.is_whole(part)]}
        for one in messages
    ]
    return [one for one in whole if one["parts"]]


def _in_turns(messages: Messages) -> Messages:
    turns: Messages = []
    for one in messages:
        if turns and turns[-1].get("role") == one.get("role"):
            turns[-1] = {**one, "parts": [*turns[-1]["parts"], *one["parts"]]}
        else:
            turns.append(one)
    return turns


def _fitting_ids(messages: Messages) -> Messages:
    return [_without_unfit_id(one) for one in messages]


def _without_unfit_id(item: Json) -> Json:
    """Return an item without an id that it need not have; reasoning needs its own."""
    may_lack = responses.kind_of(item) != "reasoning" and text_of(item, "call_id") != ""
    is_unfit = any(responses.ids_fit(SentMessages([{**item, "call_id": ""}])))
    if is_unfit and (may_lack or responses.kind_of(item) == "message"):
        return {key: value for key, value in item.items() if key != "id"}
    return item


def _without_lone_reasoning(messages: Messages) -> Messages:
    while lone := {found.at for found in responses.reasoning_is_followed(SentMessages(messages))}:
        messages = [one for index, one in enumerate(messages) if index not in lone]
    return messages


OF_GEMINI = (
    Fix(_without_empty_parts, "Empty parts are left out."),
    begun_by_user(user_message(OPENING)),
    Fix(_in_turns, "Consecutive contents of a role are one."),
    Fix(_signed_steps, "Calls without a signature get the one that stands for none."),
)
OF_RESPONSES = (
    Fix(_fitting_ids, "Ids of items that the API would refuse are left out."),
    Fix(_without_lone_reasoning, "Reasoning without the item that it led to is left out."),
)
