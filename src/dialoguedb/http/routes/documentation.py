"""The API's description over HTTP: for programs, and as a page that needs no other server."""

from importlib.resources import files

from dialoguedb.errors import RouteNotFound
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response
from dialoguedb.http.route_endpoint import endpoint

_STATIC = files("dialoguedb.http") / "static"
_MEDIA = {
    "docs.js": b"text/javascript; charset=utf-8",
    "favicon-32x32.png": b"image/png",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "swagger-ui-bundle.js.LICENSE.txt": b"text/plain; charset=utf-8",
    "swagger-ui.LICENSE.txt": b"text/plain; charset=utf-8",
    "swagger-ui.NOTICE.txt": b"text/plain; charset=utf-8",
    "swagger-ui.css": b"text/css; charset=utf-8",
}
# Swagger UI has its icons in data: URLs.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; "
    b"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


@endpoint("Operations", None, response=dict)
async def openapi(request: Request) -> Response:
    """Describe the API as an OpenAPI 3.1 document."""
    return Response(request.context.openapi_document)


@endpoint("Operations", None, response=str, media_type="text/html")
async def page(request: Request) -> Response:
    """Show the API as a page to read and to try out."""
    assets = b"" if request.head.raw_path.endswith(b"/") else b"docs/"
    text = (_STATIC / "docs.html").read_bytes().replace(b"{{assets}}", assets)
    return Response(text, content_type=b"text/html; charset=utf-8", headers=_HEADERS)


@endpoint("Operations", None, response=str)
async def asset(request: Request) -> Response:
    """Serve a file of that page."""
    name = request.path["asset"]
    if name not in _MEDIA:
        raise RouteNotFound(f"There is no file {name!r} here")
    body = (_STATIC / name).read_bytes()
    headers = (*_HEADERS, (b"cache-control", b"max-age=3600"))
    return Response(body, content_type=_MEDIA[name], headers=headers)
