"""Small libraries that are loaded before those of the system, built on the spot."""

import shutil
import subprocess
import sys
from pathlib import Path

_COMPILER = shutil.which("cc") or shutil.which("gcc") or ""
AVAILABLE = bool(_COMPILER) and sys.platform == "linux"


def built(source: str, room: Path) -> Path:
    """Build a library from a file beside this one; returns its path."""
    file = Path(__file__).with_name(source)
    library = room / f"{file.stem}.so"
    words = [_COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(file), "-ldl"]
    subprocess.run(words, check=True)
    return library
