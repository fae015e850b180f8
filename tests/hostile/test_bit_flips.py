"""Bits flip in the database: what is damaged is refused and found, never served."""

import shutil

import pytest

from bench.trust import damage
from bench.trust.damage import DATABASE, Damaged
from tests.hostile.measuring import small_plan

pytestmark = pytest.mark.timeout(600)

ROOTS = [
    "sqlite_autoindex_projects_1",
    pytest.param("%", marks=[pytest.mark.slow, pytest.mark.timeout(3_600)]),
]
FLIPS = [3, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(7_200)])]
SEED = 2


@pytest.mark.parametrize("count", FLIPS)
def test_no_answer_is_wrong_and_check_finds_what_is_damaged(count, tmp_path):
    damaged = Damaged(small_plan(tmp_path), tmp_path)
    damaged.make()
    for bit in damage.bits(damaged.data / DATABASE, count, seed=SEED):
        assert_damage_is_reported(damaged, bit)


@pytest.mark.parametrize("names", ROOTS)
def test_no_table_or_index_is_an_exception(names, tmp_path):
    damaged = Damaged(small_plan(tmp_path), tmp_path)
    damaged.make()
    for bit in damage.bits_of_roots(damaged.data / DATABASE, names):
        assert_damage_is_reported(damaged, bit)


def assert_damage_is_reported(damaged, bit):
    """Flip a bit in a copy of the data, and read everything in it."""
    copied = damaged.copy(f"flip-{bit}")
    damage.flip(copied / DATABASE, bit)
    read = damaged.read(copied)
    assert not read.wrong, f"bit {bit}"
    assert not read.defects, f"bit {bit}: {read.refused}"
    assert read.checked or not read.seen, f"bit {bit} was not found"
    shutil.rmtree(copied)
