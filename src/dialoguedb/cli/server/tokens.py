"""The token that hosts of agents show to tools over HTTP."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.cli.options import warn_of_secret
from dialoguedb.errors import InvalidSetting

VARIABLE = "DIALOGUEDB_MCP_TOKEN"
FILE_VARIABLE = "DIALOGUEDB_MCP_TOKEN_FILE"
FILE = "mcp-token"
"""Its name in the data directory."""


class HostToken(Struct, frozen=True):
    """A token, or the file that holds it or will."""

    text: str = ""
    file: Path | None = None

    def read(self) -> str:
        """Return the token, made with its file when there is none; InvalidSetting."""
        if self.file is None:
            return self.text
        try:
            private_files.write_once(self.file, f"{secrets.token_urlsafe(32)}\n".encode())
            token = private_files.read_secret(self.file)
        except OSError as error:
            raise InvalidSetting(f"{self.file} cannot be used: {error.strerror}") from error
        except UnicodeDecodeError:
            token = ""
        if not token.isascii() or not token.isprintable() or not token:
            raise InvalidSetting(f"{self.file} holds no token of visible ASCII characters")
        return token


def chosen(flags: Mapping[str, Any], data: Path | None) -> HostToken:
    """Return the token that the flags or the environment choose; InvalidSetting when none does."""
    if flags["token"]:
        warn_of_secret("--token", VARIABLE)
    for token, file in (
        (flags["token"], flags["token_file"]),
        (os.environ.get(VARIABLE), os.environ.get(FILE_VARIABLE)),
    ):
        if token and file:
            raise click.UsageError("Choose either a token or a file that holds one, not both.")
        if token:
            return HostToken(token)
        if file:
            return HostToken(file=Path(file))
    if data is None:
        raise InvalidSetting(
            f"Over HTTP, hosts show a token: set {VARIABLE} to it, or name a file with"
            " --token-file, which is made when it is not there"
        )
    return HostToken(file=data / FILE)
