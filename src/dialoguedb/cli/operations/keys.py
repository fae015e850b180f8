"""`dialoguedb keys`."""

import asyncio
from functools import partial
from typing import Any

import click
import msgspec

from dialoguedb.bootstrap.default_project import DEFAULT_PROJECT, default_project
from dialoguedb.bootstrap.services import opened_services
from dialoguedb.cli.examples import examples
from dialoguedb.cli.operations.new_data import announcing_new_data
from dialoguedb.cli.options import STORAGE, chosen_settings, settings_options
from dialoguedb.cli.output import Record, json_option, show, show_list
from dialoguedb.cli.pages import all_of, owners
from dialoguedb.errors import KeyNotFound
from dialoguedb.model.keys import Key, KeyInput
from dialoguedb.model.projects import Project
from dialoguedb.service import Services
from dialoguedb.settings import Settings
from dialoguedb.values import decoding

_COLUMNS = (
    *("id", "prefix", "name", "project", "scope"),
    *("namespace", "created", "expires", "lastUsed", "revoked"),
)


@click.group()
def keys() -> None:
    """Create, list and revoke keys; running servers apply changes within a second."""


@keys.command(
    epilog=examples(
        ("For a service that reads and writes", "dialoguedb keys create --name support-bot"),
        ("For one user's data only", "dialoguedb keys create --namespace user_789 --scope read"),
        ("In a variable", "KEY=$(dialoguedb keys create --quiet)"),
    )
)
@settings_options(*STORAGE)
@click.option(
    "--project",
    metavar="NAME",
    help=f"Project that the key opens, by name or id.  [default: {DEFAULT_PROJECT}]",
)
@click.option(
    "--scope",
    type=click.Choice(["read", "write", "admin"]),
    help="Permission; admin includes the project's settings and keys.  [default: write]",
)
@click.option("--namespace", metavar="NAME", help="Limit the key to one namespace.")
@click.option("--name", metavar="NAME", help="A name for people.")
@click.option(
    "--expires", metavar="TIME", help="Date, or date and time; UTC unless a zone is given."
)
@click.option(
    "--operator",
    is_flag=True,
    help="Create an operator's key, which manages projects and opens no data.",
)
@click.option("--quiet", is_flag=True, help="Print only the key.")
@json_option
def create(**flags: Any) -> None:
    """Create a key and show it once; only its hash is stored."""
    settings = chosen_settings(flags)
    if flags["operator"] and (flags["project"] or flags["namespace"] or flags["scope"]):
        raise click.UsageError("An operator's key has no project, namespace or scope.")
    with announcing_new_data(settings):
        record = asyncio.run(_create(settings, flags))
    if flags["quiet"]:
        click.echo(record["key"])
    else:
        show(record, as_json=flags["as_json"])


@keys.command("list")
@settings_options(*STORAGE)
@click.option("--project", metavar="NAME", help="Only this project's keys, by name or id.")
@json_option
def list_(**flags: Any) -> None:
    """List all keys, including revoked ones, without their secrets."""
    settings = chosen_settings(flags)
    records = asyncio.run(_list(settings, flags["project"]))
    show_list(records, _COLUMNS, as_json=flags["as_json"])


@keys.command()
@click.argument("key_id", metavar="ID")
@settings_options(*STORAGE)
@json_option
def revoke(key_id: str, **flags: Any) -> None:
    """Revoke a key permanently, by its id; repeating it changes nothing."""
    settings = chosen_settings(flags)
    show(asyncio.run(_revoke(settings, key_id)), as_json=flags["as_json"])


async def _create(settings: Settings, flags: dict[str, Any]) -> Record:
    given = {
        name: flags[name]
        for name in ("name", "scope", "namespace", "expires")
        if flags[name] is not None
    }
    request = decoding.decode(KeyInput, msgspec.json.encode(given))
    async with opened_services(settings, make=True) as services:
        issued = services.keys.issue(request, "operator" if flags["operator"] else None)
        project = None if flags["operator"] else await _project(services, flags["project"])
        key = await services.keys.create(project, issued.new, services.write_options())
    return {"key": issued.secret, **_record(project, key)}


async def _project(services: Services, name: str | None) -> Project:
    if name in {None, DEFAULT_PROJECT}:
        return await default_project(services)
    return await services.projects.get(str(name))


async def _list(settings: Settings, name: str | None) -> list[Record]:
    async with opened_services(settings) as services:
        if name is not None:
            return await _keys_of(services, await services.projects.get(name))
        found = [await _keys_of(services, owner) async for owner in owners(services)]
    return [record for records in found for record in records]


async def _keys_of(services: Services, project: Project | None) -> list[Record]:
    listed = all_of(partial(services.keys.list, project))
    return [_record(project, key) async for key in listed]


async def _revoke(settings: Settings, key_id: str) -> Record:
    async with opened_services(settings) as services:
        async for owner in owners(services):
            try:
                await services.keys.get(owner, key_id)
            except KeyNotFound:
                continue
            return _record(
                owner, await services.keys.revoke(owner, key_id, services.write_options())
            )
    raise KeyNotFound(f"Key '{key_id}' not found; `dialoguedb keys list` shows the ids")


def _record(project: Project | None, key: Key) -> Record:
    named = {"project": project.name} if project else {}
    return {**named, **msgspec.to_builtins(key)}
