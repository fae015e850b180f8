"""What the same measurements found before each kind of fault was repaired; kept for comparison."""

from bench.findings import Figures
from bench.plan import Plan

NAME = "former"
_ROWS = [
    ("40 slow readers of 32 MiB pages", "2,096 MiB, p99 of /health 678 ms"),
    ("40 slow readers of other large answers", "2,375 MiB, 1,389 ms"),
    ("120 hang-ups in 12 s", "4,292 MiB, of which 4,246 were held 3 s later; 197 ms"),
    ("40 uploads of 30 MiB", "1,770 MiB, 3,908 ms"),
    ("1,000 idle connections", "152 MiB, 32 ms"),
    ("honest readers: raise of others' p99", "164 ms by one, 487 ms by four"),
    ("20 bits flipped in the database", "16 answered wrongly with 200, 1 with 500; 7 not found"),
    ("10 damages of the log", "4 lost up to 12 of 120 acknowledged messages, none was reported"),
    ("files of data and backup under umask 022", "all could be read by others"),
    ("words of a person whose objects were all deleted", "13 of 13 were left in the log"),
]


def measure(_: Plan) -> list[Figures]:
    """Return the figures of a quick run at that time, on the same machine."""
    return [Figures("Before (a quick run)", ("what", "figure"), list(_ROWS))]
