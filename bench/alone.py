"""The command `dialoguedb` as the engine alone: it only stores.

It does not index for search, and the token count of every message is 0. Neither a plain loop nor
another program's session does these things; nothing else is left out.
"""

from unittest.mock import patch

from bench.unindexed import nothing_indexed
from dialoguedb.cli import main
from dialoguedb.formats.tokens import MessageMeasure

_PREPARATION = "dialoguedb.service.message_preparation"


def no_measure(*_: object) -> MessageMeasure:
    """Count nothing."""
    return MessageMeasure(0, by_user=False)


if __name__ == "__main__":
    with nothing_indexed(), patch(f"{_PREPARATION}.measure_message", no_measure):
        main()
