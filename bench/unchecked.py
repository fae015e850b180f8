"""The command `dialoguedb` on new databases whose pages carry no checksums; nothing else differs.

The file layer that verifies checksums is the same: a file that reserves no bytes for them is read
and written through it as it is.
"""

from unittest.mock import patch

import apsw

from dialoguedb.cli import main


def reserve_nothing(_: apsw.Connection) -> None:
    """Leave a new database without the bytes of checksums."""


if __name__ == "__main__":
    with patch("dialoguedb.store.sqlite.connection.vfs.reserve_checksums", reserve_nothing):
        main()
