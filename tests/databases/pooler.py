"""pgbouncer before a PostgreSQL server, with its defaults, in transaction mode."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases.postgres import START_SECONDS_MAX, accepts, as_somebody, free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""None where it is not installed."""

_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server_port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 20
server_login_retry = 1
{more}
"""


@contextmanager
def pooling(server_port: int, *more: str) -> Iterator[int]:
    """Run it before a server for a while, with more settings; returns its port."""
    assert PROGRAM, "pgbouncer is not installed"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="dialoguedb-pgbouncer") as directory:
        Path(directory).chmod(0o755)
        settings = Path(directory) / "pgbouncer.ini"
        settings.write_text(
            _SETTINGS.format(server_port=server_port, port=port, more="\n".join(more))
        )
        with (Path(directory) / "log").open("wb") as log:
            process = subprocess.Popen([PROGRAM, str(settings)], stderr=log, **as_somebody())
        with process:
            try:
                deadline = time.monotonic() + START_SECONDS_MAX
                while not accepts(port):
                    assert process.poll() is None, (Path(directory) / "log").read_text()[-2000:]
                    assert time.monotonic() < deadline, "pgbouncer does not start"
                    time.sleep(0.02)
                yield port
            finally:
                process.kill()
