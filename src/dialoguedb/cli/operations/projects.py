"""`dialoguedb projects`."""

import asyncio
import sys
from typing import Any

import click
import msgspec

from dialoguedb.bootstrap.services import opened_services
from dialoguedb.cli.examples import examples
from dialoguedb.cli.operations.new_data import announcing_new_data
from dialoguedb.cli.operations.project_settings import change_of, change_options
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.cli.output import Record, json_option, show, show_list
from dialoguedb.cli.pages import all_of
from dialoguedb.model.keys import KeyInput
from dialoguedb.model.projects import ProjectInput, SettingsChange
from dialoguedb.settings import Settings
from dialoguedb.values import decoding

_COLUMNS = (
    *("id", "name", "created", "settings.rateLimit.perSecond", "settings.rateLimit.burst"),
    *("settings.immutable", "settings.deletionProtection", "settings.allowedIps"),
)


@click.group()
def projects() -> None:
    """Create, list, show, set and delete projects, each with its own data, keys and limits.

    Running servers apply changes within a second.
    """


@projects.command()
@click.argument("name")
@settings_options(*STORAGE)
@click.option("--quiet", is_flag=True, help="Print only the key.")
@json_option
def create(name: str, **flags: Any) -> None:
    """Create a project with an admin key, shown once."""
    settings = chosen_settings(flags)
    with announcing_new_data(settings):
        record = asyncio.run(_create(settings, name))
    if flags["quiet"]:
        click.echo(record["key"])
    else:
        show(record, as_json=flags["as_json"])


@projects.command("list")
@settings_options(*STORAGE)
@json_option
def list_(**flags: Any) -> None:
    """List all projects."""
    records = asyncio.run(_list(chosen_settings(flags)))
    show_list(records, _COLUMNS, as_json=flags["as_json"])


@projects.command("show")
@click.argument("name")
@settings_options(*STORAGE)
@json_option
def show_(name: str, **flags: Any) -> None:
    """Show a project, by name or id: its settings, and this month's usage."""
    show(asyncio.run(_show(chosen_settings(flags), name)), as_json=flags["as_json"])


@projects.command(
    "set",
    epilog=examples(
        ("Limit the rate", "dialoguedb projects set acme --rate 100 --burst 200"),
        ("Protect it from deletion", "dialoguedb projects set acme --deletion-protection"),
        (
            "Let in two networks only",
            "dialoguedb projects set acme --allowed-ip 10.0.0.0/8 --allowed-ip 192.0.2.7",
        ),
    ),
)
@click.argument("name")
@settings_options(*STORAGE)
@change_options
@json_option
def set_(name: str, **flags: Any) -> None:
    """Change settings of a project, by name or id; others stay as they are."""
    settings = chosen_settings(flags)
    change = change_of(flags)
    show(asyncio.run(_set(settings, name, change)), as_json=flags["as_json"])


@projects.command()
@click.argument("name")
@settings_options(*STORAGE)
@click.option("--yes", is_flag=True, help="Do not ask; needed without a terminal.")
@json_option
def delete(name: str, **flags: Any) -> None:
    """Delete a project permanently, by name or id, with all its data and keys."""
    settings = chosen_settings(flags)
    if not flags["yes"]:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked without a terminal; --yes deletes.")
        click.confirm(f"Delete project {name!r} with all its data and keys?", abort=True)
    show(asyncio.run(_delete(settings, name)), as_json=flags["as_json"])


async def _create(settings: Settings, name: str) -> Record:
    request = decoding.decode(ProjectInput, msgspec.json.encode({"name": name}))
    async with opened_services(settings, make=True) as services:
        issued = services.keys.issue(KeyInput(), "admin")
        project = await services.projects.create(request, issued.new, services.write_options())
    return {"key": issued.secret, **msgspec.to_builtins(project)}


async def _list(settings: Settings) -> list[Record]:
    async with opened_services(settings) as services:
        return [msgspec.to_builtins(one) async for one in all_of(services.projects.list)]


async def _show(settings: Settings, name: str) -> Record:
    async with opened_services(settings) as services:
        project = await services.projects.get(name)
        usage = await services.projects.usage(project, services.clock())
    return {**msgspec.to_builtins(project), "usage": msgspec.to_builtins(usage)}


async def _set(settings: Settings, name: str, change: SettingsChange) -> Record:
    async with opened_services(settings) as services:
        project = await services.projects.get(name)
        changed = await services.projects.update(project, change, services.write_options())
    record: Record = msgspec.to_builtins(changed)
    return record


async def _delete(settings: Settings, name: str) -> Record:
    async with opened_services(settings) as services:
        project = await services.projects.get(name)
        deleted = await services.projects.delete(project.id, services.write_options())
    return {
        "success": True,
        "id": project.id,
        "name": project.name,
        "deleted": msgspec.to_builtins(deleted),
    }
