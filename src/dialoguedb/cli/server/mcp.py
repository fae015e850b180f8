"""`dialoguedb mcp`: tools for agents, as a client of a server or of a data directory."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from dialoguedb import __version__, settings
from dialoguedb.cli.databases import async_database, client_options, database_options
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import TOOL_NAMES, setting_option
from dialoguedb.cli.server import logs, tokens
from dialoguedb.cli.server.tokens import HostToken
from dialoguedb.errors import InvalidSetting
from dialoguedb.settings import Address

_PORT = 8001
_STOP_S = 5


@click.command(
    epilog=examples(
        (
            "With a data directory, without a server",
            "dialoguedb mcp --data ./chats",
        ),
        (
            "With a server, with a key in DIALOGUEDB_API_KEY",
            "dialoguedb mcp --endpoint http://127.0.0.1:8000",
        ),
        ("Over HTTP, for several hosts", "dialoguedb mcp --data ./chats --transport http"),
    )
)
@database_options
@click.option("--namespace", metavar="NAME", help="Namespace of calls that name none.")
@click.option(
    "--tools",
    envvar="DIALOGUEDB_TOOLS",
    metavar="NAME,...",
    help="Offer only these tools: save,resume,search … [env var: DIALOGUEDB_TOOLS; default: all]",
)
@setting_option(TOOL_NAMES)
@click.option(
    "--transport",
    type=click.Choice(["stdio", "http"]),
    default="stdio",
    help="stdio, for the host that starts this command; http, at an address. [default: stdio]",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="HOST",
    help="With http: address to listen on. [default: 127.0.0.1]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    metavar="PORT",
    help=f"With http: port; 0 for any free port. [default: {_PORT}]",
)
@click.option(
    "--token",
    metavar="TEXT",
    help="With http: Bearer token that hosts show; other users of this machine can see flags, so"
    f" use the variable or a file. [env var: {tokens.VARIABLE}]",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With http: file with this token; made, with a new token, when it is not there."
    f" [env var: {tokens.FILE_VARIABLE}; default: {tokens.FILE} in the data directory]",
)
def mcp(**flags: Any) -> None:
    """Serve tools for agents over the Model Context Protocol.

    The tools store and resume conversations, search them and remember facts. They need the extra:
    pip install 'dialoguedb[mcp]'.
    """
    logs.configure("warning")
    is_http = flags["transport"] == "http"
    token = tokens.chosen(flags, flags["data"]) if is_http else None
    database = async_database(client_options(flags), flags.pop("namespace"))
    server = _made(database, flags["tools"], flags["tool_names"])
    if token is not None:
        address = Address(flags["host"], flags["port"])
        asyncio.run(_serve(database, server, address, token))
        return
    with suppress(KeyboardInterrupt):
        asyncio.run(_speak(database, server))


def _protocol() -> ModuleType:
    """Return the module that speaks the protocol; it loads web servers, and needs the extra."""
    try:
        from dialoguedb.mcp import server  # noqa: PLC0415 - as said above
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == "mcp":
            raise InvalidSetting(
                "`dialoguedb mcp` needs more to be installed: pip install 'dialoguedb[mcp]'"
            ) from error
        raise
    return server


def _made(database: Any, tools: str | None, tool_names: str | None) -> Any:
    protocol = _protocol()
    from dialoguedb.mcp.tools import PREFIXES, offered  # noqa: PLC0415 - needs the extra, too

    chosen = settings.load({TOOL_NAMES.name: tool_names}, os.environ)
    return protocol.create(database, offered(tools, PREFIXES[chosen.tool_names]), __version__)


async def _speak(database: Any, server: Any) -> None:
    async with database:
        await _protocol().serve_stdio(server)


async def _serve(database: Any, server: Any, address: Address, token: HostToken) -> None:
    from dialoguedb.cli.server import runner, sockets  # noqa: PLC0415 - they load the web server

    listener = sockets.listen(address)
    url = f"http://{listener.address}{_protocol().PATH}"

    def ready() -> None:
        click.echo(f"DialogueDB's tools are on {url}")
        if token.file:
            click.echo(f"Hosts show the token in {token.file}")

    async with database:
        app = _protocol().http_app(server, address.host, token.read())
        web = runner.Server(app, listener, None, _STOP_S, ready)
        with runner.stopped_by_signals(web):
            await web.run_until_stopped()
