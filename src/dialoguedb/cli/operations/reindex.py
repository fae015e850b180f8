"""`dialoguedb reindex`."""

import asyncio
from typing import Any

import click

from dialoguedb.bootstrap.index_worker import reindex as rebuild_indexes
from dialoguedb.cli.options import EMBEDDING, STORAGE, chosen_settings, examples, settings_options
from dialoguedb.cli.progress import shown_progress


@click.command(
    epilog=examples(
        ("After `dialoguedb check` told of an index that differs", "dialoguedb reindex"),
        ("From the start, though one was stopped half-way", "dialoguedb reindex --anew"),
    )
)
@settings_options(*STORAGE, *EMBEDDING)
@click.option("--anew", is_flag=True, help="Begin from the start, whatever is done already.")
def reindex(**flags: Any) -> None:
    """Make the search indexes anew from the data, words and vectors.

    A server may go on meanwhile, and everything can be found all the while; stopped half-way,
    this command or a server goes on from there. Which embedder serves is decided by the settings
    of the server; give the same here, for vectors of another one are left to the server.
    """
    settings = chosen_settings(flags)
    with shown_progress("Indexing") as progress:
        status = asyncio.run(rebuild_indexes(settings, progress, from_start=flags["anew"]))
    if status.to_reindex:
        needed = " and ".join(status.needed)
        click.echo(f"{status.to_reindex:,} objects are left to a server that embeds with {needed}")
    else:
        left = f", {status.waiting:,} left to a server that makes them" if status.waiting else ""
        maker = status.embedder or "no embedder"
        click.echo(f"Indexed anew; {status.vectors:,} vectors by {maker}{left}")
