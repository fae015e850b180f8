"""The shape of the source that no linter knows: sizes, names, and reasons beside exceptions."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "dialoguedb"
BODY_LINES_MAX = 40
FILE_LINES_MAX = 400
EMPTY_NAMES = re.compile(r"(utils?|helpers?|common|misc|base|managers?|handlers?|processors?|v2)\Z")
SILENCER = re.compile(r"# (?:noqa|type: ignore|fmt:)")
ARGUED = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])\W+\w+")


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE), ast.parse(path.read_text())


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count from the first statement to the last, the docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_function_body_is_longer_than_a_screen():
    too_long = [
        f"{path}:{node.lineno} {node.name} has {body_lines(node)} lines"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and body_lines(node) > BODY_LINES_MAX
    ]
    assert too_long == []


def test_no_file_is_longer_than_a_sitting():
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_names_say_what_a_thing_is():
    words = [
        (path, word)
        for path, tree in trees()
        for name in [*path.with_suffix("").parts, *class_names(tree)]
        for word in [re.split(r"_|(?<=[a-z0-9])(?=[A-Z])", name)[-1].lower()]
    ]
    assert [(path, word) for path, word in words if EMPTY_NAMES.match(word)] == []


def class_names(tree: ast.Module) -> list[str]:
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_every_exception_to_a_rule_has_its_reason_beside_or_above_it():
    unargued = [
        f"{path.relative_to(SOURCE)}:{number} {line.strip()}"
        for path in sorted(SOURCE.rglob("*.py"))
        for number, (above, line) in enumerate(pairwise(["", *path.read_text().splitlines()]), 1)
        if SILENCER.search(line) and not (ARGUED.search(line) or above.lstrip().startswith("#"))
    ]
    assert unargued == []


def test_own_modules_are_imported_not_loaded_by_name():
    """What is loaded by name is hidden from the gate of layers."""
    loaded = [
        f"{path}:{call.lineno} {ast.unparse(call)}"
        for path, tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and loads_by_name(call) and may_be_ours(call, tree)
    ]
    assert loaded == []


def loads_by_name(call: ast.Call) -> bool:
    return ast.unparse(call.func).rpartition(".")[2] in {"import_module", "__import__"}


def may_be_ours(call: ast.Call, tree: ast.Module) -> bool:
    """Tell whether the module is other than a constant that names somebody else's."""
    constants = {
        ast.unparse(node.targets[0]): node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    name = constants.get(ast.unparse(call.args[0]), call.args[0]) if call.args else None
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return True
    return name.value.partition(".")[0] in {"", "dialoguedb"}


@pytest.mark.parametrize(
    ("line", "is_refused"),
    [
        ('importlib.import_module("dialoguedb.store")', True),
        ('import_module(f"dialoguedb.{name}")', True),
        ('importlib.import_module(f"{__name__}.sibling")', True),
        ('import_module(".store", "dialoguedb")', True),
        ('__import__("dialoguedb")', True),
        ('importlib.import_module("dateparser.date")', False),
    ],
)
def test_a_load_by_name_is_noticed(line, is_refused):
    tree = ast.parse(line)
    [call] = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert (loads_by_name(call) and may_be_ours(call, tree)) == is_refused


def test_unit_tests_touch_no_disk():
    unit = Path(__file__).parents[1] / "unit"
    disk = re.compile(r"tmp_path|tempfile|SQLiteStore|open_database|files\.")
    assert [path.name for path in sorted(unit.glob("*.py")) if disk.search(path.read_text())] == []
