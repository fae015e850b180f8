"""Who speaks: in the field `name` where an API has it and the name fits, else before the text."""

import re
from collections.abc import Sequence

from dialoguedb.formats.outgoing.messages import OutgoingMessage, OutgoingPart
from dialoguedb.formats.parts import Text

_NOT_IN_NAMES = re.compile(r"[\s<|\\/>]+")
_NAME_CHARS_MAX = 64


def fit_names(messages: Sequence[OutgoingMessage], names: dict[str, str] | None = None) -> None:
    """Make names fit as OpenAI demands; one that cannot, or then is another's, goes to the text.

    `names` holds those of the messages before, by what was made of them; these are added.
    """
    names = {} if names is None else names
    for message in messages:
        if message.name:
            fitted = _NOT_IN_NAMES.sub("_", message.name).strip("_")[:_NAME_CHARS_MAX]
            if fitted and names.setdefault(fitted, message.name) == message.name:
                message.name = fitted
            else:
                _speak_name(message)


def speak_names(messages: Sequence[OutgoingMessage], assistants: set[str] | None = None) -> None:
    """Put names before the texts; an assistant's from where a second assistant speaks.

    A model that reads a name before all it wrote itself would begin to write it. What comes later
    changes nothing that stands before it, so that providers find the beginning in their caches.
    `assistants` holds the names of those who spoke before; these are added.
    """
    assistants = set() if assistants is None else assistants
    for message in messages:
        if message.name and message.speaker == "assistant":
            assistants.add(message.name)
        if message.name and (message.speaker != "assistant" or len(assistants) > 1):
            _speak_name(message)
        message.name = None


def _speak_name(message: OutgoingMessage) -> None:
    for index, outgoing in enumerate(message.parts):
        if isinstance(outgoing.part, Text):
            spoken = Text(f"{message.name}: {outgoing.part.text}")
            message.parts[index] = outgoing.replaced(spoken)
            break
    else:
        if message.speaker == "user":
            message.parts.insert(0, OutgoingPart(Text(f"{message.name}:")))
    message.name = None
