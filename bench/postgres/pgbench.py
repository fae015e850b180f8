"""The bare transaction that appends are measured against, run by pgbench."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench.plan import CONNECTIONS, TEXT, BenchError
from bench.processes import output_of

if TYPE_CHECKING:
    from tests.databases.postgres import PostgresServer

_TABLES = """
CREATE TABLE bare_dialogues (number int PRIMARY KEY, messages bigint NOT NULL, updated text);
CREATE TABLE bare_messages (
    dialogue int NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    id text NOT NULL,
    role text NOT NULL,
    content bytea NOT NULL,
    created text NOT NULL,
    PRIMARY KEY (dialogue, number)
);
INSERT INTO bare_dialogues SELECT n, 0, '' FROM generate_series(0, :connections - 1) n;
"""

_TRANSACTION = """
BEGIN;
UPDATE bare_dialogues SET messages = messages + 1, updated = now()::text WHERE number = :client_id;
INSERT INTO bare_messages (dialogue, id, role, content, created)
VALUES (:client_id, gen_random_uuid()::text, 'user', '{text}', now()::text);
COMMIT;
"""
_RATE = re.compile(r"^tps = (?P<rate>[\d.]+)", re.MULTILINE)


class Bare:
    """Runs bare transactions in a database of its own."""

    def __init__(self, server: "PostgresServer", directory: Path) -> None:
        self._programs = server.programs
        self._url = server.new_database()
        self._script = directory / "bare.sql"
        self._script.write_text(_TRANSACTION.replace("{text}", TEXT))
        tables = _TABLES.replace(":connections", str(CONNECTIONS))
        output_of([str(self._programs / "psql"), "-q", "-c", tables, self._url])

    def rate(self, seconds: float) -> float:
        """Return how many are durable in a second."""
        clients = f"--client={CONNECTIONS}"
        options = [clients, "--jobs=1", "--no-vacuum", "--protocol=prepared"]
        length = f"--time={max(1, round(seconds))}"
        command = [str(self._programs / "pgbench"), *options, length, f"--file={self._script}"]
        printed = output_of([*command, self._url])
        found = _RATE.search(printed)
        if found is None:
            raise BenchError(f"pgbench printed no rate: {printed[-300:]}")
        return float(found["rate"])
