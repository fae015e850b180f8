"""The same server stack answering one constant body: what a read can cost at the least."""

import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(body: bytes) -> Starlette:
    """Build an application whose only route answers the body."""

    async def answer(_: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/dialogue/{id}/messages", answer)])


def main() -> None:
    """Serve the body of the file named in the arguments on a free port of loopback."""
    body = Path(sys.argv[1]).read_bytes()
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    sys.stdout.write(f"ready on http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(application(body), access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
