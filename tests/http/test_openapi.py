"""What the API says of itself, held against what it does: requests made up from its description."""

import itertools
import re

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .making import HELLO
from .rows import ADMIN, DATA, OPEN_PATHS, OPERATOR

SEGMENT = re.compile(r"\{[^}]*\}")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def shape(path: str) -> str:
    """Return a path with its parameters unnamed and its query left out."""
    path = SEGMENT.sub("{}", path.partition("?")[0])
    return re.sub("/(end|archive|reopen)$", "/{}", path)


OPERATIONS = sorted(
    {(row.method, shape(row.path)) for row in [*DATA, *ADMIN, *OPERATOR]}
    | {(method, "/admin/keys/{}") for method in ("GET", "DELETE")}
    | {(method, "/admin/summary-templates/{}") for method in ("GET", "PUT", "DELETE")}
)
WITHOUT_PARAMETERS = [("GET", path) for path in OPEN_PATHS if path != "/openapi.json"]
CASES = [
    pytest.param(operation, mode, id=f"{mode.value} {' '.join(operation)}")
    for operation, mode in [
        *itertools.product(OPERATIONS, GenerationMode),
        *itertools.product(WITHOUT_PARAMETERS, [GenerationMode.POSITIVE]),
    ]
]


@pytest.fixture(scope="module")
def described(server):
    return schemathesis.openapi.from_url(f"{server.base_url}/openapi.json")


def operation_of(described, method, path):
    """Find an operation by its method and the shape of its path."""
    for found in described.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), shape(operation.path)) == (method, path):
            return operation
    message = f"{method} {path} is not described"
    raise AssertionError(message)


def name_real_things(api, case):
    """Make the case name a dialogue, a message and a memory that are there."""
    api.post("/dialogue", json={"id": "d"})
    api.post("/dialogue/d/messages", json={**HELLO, "id": "m"})
    api.post("/memory", json={"id": "k", "value": 1})
    segments = SEGMENT.findall(case.operation.path)
    before = SEGMENT.split(case.operation.path)
    for segment, start in zip(segments, before, strict=False):
        real = {"/dialogue/": "d", "/memory/": "k"}.get(start, "m" if "message" in start else None)
        if real:
            case.path_parameters[segment[1:-1]] = real
    for name in ["dialogueId", "namespace"]:
        if name in case.query:
            case.query = {**case.query, name: {"dialogueId": "d", "namespace": ""}[name]}


@pytest.mark.parametrize(("route", "mode"), CASES)
def test_it_answers_as_it_says(route, mode, described, server, api):
    operation = operation_of(described, *route)
    own = api.headers["Authorization"]
    key = f"Bearer {server.operator_key}" if "/projects" in operation.path else own
    with requests.Session() as session:

        @settings(
            max_examples=10,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def hold(case, real):
            if real:
                name_real_things(api, case)
            case.call_and_validate(session=session, checks=CHECKS, headers={"Authorization": key})

        hold()
