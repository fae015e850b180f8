"""Every error has its answer, and every route says what it may refuse."""

import json

import pytest

from dialoguedb import errors
from dialoguedb.errors import (
    DataError,
    DialogueDBError,
    ErrorDetail,
    MethodNotAllowed,
    RateLimitExceeded,
)
from dialoguedb.http.responses.error_responses import STATUSES, error_response, status_of
from dialoguedb.http.route_table import ROUTES

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DialogueDBError) and kind is not DialogueDBError
]
RAISED_BY_THE_CLIENT = (errors.Unreachable, errors.UnexpectedAnswer, errors.Closed)
IN_NO_ANSWER = (DataError, errors.InvalidSetting, *RAISED_BY_THE_CLIENT)
EXTRA = {
    MethodNotAllowed: (["GET"],),
    RateLimitExceeded: (7,),
    errors.UnexpectedAnswer: (502,),
    errors.UnreadableAnswer: (200,),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_that_is_for_clients_has_a_status(kind):
    assert (status_of(kind) is None) == issubclass(kind, IN_NO_ANSWER)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_answer_has_the_same_shape(kind):
    error = kind("It went wrong", *EXTRA.get(kind, ()))
    error.details = (ErrorDetail("a.b", "INVALID", "a.b is wrong"),)
    answer = error_response(error, "request", "now")
    body = json.loads(answer.body)["error"]
    assert body.keys() == {"code", "message", "type", "details", "requestId", "timestamp"}
    assert (body["requestId"], body["timestamp"]) == ("request", "now")
    if issubclass(kind, IN_NO_ANSWER):
        assert (answer.status, body["code"], body["details"]) == (500, "INTERNAL_ERROR", [])
        assert "went wrong" not in body["message"].replace("Something went wrong", "")
    else:
        assert (answer.status, body["type"]) == status_of(kind)
        assert body["details"] == [{"field": "a.b", "code": "INVALID", "message": "a.b is wrong"}]


def test_no_status_has_two_types():
    assert len({status for status, _ in STATUSES.values()}) == len(STATUSES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_documented_and_names_errors_that_clients_see(route):
    assert route.endpoint.handle.__doc__
    assert all(status_of(error) for error in route.endpoint.errors)
    assert route.endpoint.versions or not route.endpoint.conditional
    if route.documented:
        assert route.endpoint.response is not None


def test_no_route_is_there_twice():
    paths = [(route.method, route.path) for route in ROUTES]
    assert len(paths) == len(set(paths))
