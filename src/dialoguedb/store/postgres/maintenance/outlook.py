"""What the next start of a server has still to do with data."""

from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.schema import migrations


async def outlook(db: Connection) -> list[str]:
    """Return what the next start has to do, a line each; NewerSchema, NotOurData."""
    if missing := await migrations.missing(db):
        return [f"The next start migrates the data: {', '.join(missing)}"]
    return []
