"""Responses kept for idempotency keys: they come back as they were, and hold no attachment."""

import random

import pytest

from dialoguedb.http.responses.response import Response
from dialoguedb.http.responses.sealed_responses import ResponseSealer
from tests.attachments import PNG, anthropic, base64_of, encoded

_random = random.Random(1)
HEAD = _random.randbytes(600)
PICTURES = [base64_of(HEAD + _random.randbytes(60_000)) for _ in range(3)]


def picture(data):
    return anthropic("image", PNG)(data)[0]


@pytest.mark.parametrize(
    ("sent", "answered", "left"),
    [
        ([], [], 0),
        (PICTURES, PICTURES, 0),
        ([PICTURES[0]] * 3, [PICTURES[0]] * 3, 0),
        (PICTURES, PICTURES[::2], 0),
        ([], PICTURES[:1], 1),
        ([PICTURES[0]], [PICTURES[1]], 1),
        ([PICTURES[0][:-1]], [PICTURES[0]], 1),
        (PICTURES, [PICTURES[2], PICTURES[0]], 1),
    ],
)
def test_they_come_back_without_having_held_what_the_request_holds(sent, answered, left):
    request = encoded({"content": [picture(data) for data in sent]})
    body = encoded({"id": "m", "content": [picture(data) for data in answered], "é": "end"})
    response = Response(body, b'"1"', 202)
    sealer = ResponseSealer(request)
    sealed = sealer.seal(response)
    assert ResponseSealer(request).open(sealed) == response
    assert len(sealed) // len(PICTURES[0]) == left
