# No docstring, and more such: each marked line must be refused with its code.  # expect: D100
import logging
import os
import sys  # expect: F401
import time
from datetime import datetime


def add(sort, rows=[]):  # expect: ANN001 ANN201 B006 D103
    print(sort)  # expect: T201
    return rows


def widest(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> int:  # expect: PLR0913
    """Take more arguments than anyone remembers."""
    import json  # expect: PLC0415

    try:
        json.loads("{}")
    except Exception:  # expect: BLE001 S110
        pass
    return a + b + c + d + e + f + g


def tangled(a: int) -> int:  # expect: C901 PLR0911 PLR0912
    """Decide too much in one place."""
    if a == 1:
        return 1
    if a == 21:  # expect: PLR2004
        return 2
    if a == 31:
        return 3
    if a == 41:
        return 4
    if a == 51:
        return 5
    if a == 61:
        return 6
    if a == 71:
        return 7
    if a == 81:
        return 8
    if a == 91:
        return 9
    return 0


async def hasty(table: str, flag: bool) -> str:  # expect: FBT001
    """Hold up the loop, lose the zone, build SQL from text."""
    time.sleep(1)  # expect: ASYNC251
    now = datetime.now()  # expect: DTZ005
    logging.info(f"it is {now}")  # expect: G004 LOG015
    # flag = not flag  # expect: ERA001
    return "SELECT * FROM " + table + " WHERE id = 1" + os._name  # expect: S608 SLF001


def unused(argument: int, other: int) -> int:  # expect: ARG001
    """Keep what nobody needs."""
    kept = other  # expect: F841
    raise Exception("a class that says nothing, in a line that runs on far beyond its end")  # expect: E501 TRY002


def silenced(value: object) -> object:
    """Switch off more than is needed."""
    return value  # type: ignore # noqa # expect: PGH003 PGH004
