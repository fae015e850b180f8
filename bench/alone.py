"""The command `dialoguedb` as the engine alone: it stores, and makes nothing of what it stores.

No index for search, no count of tokens; every message says 0. What a plain loop, or another
program's session, does not do either is left out, and nothing else.
"""

from unittest.mock import patch

from bench.unindexed import nothing_indexed
from dialoguedb.cli import main


def no_tokens(*_: object) -> int:
    """Count nothing."""
    return 0


if __name__ == "__main__":
    with nothing_indexed(), patch("dialoguedb.service.messages.message_tokens", no_tokens):
        main()
