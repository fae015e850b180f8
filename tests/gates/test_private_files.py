"""Whatever the package writes to a disk, `private_files` makes, or SQLite in a file made by it."""

import ast
from pathlib import Path

import pytest

import dialoguedb

PACKAGE = Path(dialoguedb.__file__).parent
MAKER = PACKAGE / "private_files.py"
ALWAYS_WRITES = {"write_text", "write_bytes", "mkdir", "makedirs", "mkstemp", "mknod", "copyfile"}
DEVICE = "os.devnull"


def writers(source):
    """Return the lines on which a module makes files or directories by itself."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and _writes(call) and DEVICE not in ast.unparse(call)
    ]


def _writes(call):
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open":
        texts = [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)]
        modes = [text for text in texts if isinstance(text, str) and set(text) <= set("rwxab+t")]
        return any(set(mode) & set("wxa+") for mode in modes) or "O_CREAT" in ast.unparse(call)
    return name in ALWAYS_WRITES


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_module_makes_files_by_itself(path):
    if path != MAKER:
        assert writers(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text(text)",
        "path.mkdir(0o700)",
        "os.makedirs(path)",
        'open(path, "w")',
        'path.open("wb")',
        'path.open(mode="x")',
        "os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)",
    ],
)
def test_making_one_is_noticed(line):
    assert writers(line) == [1]


@pytest.mark.parametrize("line", ['path.open("rb")', "open(path)", "db.open(path)"])
def test_reading_one_is_not(line):
    assert writers(line) == []
