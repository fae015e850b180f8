"""What every answer must look like, whatever was asked."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx

TYPES = {
    400: "validation_error",
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found",
    405: "validation_error",
    409: "conflict",
    413: "validation_error",
    429: "rate_limit",
    500: "server",
    503: "service_unavailable",
}
STATUSES = {
    "MISSING_PARAMETER": 400,
    "INVALID_PARAMETER": 400,
    "INVALID_JSON": 400,
    "VALIDATION_ERROR": 400,
    "MESSAGE_CONTENT_EMPTY": 400,
    "MESSAGE_TOO_LARGE": 400,
    "STATE_TOO_LARGE": 400,
    "INVALID_IMAGE_CONTENT": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "DIALOGUE_NOT_FOUND": 404,
    "MESSAGE_NOT_FOUND": 404,
    "MEMORY_NOT_FOUND": 404,
    "SUMMARY_NOT_FOUND": 404,
    "CONTEXT_NOT_FOUND": 404,
    "TEMPLATE_NOT_FOUND": 404,
    "PROJECT_NOT_FOUND": 404,
    "KEY_NOT_FOUND": 404,
    "ROUTE_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "PAYLOAD_TOO_LARGE": 413,
    "DIALOGUE_ENDED": 409,
    "DIALOGUE_IMMUTABLE": 409,
    "DUPLICATE_ID": 409,
    "VERSION_CONFLICT": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "PROJECT_PROTECTED": 409,
    "RATE_LIMIT_EXCEEDED": 429,
    "QUOTA_EXCEEDED": 429,
    "SERVICE_UNAVAILABLE": 503,
}
DETAIL_CODES = {"REQUIRED", "INVALID", "TOO_LARGE", "NOT_FOUND", "UNKNOWN"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REVISION = re.compile(r'"r(\d+)"')

# A settings change or a revoked key must be felt within a second; the rest is for a busy machine.
SETTLED_SECONDS_MAX = 1.5

REQUESTS_MAX = 200


def check_headers(answer: httpx.Response) -> None:
    """Check what every answer carries, good or bad."""
    assert re.fullmatch(r"[\w.-]{1,128}", answer.headers["X-Request-Id"])
    limit = int(answer.headers["X-RateLimit-Limit"])
    assert 0 <= int(answer.headers["X-RateLimit-Remaining"]) <= limit
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_600_000_000
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"


def done(answer: httpx.Response, status: int = 200) -> Any:
    """Check a success and return its JSON."""
    assert answer.status_code == status, answer.text[:2000]
    check_headers(answer)
    return answer.json()


def refused(answer: httpx.Response, code: str, *fields: str) -> Any:
    """Check a refusal of this code, whose details name these fields, and return its error."""
    assert answer.status_code == STATUSES[code], answer.text[:2000]
    error = error_of(answer)
    assert error["code"] == code, error
    named = [detail["field"] for detail in error["details"]]
    assert set(fields) <= set(named), error
    return error


def error_of(answer: httpx.Response) -> Any:
    """Check the shape of the error object and return it."""
    check_headers(answer)
    body = answer.json()
    assert body.keys() == {"error"}
    error = body["error"]
    assert error.keys() == {"code", "message", "type", "details", "requestId", "timestamp"}
    assert error["type"] == TYPES[answer.status_code]
    assert error["message"]
    assert error["requestId"] == answer.headers["X-Request-Id"]
    assert TIMESTAMP.fullmatch(error["timestamp"])
    check_details(error["details"])
    return error


def check_details(details: list[dict[str, Any]]) -> None:
    """Check that each detail has a field, a known code and a message."""
    assert isinstance(details, list)
    for detail in details:
        assert detail.keys() == {"field", "code", "message"}
        assert detail["code"] in DETAIL_CODES
        assert isinstance(detail["field"], str)
        assert detail["message"]


def details_by_field(error: dict[str, Any]) -> dict[str, str]:
    """Return the code of each faulty field."""
    return {detail["field"]: detail["code"] for detail in error["details"]}


def revision(answer: httpx.Response) -> int:
    """Return the dialogue's revision that the answer's ETag tells."""
    match = REVISION.fullmatch(answer.headers["ETag"])
    assert match, answer.headers["ETag"]
    return int(match[1])


def eventually(ask: Callable[[], Any], seconds_max: float = SETTLED_SECONDS_MAX) -> Any:
    """Ask until the answer is true, and return it; a request after the time given must say so."""
    deadline, began = time.monotonic() + seconds_max, time.monotonic()
    while not (answer := ask()):
        assert began < deadline, "it did not come true in time"
        time.sleep(0.01)
        began = time.monotonic()
    return answer


def until_too_many(ask: Callable[[], httpx.Response]) -> list[httpx.Response]:
    """Ask until it was too much; returns all answers, the refusal last.

    A busy machine may take so long in between that what was spent has come back.
    """
    answers = [ask()]
    while answers[-1].status_code != 429:
        assert len(answers) < REQUESTS_MAX, "nothing is too much"
        answers.append(ask())
    return answers


def ids(page: dict[str, Any]) -> list[str]:
    """Return the ids of a list's items, in order."""
    return [item["id"] for item in page["items"]]
