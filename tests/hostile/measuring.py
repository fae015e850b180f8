"""The measurements of the benchmarks, of the program that is tested."""

import sys
from pathlib import Path

from bench.plan import Plan, quick


def small_plan(room: Path) -> Plan:
    """Plan small measurements, in a directory."""
    return quick((sys.executable, "-m", "dialoguedb"), room)
