"""The step that reports which texts hold U+0000: it is refused since, and stays where it is."""

import logging

import apsw

from dialoguedb.ports.tokens import TokenCounter

logger = logging.getLogger(__name__)

_TEXTS = {
    "messages": ("role", "name"),
    "dialogues": ("label",),
    "memories": ("label", "description"),
    "templates": ("prompt", "description"),
    "summaries": ("instructions", "content", "error"),
    "keys": ("name",),
    "message_tags": ("tag",),
    "dialogue_tags": ("tag",),
    "memory_tags": ("tag",),
}


def report_nul_texts(db: apsw.Connection, _count: TokenCounter | None) -> None:
    """Log how many texts of each kind hold U+0000."""
    for table, columns in _TEXTS.items():
        for column in columns:
            found = f"SELECT count(*) FROM {table} WHERE instr({column}, char(0))"
            if count := db.execute(found).get:
                logger.warning(
                    "%d %s hold U+0000 as %s, which is refused from now on. They stay as they are"
                    " here; PostgreSQL cannot hold them",
                    *(count, table.replace("_", " "), column),
                )
