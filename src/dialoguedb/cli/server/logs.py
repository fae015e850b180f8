"""Logs: one JSON object a line on stderr, for our own loggers and those of every library."""

import logging
import re
from datetime import UTC, datetime

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from dialoguedb.settings import LogLevel
from dialoguedb.values import timestamps

_KEY = re.compile(r"ddb_[A-Za-z0-9_-]{8,}")
_LEFT_OUT = ("color_message", "websocket")  # uvicorn's extras for other kinds of output


class _Lines(JsonFormatter):
    """Writes a record as JSON, with any key in it made unreadable."""

    def __init__(self) -> None:
        super().__init__(
            ["asctime", "levelname", "name", "message"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            reserved_attrs=[*RESERVED_ATTRS, *_LEFT_OUT],
        )

    # The name and the argument are those of the method it replaces.
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Write the time as the API does."""
        return timestamps.render(datetime.fromtimestamp(record.created, UTC))

    def format(self, record: logging.LogRecord) -> str:
        """Write the record; whatever quotes a key, such as a traceback, must not spread it."""
        return _KEY.sub("ddb_...", super().format(record))


def configure(level: LogLevel) -> None:
    """Send everything that is logged to stderr, from this severity on."""
    lines = logging.StreamHandler()
    lines.setFormatter(_Lines())
    logging.basicConfig(handlers=[lines], level=level.upper(), force=True)
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's own signature
    if level == "info":  # its eight lines about each start and stop say what ours do
        logging.getLogger("uvicorn").setLevel("WARNING")
