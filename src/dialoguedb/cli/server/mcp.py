"""`dialoguedb mcp`: tools for agents, as a client of a server or of a data directory."""

import asyncio
from contextlib import suppress
from types import ModuleType
from typing import Any

import click

from dialoguedb import __version__
from dialoguedb.cli.databases import async_database, database_options
from dialoguedb.cli.options import examples
from dialoguedb.cli.server import logs
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
    envvar="DIALOGUEDB_MCP_TOKEN",
    metavar="TEXT",
    help="With http: Bearer token of hosts; required beyond this machine."
    " [env var: DIALOGUEDB_MCP_TOKEN]",
)
def mcp(**flags: Any) -> None:
    """Serve tools for agents over the Model Context Protocol.

    The tools store and resume conversations, search them and remember facts. They need the extra:
    pip install 'dialoguedb[mcp]'.
    """
    logs.configure("warning")
    database = async_database(flags, flags.pop("namespace"))
    if flags["transport"] == "http":
        address = Address(flags["host"], flags["port"])
        asyncio.run(_serve(database, flags["tools"], address, flags["token"]))
        return
    with suppress(KeyboardInterrupt):
        asyncio.run(_speak(database, flags["tools"]))


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


def _made(database: Any, tools: str | None) -> Any:
    protocol = _protocol()
    from dialoguedb.mcp.tools import allowed  # noqa: PLC0415 - needs the extra, too

    return protocol.create(database, allowed(tools), __version__)


async def _speak(database: Any, tools: str | None) -> None:
    server = _made(database, tools)
    async with database:
        await _protocol().serve_stdio(server)


async def _serve(database: Any, tools: str | None, address: Address, token: str | None) -> None:
    server = _made(database, tools)
    from dialoguedb.cli.server import runner, sockets  # noqa: PLC0415 - they load the web server

    listener = sockets.listen(address)
    if not listener.is_local and not token:
        raise InvalidSetting(
            "Others can reach this address: set DIALOGUEDB_MCP_TOKEN to what they have to show"
        )
    app = _protocol().http_app(server, address.host, token)
    url = f"http://{listener.address}{_protocol().PATH}"
    async with database:
        web = runner.Server(
            app, listener, None, _STOP_S, lambda: click.echo(f"DialogueDB's tools are on {url}")
        )
        with runner.stopped_by_signals(web):
            await web.run_until_stopped()
