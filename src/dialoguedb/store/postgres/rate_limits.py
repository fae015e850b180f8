"""Token buckets of projects, shared by all servers of the database.

Each call is one statement without a transaction around it. The table is not logged, so no call
waits for the disk; after a crash of the database every bucket is full. Time is the database's.
"""

from typing import Any

from dialoguedb.model.projects import Project
from dialoguedb.ports.rate_limits import TokensTaken
from dialoguedb.store.postgres.connection.errors import FAILURES, is_overtaken, translate
from dialoguedb.store.postgres.connection.pool import borrowed
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds

_ATTEMPTS = 3
_TAKE = """
    INSERT INTO rate_limits AS b (project, tokens, taken, counted_at)
    VALUES ($1, $3::bigint - least($2::bigint, $3), least($2, $3), clock_timestamp())
    ON CONFLICT (project) DO UPDATE SET (tokens, taken, counted_at) = (
        SELECT available - taken, taken, now
        FROM (
            SELECT available, least($2, floor(available + 1e-9)::bigint) AS taken, now
            FROM (
                SELECT now, least(
                    $3, b.tokens + $4::bigint * extract(epoch FROM now - b.counted_at)::float8
                ) AS available
                FROM (SELECT greatest(clock_timestamp(), b.counted_at) AS now OFFSET 0) clock
            ) returned
        ) bucket
    )
    RETURNING taken, tokens
"""


class PostgresRateLimits:
    """Implements `ports.RateLimitStore`."""

    def __init__(self, pool: Any, row_ids: ProjectRowIds) -> None:
        self._pool = pool
        self._row_ids = row_ids

    async def take(self, project: Project, requests: int) -> TokensTaken:
        """Take a token for each request out of a project's bucket, as far as it has them."""
        rate = project.settings.rate_limit
        values = (await self._row_ids.of(project), requests, rate.burst, rate.per_second)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with borrowed(self._pool) as raw:
                    row = await raw.fetchrow(_TAKE, *values)
            except FAILURES as error:
                # Two transactions meet where they are serializable by default. A lost connection
                # may have taken the tokens, so the statement is not repeated for it.
                if not is_overtaken(error) or attempt == _ATTEMPTS:
                    raise translate(error) from error
            else:
                assert row is not None
                return TokensTaken(row["taken"], row["tokens"])
        raise AssertionError
