"""Writes docs/reference from the code: `python -m docs.generate`. A test fails if it is stale."""

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
from dialoguedb.cli.options import OPTIONS, default_note
from dialoguedb.errors import DialogueDBError
from dialoguedb.formats.provider_rules.rule import Rule
from dialoguedb.formats.provider_rules.rules import RULES
from dialoguedb.http import memory_budget, protocol
from dialoguedb.http.metrics import Metrics
from dialoguedb.http.requests import incoming
from dialoguedb.http.responses.error_responses import status_of
from dialoguedb.http.route_endpoint import Route, RouteEndpoint
from dialoguedb.http.route_table import ROUTES
from dialoguedb.settings import Setting
from dialoguedb.values import limits
from docs.formats_page import formats_page

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

Every setting has four sources, in this order of precedence:

1. its flag, such as `--port 9000`;
2. its environment variable, such as `DIALOGUEDB_PORT=9000`; separate several values with commas;
3. an entry of a TOML file with the name of the flag: `port = 9000`. The file is that of `--config`,
   else that of `DIALOGUEDB_CONFIG`, else `dialoguedb.toml` in the working directory, if it exists;
4. its default.

A secret can also be in a file, which a setting of its own names (`--embedder-key-file`). A secret
on the command line is warned of: other users of the machine can see it in the list of processes.

An invalid value is refused with the name of its source, and so is an unknown name in the file.
Paths are relative to the working directory, whatever their source. Every command
reads all settings, and uses those of its options.
"""

SETTINGS_FILE = """\
## Example file

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

Settings of a single project (its rate, quotas, allowed addresses, protection) are not listed here:
see [`dialoguedb projects set`](cli.md#dialoguedb-projects-set).
"""


def settings_page() -> str:
    """Return the page of settings."""
    rows = [_setting_row(setting) for setting in OPTIONS]
    heads = ("Flag", "Variable", "Value", "Default", "Purpose")
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

Run `dialoguedb` or `python -m dialoguedb`. All commands except `restore` can be used while servers
run on the same data.

In a pipe, or with `--json`, commands print records as lines of JSON, as in the HTTP API, and a page
of a list as one line, `{"items": […], "next": …}`; at a terminal, they print tables. Errors are one
line on stderr; incorrect usage also prints a hint. Exit codes: 0 for success, 1 for failure (or if
`check` found something), 2 for incorrect usage.
"""


def cli_page() -> str:
    """Return the page of commands, with the `--help` text of each."""
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

Every error response has this body:

```json
{"error": {"code": "DIALOGUE_NOT_FOUND", "message": "Dialogue 'order-17' not found",
  "type": "not_found", "details": [], "requestId": "…", "timestamp": "2026-11-22T21:34:21.117Z"}}
```

Rely on `code` and `type`; messages may change. `details` lists all validation errors with their
paths: `{"field": "messages[3].content", "code": "REQUIRED", "message": "…"}`. `requestId` is also
in the header `X-Request-Id` and in the server's log.

## Error responses
"""

CODES_INTRO = """
## Codes of an invalid request

If all errors of a request have the same code, the response has that code, else `VALIDATION_ERROR`.
"""

CODES = {
    "MISSING_PARAMETER": "A required field or parameter is missing.",
    "INVALID_PARAMETER": "A field or parameter has an invalid value or an unknown name.",
    "MESSAGE_CONTENT_EMPTY": "Content is an empty string, `null`, `[]` or `{}`.",
    "MESSAGE_TOO_LARGE": "Content exceeds its limit.",
    "STATE_TOO_LARGE": "The state of a dialogue would exceed its limit.",
    "INVALID_IMAGE_CONTENT": "Inline data has a `data:` prefix where plain base64 belongs.",
}
"""Codes of `InvalidRequest` that have no class of their own."""

DETAIL_CODES = {
    "REQUIRED": "It is required.",
    "INVALID": "Its value is invalid.",
    "TOO_LARGE": "It exceeds its limit.",
    "NOT_FOUND": "It refers to something that does not exist.",
    "UNKNOWN": "It is unknown.",
}

ISSUES_INTRO = """
## Issues

Issues are not errors. Context windows and the check of a dialogue report them in `issues`; this is
the `code` of one entry. [How long conversations fit a window](../explanation/compaction.md)
describes how windows treat them.
"""

ISSUE_CODES = {
    "ORPHANED_TOOL_CALL": "A tool call has no result.",
    "ORPHANED_TOOL_RESULT": "A tool result has no call.",
    "DUPLICATE_TOOL_RESULT": "A tool call already has a result.",
    "ROLE_ORDER": "A tool result does not directly follow its call, or a role comes out of turn.",
    "EMPTY_TURN": "A message is empty.",
    "RECENT_CUT": "Fewer of the last turns fit than requested.",
    "TASK_CUT": "What the user says last does not fit.",
    "UNKNOWN_PART": "A message has a part of unknown type, which is shown by its name.",
    "INVALID_ROLE": "The provider does not know the role.",
    "INVALID_CONTENT": "Content is of a kind that the provider does not take there.",
    "INVALID_ID": "The provider does not take the id of a call or an item.",
    "INVALID_NAME": "The provider does not take a name.",
    "INVALID_ATTACHMENT": "The provider cannot read an attachment.",
    "INVALID_REASONING": "Reasoning stands where the provider refuses it, or is not whole.",
    "MISSING_SIGNATURE": "A call lacks the signature of the thoughts that led to it.",
    "THOUGHT_DROPPED": "Signed thoughts are left out, as what they were signed behind is missing.",
    "WINDOW_JUMPED": "With its newest turn, a stable window outgrew the budget and begins later.",
}

CLIENT_INTRO = """
## Errors of the Python client

The client raises each error above as the class of its code, with `code`, `details` and
`request_id`. In addition, it raises these:
"""

OPERATOR_INTRO = """
## Errors of commands

Commands report these on stderr, in one line, with exit code 1; they never reach a client.
"""


def errors_page() -> str:
    """Return the page of errors."""
    shown = sorted(
        (status, kind.code, f"`{type_name}`", summary_of(kind))
        for kind in raised_errors()
        if (known := status_of(kind))
        for status, type_name in [known]
    )
    rows = [(str(status), f"`{code}`", *rest) for status, code, *rest in shown]
    unanswered = [kind for kind in raised_errors() if not status_of(kind)]
    client, operator = (
        [
            (f"`{kind.__name__}`", summary_of(kind))
            for kind in unanswered
            if is_clients(kind) == by_client
        ]
        for by_client in (True, False)
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


def summary_of(thing: object) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# --- Rules of providers -------------------------------------------------------------------------

RULES_INTRO = """\
# Rules of providers

What `GET /dialogue/{id}/check?provider=` looks for, and `GET /dialogue/{id}/repair?provider=` puts
right. Each issue names its `rule`. Without `provider`, a check reports what all providers refuse.

Stored messages are checked as a program would send them: what is in the provider's own spelling
stays as it is, and what another API wrote is converted message by message, so that it is the
conversation that is checked and not its spelling. Rules about how a request has to end are not
among these, as the user's next message is still to come.
"""

PROVIDER_NAMES = {
    "openai": "OpenAI, Chat Completions",
    "responses": "OpenAI, Responses",
    "anthropic": "Anthropic, Messages",
    "gemini": "Gemini 3",
    "mistral": "Mistral",
    "strict": "Strict chat templates",
}


def rules_page() -> str:
    """Return the page of the rules of providers."""
    heads = ("Rule", "Code", "What it demands", "Source", "Read on")
    parts = [RULES_INTRO]
    for provider, rules in RULES.items():
        rows = [
            (f"`{rule.name}`", f"`{rule.code}`", rule.sentence, source_of(rule), rule.source.date)
            for rule in rules
        ]
        parts += [f"## {PROVIDER_NAMES[provider]}: `{provider}`\n", table(heads, rows), ""]
    return "\n".join(parts)


def source_of(rule: Rule) -> str:
    """Return where a rule is written down, as a link if it is a page."""
    where = rule.source.where
    return f"<{where}>" if where.startswith("https://") else where


# --- Limits -------------------------------------------------------------------------------------

LIMITS_INTRO = """\
# Limits

Each limit applies to one request or object. A request above a limit is refused with an
[error](errors.md) that names the field, and nothing of it is stored. These limits are fixed; the
rate and the [quotas](../how-to/limit-use.md) of a project are settings.

## Objects and requests
"""

CONNECTION_INTRO = """
## Connections

These limits keep hostile or stalled clients from blocking others.
"""


def limits_page() -> str:
    """Return the page of limits."""
    heads = ("Limit", "Value", "What it limits")
    rows = table(heads, list(constants(limits)))
    modules = (protocol, incoming, memory_budget)
    connection = table(heads, [row for module in modules for row in constants(module)])
    return f"{LIMITS_INTRO}\n{rows}\n{CONNECTION_INTRO}\n{connection}\n"


def constants(module: ModuleType) -> Iterator[Row]:
    """Yield the numbers that a module names and explains: name, value, explanation."""
    for statement, after in pairwise(ast.parse(inspect.getsource(module)).body):
        match statement, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                value = getattr(module, name)
                if isinstance(value, int):
                    yield f"`{name}`", quantity(name, value), " ".join(text.split())


def quantity(name: str, value: int) -> str:
    """Write a value with the unit that its name ends in."""
    plain = f"{value:,}"
    if "_BYTES" not in name:
        unit = next((unit for unit in ("seconds", "hours") if f"_{unit.upper()}" in name), "")
        return f"{plain} {unit}".strip()
    for unit, size in (("MiB", MIB), ("KiB", KIB)):
        if value % size == 0:
            return f"{value // size} {unit} ({plain} bytes)"
    return f"{plain} bytes"


# --- HTTP API -----------------------------------------------------------------------------------

HTTP_INTRO = """\
# HTTP API

Every route exists at `/` and under `/api/v1`. A running server serves types, examples and an
interactive page at `/docs` and `/openapi.json`, which are generated from the same table as this
page. *Permission* is the least that a [key](../how-to/manage-keys-and-projects.md) needs: `read` <
`write` < `admin`; `operator` is a separate kind of key.

With `attachments=reference`, lists of messages and single ones have references in the place of
[attachments](../how-to/store-attachments.md) of 4 KiB and more.

While an index is built (after an upgrade, with another embedder, during `dialoguedb reindex`), the
answer of a search has `"indexing": {"done": 1200, "of": 5000}`, which counts objects.
"""


def http_page() -> str:
    """Return the page of routes."""
    documented = [route for route in ROUTES if route.documented]
    parts = [HTTP_INTRO]
    for tag in sorted({route.endpoint.tag for route in documented}):
        rows = list(endpoint_rows([route for route in documented if route.endpoint.tag == tag]))
        parts += [f"## {tag}\n", table(("Route", "What it does", "Permission"), rows), ""]
    return "\n".join(parts)


def endpoint_rows(routes: Sequence[Route]) -> Iterator[Row]:
    """Yield a row for each endpoint, with all of its spellings."""
    for endpoint in dict.fromkeys(id(route.endpoint) for route in routes):
        spellings = [route for route in routes if id(route.endpoint) == endpoint]
        served = spellings[0].endpoint
        yield (
            "<br>".join(f"`{route.method} {route.path}`" for route in spellings),
            summary_of(served.handle),
            permission_of(served),
        )


def permission_of(served: RouteEndpoint) -> str:
    """Return what a key needs for an endpoint."""
    if served.permission is None:
        return "no key"
    flag = f"; with `{served.write_if}`, `write`" if served.write_if else ""
    return f"`{served.permission}`{flag}"


# --- Metrics ------------------------------------------------------------------------------------

METRICS_INTRO = """\
# Metrics

The server serves metrics in Prometheus's text format at `/metrics` on the API's own address.
Metrics per project are only at `/metrics` on `--metrics-address`.
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
    heads = ("Metric", "Kind", "Meaning", "Served")
    return f"{METRICS_INTRO}\n{table(heads, list(rows.values()))}\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "limits.md": limits_page,
    "provider-rules.md": rules_page,
    "http-api.md": http_page,
    "metrics.md": metrics_page,
    "formats.md": lambda: formats_page(table),
}


def write() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
