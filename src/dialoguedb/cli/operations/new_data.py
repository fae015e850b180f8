"""The message to an operator after a command has made new data."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.settings import Settings


@contextmanager
def announcing_new_data(settings: Settings) -> Iterator[None]:
    """Say so when a command has made new data, in case another address was meant."""
    engine = engine_of(settings)
    is_new = not engine.exists()
    yield
    if is_new:
        click.echo(f"Created a new {engine.kind}: {engine.address}", err=True)
