"""Messages in groups that a request can hold."""

from collections.abc import Iterator, Sequence

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.inputs import MessageDict
from dialoguedb.values.limits import BODY_BYTES_MAX, MESSAGES_PER_REQUEST_MAX

_OTHER_FIELDS_BYTES = 256 * 1024
"""For the fields of a dialogue that is created with its first messages."""

_COMMA_BYTES = 1


def batches(messages: Sequence[MessageDict]) -> Iterator[Sequence[MessageDict]]:
    """Group messages in their order, as many as one request may have by number and size."""
    if len(messages) == 1:
        yield messages
        return
    batch: list[MessageDict] = []
    left = 0
    for message in messages:
        size = len(json_codec.encode(message)) + _COMMA_BYTES
        if batch and (size > left or len(batch) == MESSAGES_PER_REQUEST_MAX):
            yield batch
            batch = []
        if not batch:
            left = BODY_BYTES_MAX - _OTHER_FIELDS_BYTES
        batch.append(message)
        left -= size
    if batch:
        yield batch
