"""The OpenAPI 3.1 document, made from the same routes and types that serve."""

import re
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from typing import Any

import msgspec

from dialoguedb.errors import (
    DialogueDBError,
    Forbidden,
    IdempotencyKeyReused,
    InternalError,
    InvalidJSON,
    InvalidRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    QuotaExceeded,
    RateLimitExceeded,
    RouteNotFound,
    ServiceUnavailable,
    Unauthorized,
)
from dialoguedb.http.openapi.examples import example_of
from dialoguedb.http.responses.error_responses import VALIDATION_CODES, ProblemBody, status_of
from dialoguedb.http.route_endpoint import Route, RouteEndpoint
from dialoguedb.model.dialogues import Action
from dialoguedb.values import limits
from dialoguedb.values.fields import Id
from dialoguedb.version import VERSION

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_PAGE = re.compile(r"Page(?:_(\w+)_|\[(\w+)\])")
_PUBLISHED_NAMES = {"ErrorDetail": "Fault", "ProjectSettings": "Settings"}
"""Schemas whose name clients were generated from, by the name of the class now."""

_PATH_TYPES: dict[str, Any] = {"action": Action}
_EVERY_ROUTE = (
    InvalidRequest,
    InvalidJSON,
    RouteNotFound,
    MethodNotAllowed,
    PayloadTooLarge,
    InternalError,
    ServiceUnavailable,
)
_WITH_KEY = (Unauthorized, Forbidden, RateLimitExceeded, QuotaExceeded)
_WRITING = ("POST", "PUT", "PATCH")
_ACCEPTED = 202

_DESCRIPTION = """\
Store conversations and read them back: dialogues and their threads, messages, state and memories.
Search them by meaning and by words, and have them summarized.

Every path is served under `/api/v1`, too. Bodies are JSON, whatever their media type. A request
that fails is answered by an error object; its `requestId` is also in `X-Request-Id`.
"""


def describe(routes: Sequence[Route]) -> bytes:
    """Return the document as JSON."""
    shown = [route for route in routes if route.documented]
    schemas = _Schemas(route.endpoint for route in shown)
    paths: dict[str, Json] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "DialogueDB",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}, {"url": "/api/v1"}],
        "tags": [{"name": name} for name in dict.fromkeys(route.endpoint.tag for route in shown)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "headers": _HEADERS,
            "responses": schemas.errors,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."}
            },
        },
    }
    text = _PAGE.sub(r"\1\2Page", msgspec.json.encode(document).decode())
    for name, published in _PUBLISHED_NAMES.items():
        for before in ('"', _REF.format(name="")):
            text = text.replace(f'{before}{name}"', f'{before}{published}"')
    return text.encode()


class _Schemas:
    """The schemas of all types that the endpoints mention."""

    def __init__(self, endpoints: Iterable[RouteEndpoint]) -> None:
        types: list[Any] = [ProblemBody, Id, *_PATH_TYPES.values()]
        for endpoint in endpoints:
            for kind in (endpoint.query, endpoint.body, endpoint.response):
                types.extend(_alternatives(kind))
        found, self.components = msgspec.json.schema_components(types, ref_template=_REF)
        self._found = list(zip(types, found, strict=True))
        for component in self.components.values():
            given = {name for name, part in component["properties"].items() if "default" in part}
            component["required"] = sorted({*component.get("required", ()), *given})
        self.errors: dict[str, Json] = {}
        """The responses of errors, by the codes they may have."""

    def of(self, kind: Any) -> Json:
        """Return the schema of a type, or of a tuple of alternatives."""
        found = [self._of_one(one) for one in _alternatives(kind)]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def error_response(self, kinds: Sequence[type[DialogueDBError]]) -> Json:
        """Return the response that reports one of these errors."""
        codes = {code: line for kind in kinds for code, line in _codes(kind)}
        name = ".".join(codes)
        self.errors[name] = {
            "description": "\n".join(f"- `{code}`: {line}" for code, line in codes.items()),
            "headers": _ON_EVERY_RESPONSE,
            "content": {"application/json": {"schema": self.of(ProblemBody)}},
        }
        return {"$ref": f"#/components/responses/{name}"}

    def properties(self, kind: Any) -> dict[str, tuple[Json, bool]]:
        """Return the schemas of a type's fields, and whether they are required."""
        name = self._of_one(kind)["$ref"].rpartition("/")[2]
        component = self.components[name]
        required = component.get("required", ())
        return {
            name: (schema, name in required) for name, schema in component["properties"].items()
        }

    def _of_one(self, kind: Any) -> Json:
        return next(schema for one, schema in self._found if one is kind or one == kind)


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if kind is None:
        return ()
    return kind if isinstance(kind, tuple) else (kind,)


def _operation(route: Route, schemas: _Schemas) -> Json:
    endpoint = route.endpoint
    summary, _, rest = cleandoc(endpoint.handle.__doc__ or "").partition("\n")
    permission = endpoint.permission
    needs = f"Needs a key of scope `{permission}`." if permission else "Needs no key."
    operation: Json = {
        "operationId": _operation_id(route),
        "tags": [endpoint.tag],
        "summary": summary.rstrip("."),
        "description": f"{rest.strip()}\n\n{needs}".strip(),
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, schemas),
        "security": [{"key": []}] if endpoint.permission else [],
    }
    if endpoint.body is not None:
        media: Json = {"schema": schemas.of(endpoint.body)}
        if endpoint.example is not None:
            named = _PATH_PARAMETER.findall(route.path)
            media["example"] = {k: v for k, v in endpoint.example.items() if k not in named}
        operation["requestBody"] = {"content": {"application/json": media}}
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", route.path)
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route, schemas: _Schemas) -> Iterator[Json]:
    endpoint = route.endpoint
    in_path = _PATH_PARAMETER.findall(route.path)
    for name in in_path:
        schema = schemas.of(_PATH_TYPES.get(name, Id))
        yield {**_parameter(name, "path", schema), "required": True}
    for name, (schema, needed) in schemas.properties(endpoint.query).items():
        if name not in in_path:
            required = {"required": True} if needed else {}
            yield {**_parameter(name, "query", schema), **required}
    yield _header_parameter("X-Request-Id", "Comes back; a new UUID when it is not well-formed.")
    if _keeps_responses(route):
        text = f"Does the request at most once within {limits.IDEMPOTENCY_HOURS} hours."
        yield _header_parameter("Idempotency-Key", text)
    if endpoint.conditional:
        yield _header_parameter("If-Match", "The version you saw; a stale one changes nothing.")


def _keeps_responses(route: Route) -> bool:
    is_write = route.endpoint.permission not in {None, "read"} and route.method in _WRITING
    return is_write and route.endpoint.keeps_responses


def _parameter(name: str, location: str, schema: Json) -> Json:
    plain = {key: value for key, value in schema.items() if key != "description"}
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": location, **described, "schema": plain}


def _header_parameter(name: str, description: str) -> Json:
    return _parameter(name, "header", {"type": "string", "description": description})


def _responses(route: Route, schemas: _Schemas) -> Json:
    endpoint = route.endpoint
    schema = schemas.of(endpoint.response)
    headers = {**_ON_EVERY_RESPONSE, "ETag": _ETAG} if endpoint.versions else _ON_EVERY_RESPONSE
    media: Json = {"schema": schema}
    if endpoint.media_type == "application/json":
        media["example"] = example_of(schema, schemas.components)
    responses: Json = {
        str(endpoint.status): {
            "description": "Accepted." if endpoint.status == _ACCEPTED else "Done.",
            "headers": headers,
            "content": {endpoint.media_type: media},
        }
    }
    errors: dict[int, list[type[DialogueDBError]]] = {}
    for error in _errors(route):
        errors.setdefault((status_of(error) or (500, ""))[0], []).append(error)
    for status, kinds in sorted(errors.items()):
        responses[str(status)] = schemas.error_response(kinds)
    return responses


def _errors(route: Route) -> Iterator[type[DialogueDBError]]:
    yield from _EVERY_ROUTE
    if route.endpoint.permission:
        yield from _WITH_KEY
        if _keeps_responses(route):
            yield IdempotencyKeyReused
    yield from (error for error in route.endpoint.errors if error not in _EVERY_ROUTE)


def _codes(kind: type[DialogueDBError]) -> Iterator[tuple[str, str]]:
    if kind is InvalidRequest:
        yield from VALIDATION_CODES.items()
    else:
        yield kind.code, (kind.__doc__ or "").partition("\n")[0]


def _header(description: str, kind: str = "integer") -> Json:
    return {"description": description, "required": True, "schema": {"type": kind}}


_HEADERS = {
    "X-Request-Id": _header("Identifies the request, in our logs too.", "string"),
    "X-RateLimit-Limit": _header("Requests in a burst."),
    "X-RateLimit-Remaining": _header("Requests left now."),
    "X-RateLimit-Reset": _header("Unix second when the whole burst is there again."),
}
_ON_EVERY_RESPONSE = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
_ETAG = _header("The version, for `If-Match`.", "string")
