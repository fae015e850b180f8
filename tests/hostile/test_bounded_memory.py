"""What clients do to a server takes bounded memory, and nothing grows as long as it runs."""

import sys

import pytest

from bench.plan import full
from bench.server import serving
from bench.trust import memory, soak
from bench.trust.memory import KINDS, MEMORY_GOAL, MIB, Size
from tests.hostile.measuring import small_plan

pytestmark = pytest.mark.timeout(600)

FEW = Size(slow_readers=40, hang_ups=120, uploads=40, idle=1_000, seconds=12)
LONG = [pytest.mark.slow, pytest.mark.timeout(1_800)]
IN_SUITE = {"slow readers", "uploads of 30 MiB"}


def attacks():
    """Yield each kind of attack in full, and some smaller for the suite."""
    for kind in KINDS:
        if kind.name in IN_SUITE:
            yield pytest.param(kind, FEW, id=kind.of(FEW))
        yield pytest.param(kind, Size(), id=kind.of(Size()), marks=LONG)


@pytest.mark.parametrize(("kind", "size"), [*attacks()])
def test_an_attack_takes_bounded_memory(kind, size, tmp_path):
    plan = small_plan(tmp_path)
    with serving(plan, tmp_path / "data") as server:
        memory.fill(server)
    with serving(plan, tmp_path / "data", key=server.key) as attacked:
        watched = memory.watch(attacked, kind, size)
    assert watched.peak_bytes / MIB <= MEMORY_GOAL.bound, watched


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_nothing_grows_under_a_mixed_load_of_ten_minutes(tmp_path):
    found = soak.measure(full((sys.executable, "-m", "dialoguedb"), tmp_path))
    assert [one for one in found if one.verdict == "MISSED"] == []
