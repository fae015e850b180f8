"""A log is damaged or cut off: what it lost is reported, or nothing is lost."""

import shutil

import pytest

from bench.trust import damage
from bench.trust.damage import LOG
from tests.hostile.measuring import small_plan

pytestmark = pytest.mark.timeout(600)

LOGS = [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(3_600)])]


@pytest.mark.parametrize("count", LOGS)
def test_a_log_that_lost_something_says_so(count, tmp_path):
    data = tmp_path / "data"
    plan = small_plan(tmp_path)
    key = damage.acknowledge(plan, data)
    lost = 0
    for number in range(count):
        copied = tmp_path / f"log-{number}"
        shutil.copytree(data, copied)
        damage.damage_log(copied / LOG, number)
        opened = damage.open_again(plan, copied, key)
        assert opened.reported or not opened.lost, f"damage {number} lost {opened.lost} in silence"
        lost += opened.lost
    assert lost, "no damage lost anything"
