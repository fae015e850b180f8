"""Writes docs/reference from the code: `python -m docs.generate`. A test tells when it is due."""

# ruff: noqa: INP001 -- a script beside the pages it writes, not a package

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import click

from dialoguedb import errors
from dialoguedb.cli import main
from dialoguedb.cli.options import default_note
from dialoguedb.errors import DialogueDBError
from dialoguedb.http import protocol
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.requests import body_buffer
from dialoguedb.http.responses.error_responses import status_of
from dialoguedb.http.route_table import ROUTES, Route
from dialoguedb.settings import SETTINGS, Setting
from dialoguedb.values import limits

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 100
KIB, MIB = 1024, 1024 * 1024

Row = tuple[str, ...]


def table(heads: Row, rows: Sequence[Row]) -> str:
    """Return a table in Markdown."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def escaped(cell: str) -> str:
    """Return text that does not end its cell."""
    return cell.replace("|", "\\|")


# --- Settings and commands ----------------------------------------------------------------------

SETTINGS_INTRO = """\
# Settings

Every setting can come from four places. The first that has it counts:

1. its flag, such as `--port 9000`;
2. its environment variable, such as `DIALOGUEDB_PORT=9000`; several values are separated by
   commas;
3. an entry of a TOML file, named like the flag: `port = 9000`. The file is the one of `--config`,
   else of `DIALOGUEDB_CONFIG`, else `dialoguedb.toml` in the working directory, if there is one;
4. its default.

A value that does not fit is refused with the name of its source, and so is a name in the file
that is no setting. Paths are relative to the working directory wherever they stand. Every command
reads all settings, and heeds those of its options.
"""

SETTINGS_FILE = """\
## A file

```toml
data = "/var/lib/dialoguedb"
host = "0.0.0.0"
port = 8443
tls-cert = "/etc/dialoguedb/cert.pem"
tls-key = "/etc/dialoguedb/key.pem"
metrics-address = "127.0.0.1:9090"
trusted-proxy = ["10.0.0.0/8"]
access-log = true
```

What is set for a single project (its rate, quotas, allowed addresses, protection) is not here:
see [`dialoguedb projects set`](cli.md#dialoguedb-projects-set).
"""


def settings_page() -> str:
    """Return the page of settings."""
    rows = [_setting_row(setting) for setting in SETTINGS]
    heads = ("Flag", "Variable", "Value", "Default", "What it is for")
    return "\n".join([SETTINGS_INTRO, table(heads, rows), "", SETTINGS_FILE])


def _setting_row(setting: Setting) -> Row:
    note = default_note(setting).removeprefix("; ").removeprefix("default: ")
    default = note if setting.repeated or not note else f"`{note}`"
    flag = f"`{setting.flag}`"
    if setting.kind is bool:
        flag += f", `--no-{setting.key}`"
    value = setting.about.expected
    return flag, f"`{setting.variable}`", value, default, setting.about.purpose


CLI_INTRO = """\
# Commands

`dialoguedb`, or `python -m dialoguedb`. All commands but `restore` may be used while servers run
on the same data.

Into a pipe, or with `--json`, records are printed as lines of JSON, as the HTTP API shows them, a
page of a list as one line, `{"items": […], "next": …}`; at a terminal, as tables. What could not
be done is told in one line on stderr, wrong use with a hint where to look. Exit codes: 0 done, 1 it
could not be done (or `check` found something), 2 used wrongly.
"""


def cli_page() -> str:
    """Return the page of commands: what each says of itself with `--help`."""
    parts = [CLI_INTRO, *_helps(main, "dialoguedb", None)]
    return "\n".join(parts)


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found
            yield from _helps(found, child, context)


# --- Errors -------------------------------------------------------------------------------------

ERRORS_INTRO = """\
# Errors

Every answer that is not a success has this body:

```json
{"error": {"code": "DIALOGUE_NOT_FOUND", "message": "Dialogue 'order-17' not found",
  "type": "not_found", "details": [], "requestId": "…", "timestamp": "2026-11-22T21:34:21.117Z"}}
```

Go by `code` and `type`; messages may change. `details` lists every fault found, with its place:
`{"field": "messages[3].content", "code": "REQUIRED", "message": "…"}`. `requestId` is also in the
header `X-Request-Id` and in the server's log.

## What clients see
"""

CODES_INTRO = """
## Codes of a request that is wrong

When all faults of a request share one code, that is the answer's code, else `VALIDATION_ERROR`.
"""

CODES = {
    "MISSING_PARAMETER": "A required field or parameter is absent.",
    "INVALID_PARAMETER": "A field or parameter has a value or a name that is not allowed.",
    "MESSAGE_CONTENT_EMPTY": "Content is an empty string, `null`, `[]` or `{}`.",
    "MESSAGE_TOO_LARGE": "Content is over its limit.",
    "STATE_TOO_LARGE": "A dialogue's state would be over its limit.",
    "INVALID_IMAGE_CONTENT": "An inline image holds a `data:` prefix where bare base64 belongs.",
}
"""Codes of `InvalidRequest` that have no class of their own."""

DETAIL_CODES = {
    "REQUIRED": "It has to be there.",
    "INVALID": "Its value is not allowed.",
    "TOO_LARGE": "It is over its limit.",
    "NOT_FOUND": "It names something that does not exist.",
    "UNKNOWN": "It is not known here.",
}

ISSUES_INTRO = """
## Issues

No errors: the `code` of one entry of `issues`, which a context window and the check of a dialogue
tell. [How long conversations fit a window](../explanation/compaction.md) says what becomes of them.
"""

ISSUE_CODES = {
    "ORPHANED_TOOL_CALL": "A tool call has no result.",
    "ORPHANED_TOOL_RESULT": "A tool's result has no call.",
    "DUPLICATE_TOOL_RESULT": "A tool call has got another result before.",
    "ROLE_ORDER": "A tool's result does not follow its call at once.",
    "EMPTY_TURN": "A message says nothing.",
    "RECENT_CUT": "Fewer of the last turns have room than were asked for.",
}

CLIENT_INTRO = """
## What the Python client says itself

It raises each error above as the class of its code, with `code`, `details` and
`request_id`, and these of its own:
"""

OPERATOR_INTRO = """
## What commands say

These speak to the operator, as one line on stderr with exit code 1, and never reach a client.
"""


def errors_page() -> str:
    """Return the page of errors."""
    shown = sorted(
        (status, kind.code, f"`{type_name}`", told_by(kind))
        for kind in raised_errors()
        if (known := status_of(kind))
        for status, type_name in [known]
    )
    rows = [(str(status), f"`{code}`", *rest) for status, code, *rest in shown]
    unanswered = [kind for kind in raised_errors() if not status_of(kind)]
    client, operator = (
        [(f"`{kind.__name__}`", told_by(kind)) for kind in unanswered if said == is_clients(kind)]
        for said in (True, False)
    )
    return "\n".join(
        [
            ERRORS_INTRO,
            table(("Status", "Code", "Type", "Meaning"), rows),
            CODES_INTRO,
            table(("Code", "Meaning"), coded(CODES)),
            "\nThe `code` of one entry of `details`:\n",
            table(("Code", "Meaning"), coded(DETAIL_CODES)),
            ISSUES_INTRO,
            table(("Code", "Meaning"), coded(ISSUE_CODES)),
            CLIENT_INTRO,
            table(("Error", "Meaning"), client),
            OPERATOR_INTRO,
            table(("Error", "Meaning"), operator),
            "",
        ]
    )


def is_clients(kind: type[DialogueDBError]) -> bool:
    """Tell whether it is the client that raises an error."""
    return issubclass(kind, (errors.Unreachable, errors.UnexpectedAnswer, errors.Closed))


def raised_errors() -> list[type[DialogueDBError]]:
    """Return the classes that are raised themselves: all but those that only gather others."""
    gathering = {DialogueDBError, errors.NotFound, errors.Conflict, errors.LimitExceeded}
    classes = (kind for _, kind in inspect.getmembers(errors, inspect.isclass))
    return [kind for kind in classes if issubclass(kind, DialogueDBError) and kind not in gathering]


def coded(meanings: dict[str, str]) -> list[Row]:
    """Return rows of codes and their meanings."""
    return [(f"`{code}`", meaning) for code, meaning in meanings.items()]


def told_by(thing: object) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# --- Limits -------------------------------------------------------------------------------------

LIMITS_INTRO = """\
# Limits

Each holds for one request or object. What is over one is refused with an [error](errors.md) that
names the field, and nothing of the request is stored. None of them can be changed; what can be
set for a project are its rate and [quotas](../how-to/limit-use.md).

## What is stored and asked for
"""

CONNECTION_INTRO = """
## Connections

These keep hostile and stalled clients from holding up others.
"""


def limits_page() -> str:
    """Return the page of limits."""
    heads = ("Limit", "Value", "What it bounds")
    rows = table(heads, list(constants(limits)))
    connection = table(heads, [*constants(protocol), *constants(body_buffer)])
    return f"{LIMITS_INTRO}\n{rows}\n{CONNECTION_INTRO}\n{connection}\n"


def constants(module: ModuleType) -> Iterator[Row]:
    """Yield the numbers that a module names and explains: name, value, explanation."""
    for statement, after in pairwise(ast.parse(inspect.getsource(module)).body):
        match statement, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                number = getattr(module, name)
                if isinstance(number, int):
                    yield f"`{name}`", quantity(name, number), " ".join(text.split())


def quantity(name: str, number: int) -> str:
    """Write a number with the unit that its name ends in."""
    plain = f"{number:,}"
    if "_BYTES" not in name:
        unit = next((unit for unit in ("seconds", "hours") if f"_{unit.upper()}" in name), "")
        return f"{plain} {unit}".strip()
    for unit, size in (("MiB", MIB), ("KiB", KIB)):
        if number % size == 0:
            return f"{number // size} {unit} ({plain} bytes)"
    return f"{plain} bytes"


# --- HTTP API -----------------------------------------------------------------------------------

HTTP_INTRO = """\
# HTTP API

Every route exists at `/` and below `/api/v1`. Types, examples and a page to try them: `/docs` and
`/openapi.json` of a running server, which come from the same table as this page. *Scope* is the
least a [key](../how-to/manage-keys-and-projects.md) needs: `read` < `write` < `admin`; `operator`
is a kind of its own.
"""


def http_page() -> str:
    """Return the page of routes."""
    documented = [route for route in ROUTES if route.documented]
    parts = [HTTP_INTRO]
    for tag in sorted({route.endpoint.tag for route in documented}):
        rows = list(endpoint_rows([route for route in documented if route.endpoint.tag == tag]))
        parts += [f"## {tag}\n", table(("Route", "What it does", "Scope"), rows), ""]
    return "\n".join(parts)


def endpoint_rows(routes: Sequence[Route]) -> Iterator[Row]:
    """Yield a row for each endpoint, with all of its spellings."""
    for endpoint in dict.fromkeys(id(route.endpoint) for route in routes):
        spellings = [route for route in routes if id(route.endpoint) == endpoint]
        served = spellings[0].endpoint
        yield (
            "<br>".join(f"`{route.method} {route.path}`" for route in spellings),
            told_by(served.handle),
            f"`{served.permission}`" if served.permission else "no key",
        )


# --- Metrics ------------------------------------------------------------------------------------

METRICS_INTRO = """\
# Metrics

In the text format of Prometheus, at `/metrics` of the API's own address; those that name a project
only at `/metrics` of `--metrics-address`.
"""

HELP = re.compile(r"^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$", re.MULTILINE)


def metrics_page() -> str:
    """Return the page of metrics."""
    metrics = Metrics()
    served = (("everywhere", metrics.render()), ("by project", metrics.render_projects()))
    rows = {
        name: (f"`{name}`", kind, purpose, where)
        for where, text in served
        for name, purpose, kind in HELP.findall(text.decode())
        if not name.endswith("_created")
    }
    heads = ("Metric", "Kind", "What it tells", "Served")
    return f"{METRICS_INTRO}\n{table(heads, list(rows.values()))}\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "limits.md": limits_page,
    "http-api.md": http_page,
    "metrics.md": metrics_page,
}


def write() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
