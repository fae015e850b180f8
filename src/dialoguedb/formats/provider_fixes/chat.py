"""What is put right in chat messages."""

from collections.abc import Iterable, Iterator

from dialoguedb.formats.dialects import OPENING
from dialoguedb.formats.outgoing.call_ids import shortened_id
from dialoguedb.formats.provider_fixes.fix import Fix, Messages, begun_by_user, with_content
from dialoguedb.formats.provider_rules.attachments import image_url_problem
from dialoguedb.formats.provider_rules.chat import calls_of
from dialoguedb.formats.provider_rules.openai_chat import CALL_ID_CHARS_MAX
from dialoguedb.formats.provider_rules.rule import Json, dicts, text_of
from dialoguedb.formats.writers import strict
from dialoguedb.formats.writers.openai import user_message


def _short_ids(messages: Messages) -> Messages:
    return [_with_short_ids(one) for one in messages]


def _with_short_ids(message: Json) -> Json:
    changed = dict(message)
    if calls := calls_of(message):
        changed["tool_calls"] = [{**call, "id": _short(text_of(call, "id"))} for call in calls]
    if "tool_call_id" in message:
        changed["tool_call_id"] = _short(text_of(message, "tool_call_id"))
    return changed


def _short(call_id: str) -> str:
    return shortened_id(call_id, CALL_ID_CHARS_MAX)


def _readable_images(messages: Messages) -> Messages:
    return with_content(messages, _named_if_unreadable)


def _named_if_unreadable(part: Json) -> Iterator[Json]:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    is_image = part.get("type") == "image_url"
    yield {"type": "text", "text": "[image]"} if is_image and image_url_problem(url) else part


def _only_text_and_images(messages: Messages) -> Messages:
    return with_content(messages, _named_if_other)


def _named_if_other(part: Json) -> Iterator[Json]:
    kind = text_of(part, "type")
    is_taken = kind in {"text", "image_url"}
    yield part if is_taken else {"type": "text", "text": f"[{kind or 'part'}]"}


def _without_thoughts(messages: Messages) -> Messages:
    return [
        {key: value for key, value in one.items() if key != "reasoning_content"} for one in messages
    ]


def _text_before_calls(messages: Messages) -> Messages:
    return [part for one in messages for part in _apart(one)]


def _apart(message: Json) -> Iterable[Json]:
    if message.get("content") and calls_of(message):
        text = {key: value for key, value in message.items() if key != "tool_calls"}
        return text, {"role": "assistant", "content": "", "tool_calls": message["tool_calls"]}
    return (message,)


def _one_string(messages: Messages) -> Messages:
    return [_with_string(one) for one in messages]


def _with_string(message: Json) -> Json:
    parts = dicts(message.get("content"))
    if not parts or any(part.get("type") == "image_url" for part in parts):
        return message
    return {**message, "content": "\n".join(text_of(part, "text") for part in parts)}


_IMAGES = Fix(_readable_images, "Images that cannot be read are named.")
OF_OPENAI = (Fix(_short_ids, "Ids of calls are shortened to 40 characters."), _IMAGES)
OF_STRICT = (
    _IMAGES,
    Fix(_only_text_and_images, "Sounds and files are named."),
    Fix(_one_string, "Parts that are all text become one string."),
    begun_by_user(user_message(OPENING)),
    Fix(strict.shaped, "The user and the assistant take turns."),
)
OF_MISTRAL = (
    *OF_STRICT,
    Fix(_without_thoughts, "Thoughts are left out."),
    Fix(_text_before_calls, "Text beside calls is a message of its own before them."),
)
