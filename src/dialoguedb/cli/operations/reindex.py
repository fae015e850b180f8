"""`dialoguedb reindex`."""

import asyncio
from typing import Any

import click

from dialoguedb.bootstrap.index_worker import reindex as rebuild_indexes
from dialoguedb.cli.examples import examples
from dialoguedb.cli.options import EMBEDDING, STORAGE, chosen_settings, settings_options
from dialoguedb.cli.progress import shown_progress


@click.command(
    epilog=examples(
        ("After `dialoguedb check` reported a difference", "dialoguedb reindex"),
        ("From the start, even if one was interrupted", "dialoguedb reindex --anew"),
    )
)
@settings_options(*STORAGE, *EMBEDDING)
@click.option("--anew", is_flag=True, help="Start from the beginning, even if one was interrupted.")
def reindex(**flags: Any) -> None:
    """Rebuild the search indexes from the data: keywords and vectors.

    Servers can run meanwhile, and search finds everything throughout. If it is interrupted, this
    command or a server continues. Use the embedder settings of the server: vectors of another
    embedder are left to the server.
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
        click.echo(f"Reindexed: {status.vectors:,} vectors by {maker}{left}")
