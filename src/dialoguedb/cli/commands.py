"""The table of commands: each loads its module only when it is called.

`dialoguedb keys list` never loads the web server, which takes longer than all the work it does.
"""
# ruff: noqa: PLC0415 - a command's module is imported when the command is called

from collections.abc import Callable

from click import Command

Loader = Callable[[], Command]


def _serve() -> Command:
    from dialoguedb.cli.server.serve import serve

    return serve


def _mcp() -> Command:
    from dialoguedb.cli.server.mcp import mcp

    return mcp


def _dialogue() -> Command:
    from dialoguedb.cli.data.dialogue import dialogue

    return dialogue


def _message() -> Command:
    from dialoguedb.cli.data.message import message

    return message


def _memory() -> Command:
    from dialoguedb.cli.data.memory import memory

    return memory


def _search() -> Command:
    from dialoguedb.cli.data.search import search

    return search


def _eval() -> Command:
    from dialoguedb.cli.data.evaluation.group import eval_

    return eval_


def _chat() -> Command:
    from dialoguedb.cli.data.chat import chat

    return chat


def _import() -> Command:
    from dialoguedb.cli.data.imports import import_

    return import_


def _export() -> Command:
    from dialoguedb.cli.data.exports import export

    return export


def _resume() -> Command:
    from dialoguedb.cli.data.resume import resume

    return resume


def _convert() -> Command:
    from dialoguedb.cli.data.convert import convert_command

    return convert_command


def _keys() -> Command:
    from dialoguedb.cli.operations.keys import keys

    return keys


def _projects() -> Command:
    from dialoguedb.cli.operations.projects import projects

    return projects


def _erase() -> Command:
    from dialoguedb.cli.operations.erase import erase

    return erase


def _backup() -> Command:
    from dialoguedb.cli.operations.backup import backup

    return backup


def _restore() -> Command:
    from dialoguedb.cli.operations.restore import restore

    return restore


def _check() -> Command:
    from dialoguedb.cli.operations.check import check

    return check


def _recover() -> Command:
    from dialoguedb.cli.operations.recover import recover

    return recover


def _encrypt() -> Command:
    from dialoguedb.cli.operations.encrypt import encrypt

    return encrypt


def _rekey() -> Command:
    from dialoguedb.cli.operations.rekey import rekey

    return rekey


def _copy() -> Command:
    from dialoguedb.cli.operations.copy import copy

    return copy


def _reindex() -> Command:
    from dialoguedb.cli.operations.reindex import reindex

    return reindex


def _migrate() -> Command:
    from dialoguedb.cli.operations.migrate import migrate

    return migrate


COMMANDS: dict[str, tuple[Loader, str]] = {
    "serve": (_serve, "Run the server."),
    "mcp": (_mcp, "Serve tools for agents."),
    "dialogue": (_dialogue, "Create, get, list, change and delete dialogues."),
    "message": (_message, "Add, get, list, tag and delete messages."),
    "memory": (_memory, "Create, get, list, update and delete memories."),
    "search": (_search, "Search messages, dialogues and memories."),
    "eval": (_eval, "Measure search on your own data."),
    "chat": (_chat, "Read a conversation."),
    "import": (_import, "Import dialogues and memories, also from other programs."),
    "export": (_export, "Export dialogues and memories."),
    "resume": (_resume, "Go on with a dialogue in a coding agent."),
    "convert": (_convert, "Convert messages of one API to those of another."),
    "keys": (_keys, "Create, list and revoke keys."),
    "projects": (_projects, "Create, list, show, set and delete projects."),
    "erase": (_erase, "Erase a namespace, such as one person."),
    "backup": (_backup, "Copy the data of a running or stopped server."),
    "restore": (_restore, "Create a data directory from a backup."),
    "copy": (_copy, "Copy all data to another engine."),
    "check": (_check, "Check the data for damage."),
    "recover": (_recover, "Take what is whole out of damaged data."),
    "encrypt": (_encrypt, "Encrypt a data directory."),
    "rekey": (_rekey, "Change the key of an encrypted data directory."),
    "reindex": (_reindex, "Rebuild the search indexes."),
    "migrate": (_migrate, "Migrate the data to this version's schema."),
}
"""What loads each command, and its short help, in the order of `--help`."""
