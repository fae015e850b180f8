"""The reference: made from the code as it is now, and complete."""

import ast
import inspect
import re
from pathlib import Path
from typing import get_args

import click
import pytest

from dialoguedb import errors
from dialoguedb.cli import main
from dialoguedb.errors import DialogueDBError
from dialoguedb.formats.issues import IssueCode
from dialoguedb.formats.provider_rules.rule import RuleCode
from dialoguedb.http.responses.error_responses import status_of
from dialoguedb.http.route_table import ROUTES
from dialoguedb.settings import SETTINGS
from dialoguedb.values import limits
from docs.generate import DETAIL_CODES, ISSUE_CODES, PAGES, REFERENCE, raised_errors

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "src" / "dialoguedb"
DOCUMENTS = [
    *PROJECT.glob("*.md"),
    *(PROJECT / "docs").rglob("*.md"),
    PROJECT / "bench" / "README.md",
]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page(name):
    return (REFERENCE / name).read_text()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says_now(name):
    assert page(name) == PAGES[name](), "due for `python -m docs.generate`"


def test_no_page_is_left_of_what_is_gone():
    assert {path.name for path in REFERENCE.iterdir()} == PAGES.keys()


# --- Errors -------------------------------------------------------------------------------------


def error_classes():
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, DialogueDBError)
    ]


def drawn(kind, indent="    "):
    """Draw a class and what comes of it, as on top of errors.py."""
    lines = [indent + kind.__name__]
    children = kind.__subclasses__()
    for child in children:
        is_last = child is children[-1]
        first, *rest = drawn(child, "")
        lines.append(f"{indent}{'└── ' if is_last else '├── '}{first}")
        lines += [f"{indent}{'    ' if is_last else '│   '}{line}" for line in rest]
    return lines


def test_the_drawing_of_the_errors_is_their_tree():
    assert "\n".join(drawn(DialogueDBError)) in (SOURCE / "errors.py").read_text()


def test_every_code_belongs_to_one_error_and_what_inherits_it():
    codes = [kind.code for kind in error_classes() if "code" in vars(kind)]
    codes.remove(DialogueDBError.code)  # the root's is that of a defect
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", raised_errors(), ids=lambda kind: kind.__name__)
def test_every_error_is_documented_with_its_status(kind):
    known = status_of(kind)
    row = f"| {known[0]} | `{kind.code}` | `{known[1]}` |" if known else f"| `{kind.__name__}` |"
    assert row in page("errors.md")


def test_only_errors_that_gather_others_have_no_row():
    gathering = set(error_classes()) - set(raised_errors())
    assert all(kind.__subclasses__() for kind in gathering)
    source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    assert not [kind for kind in gathering if f"raise {kind.__name__}(" in source]


def test_every_code_in_the_source_is_documented():
    constants = {
        node.value
        for part in ("model", "service", "http")
        for path in (SOURCE / part).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in constants if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)}
    assert {code for code in codes if f"`{code}`" not in page("errors.md")} == set()


def test_every_code_of_an_issue_is_documented():
    assert {*get_args(IssueCode), *get_args(RuleCode)} == ISSUE_CODES.keys()


def test_every_code_of_a_detail_is_documented():
    documented = set(re.findall(r"`([A-Z_]+)`", inspect.getsource(errors.ErrorDetail)))
    assert documented == DETAIL_CODES.keys()


# --- Everything else ----------------------------------------------------------------------------


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting):
    for name in (setting.flag, setting.variable):
        assert f"`{name}`" in page("settings.md")


def commands(command, path):
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, f"{path} {name}")


def every_command():
    context = click.Context(main)
    for name in main.list_commands(context):
        yield from commands(main.get_command(context, name), f"dialoguedb {name}")


@pytest.mark.parametrize(("path", "command"), list(every_command()))
def test_every_command_and_option_is_documented_and_explained(path, command):
    assert command.help
    section = page("cli.md").partition(f"## {path}\n")[2].partition("\n## ")[0]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert all(option in section for option in parameter.opts)


def test_every_limit_is_documented():
    names = [name for name in vars(limits) if name.isupper()]
    assert [name for name in names if f"`{name}`" not in page("limits.md")] == []


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.documented],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_every_route_is_documented_and_explained(route):
    assert f"`{route.method} {route.path}`" in page("http-api.md")
    assert inspect.getdoc(route.endpoint.handle)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_within_the_documents_leads_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    for link in LINK.findall(text):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
            assert anchor in anchors, link
