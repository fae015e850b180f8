"""When the client retries, how long it waits, and how it reads responses."""

from itertools import pairwise

import msgspec
import pytest

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.transport.error_responses import error_from
from dialoguedb.client.transport.requests import ApiCall, ApiResponse
from dialoguedb.client.transport.retries import (
    RetryPolicy,
    is_transient,
    may_have_succeeded,
    retry_after_s,
)
from dialoguedb.errors import (
    DialogueDBError,
    InternalError,
    InvalidJSON,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    RateLimitExceeded,
    ServiceUnavailable,
    TimedOut,
    UnexpectedAnswer,
    UnreadableAnswer,
)
from dialoguedb.http.responses.error_responses import error_response, status_of
from docs.generate import raised_errors


def made(kind):
    if issubclass(kind, RateLimitExceeded):
        return kind("Why", 7)
    if issubclass(kind, MethodNotAllowed):
        return kind("Why", ["GET", "PUT"])
    return kind("Why")


@pytest.mark.parametrize(
    "kind", [kind for kind in raised_errors() if status_of(kind)], ids=lambda kind: kind.__name__
)
def test_an_error_comes_back_as_the_class_of_its_code(kind):
    response = error_response(made(kind), "request-1", "2026-01-02T00:00:00.000Z")
    headers = {name.decode(): value.decode() for name, value in response.headers}
    error = error_from(ApiResponse(response.status, headers, response.body))
    assert issubclass(kind, type(error))  # those that share a code come back as their parent
    assert (error.code, error.message, error.request_id) == (kind.code, "Why", "request-1")
    if isinstance(error, RateLimitExceeded):
        assert error.retry_after_s == 7
    if isinstance(error, MethodNotAllowed):
        assert error.allowed == ("GET", "PUT")


def test_a_code_that_is_newer_than_the_client_comes_back_as_its_family():
    body = {"code": "PLANET_NOT_FOUND", "message": "No such planet", "type": "not_found"}
    error = error_from(ApiResponse(404, {}, msgspec.json.encode({"error": body})))
    assert type(error) is NotFound
    assert error.code == "PLANET_NOT_FOUND"


def test_delays_grow_up_to_a_bound_and_are_never_shorter_than_retry_after():
    policy = RetryPolicy(4)
    delays = [[policy.delay_s(tries) for _ in range(50)] for tries in (1, 3, 6, 20)]
    bounds = [(min(some), max(some)) for some in delays]
    assert all(shorter[1] < longer[0] for shorter, longer in pairwise(bounds[:3]))
    assert bounds[3][1] <= 8
    assert policy.delay_s(1, 30) == 30
    assert len(set(delays[0])) > 1


def test_retry_after_is_read_where_it_is_a_number():
    assert retry_after_s(ApiResponse(429, {"retry-after": "3"}, b"")) == 3
    assert (
        retry_after_s(ApiResponse(429, {"retry-after": "Sun, 22 Nov 2026 07:28:00 GMT"}, b""))
        is None
    )
    assert retry_after_s(ApiResponse(429, {}, b"")) is None
    assert retry_after_s(None) is None


@pytest.mark.parametrize(
    ("error", "is_retried", "in_doubt"),
    [
        (TimedOut("late"), True, True),
        (InternalError("defect"), True, True),
        (ServiceUnavailable("full disk"), True, False),
        (RateLimitExceeded("too fast", 1), True, False),
        (UnexpectedAnswer("half", 200), True, True),
        (UnexpectedAnswer("gateway", 502), True, True),
        (UnreadableAnswer("a newer server", 200), False, True),
        (UnexpectedAnswer("another program", 404), False, True),
        (InvalidRequest("wrong"), False, True),
    ],
    ids=str,
)
def test_transient_errors_are_known_from_permanent_ones(error, is_retried, in_doubt):
    assert is_transient(error) is is_retried
    if is_retried:
        assert may_have_succeeded(error) is in_doubt


def test_only_calls_that_change_something_need_an_idempotency_key():
    changing = [
        ("POST", "dialogue"),
        ("PUT", "dialogue", "search"),
        ("PATCH", "dialogue", "context", "state"),
    ]
    reading = [("POST", "search"), ("POST", "dialogue", "d", "context"), ("GET", "dialogue")]
    calls = [ApiCall(method=method, path=(*path,)) for method, *path in changing + reading]
    assert [call.needs_idempotency_key for call in calls] == [True] * 3 + [False] * 3


def test_a_request_is_encoded_with_names_of_the_wire_and_quoted_ids():
    call = ApiCall(
        method="GET",
        path=("dialogue", "a b:c&d"),
        query={"thread_of": "x&y", "tags": ["a", "b"], "merge": False, "limit": None},
    )
    assert (
        call.request().target == "/dialogue/a%20b%3Ac%26d?threadOf=x%26y&tags=a&tags=b&merge=false"
    )


def test_a_response_of_another_type_is_refused():
    with pytest.raises(msgspec.DecodeError):
        json_codec.decode(b'{"id": 7}', list[int])
    for body in (b'{"id": 7', b"\xff", b"<html>"):
        with pytest.raises(msgspec.DecodeError) as refused:
            json_codec.decode(body, dict[str, int])
        assert type(refused.value) is msgspec.DecodeError
    for body in (b'{"id": "\\ud800"}', b"[" * 200_000 + b"]" * 200_000):
        with pytest.raises(msgspec.ValidationError):
            json_codec.decode(body, dict[str, int])
    assert issubclass(UnexpectedAnswer, DialogueDBError)


NASTY = [
    b"1.10",
    b"-0",
    b"1E5",
    b"1e400",
    b"9" * 5_000,
    rb'"\ud800 \u0000"',
    '"\N{GRINNING FACE}"'.encode(),
    b'{"z":1,"a":[1.0]}',
]


def test_values_may_be_sent_byte_for_byte():
    for raw in NASTY:
        sent = json_codec.encode({"a": msgspec.Raw(raw), "b": [msgspec.Raw(raw), "\N{SNOWMAN}"]})
        assert sent == b'{"a":%b,"b":[%b,"%b"]}' % (raw, raw, "\N{SNOWMAN}".encode())
        assert bytes(json_codec.decode(raw, msgspec.Raw)) == raw


def test_integers_are_encoded_and_decoded_however_long():
    for text in ("9" * 4_301, "-1" + "0" * 20_000, "12345678" * 100_000):
        body = f'{{"n":[{text},"\N{SNOWMAN}"]}}'.encode()
        assert json_codec.encode(json_codec.decode(body, dict[str, list[object]])) == body
    lone = json_codec.encode({"n": 10**5_000, "s": "\ud800"})
    assert json_codec.decode(lone, dict[str, object]) == {"n": 10**5_000, "s": "\ud800"}


def test_what_is_not_json_is_refused():
    around: list[object] = []
    around.append(around)
    for value in (float("nan"), {1, 2}, b"x", around, {(1, 2): 3}):
        with pytest.raises(InvalidJSON):
            json_codec.encode([10**5_000, value])
