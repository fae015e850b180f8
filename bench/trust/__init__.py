"""What an operator trusts: memory under attack, damage, private files, erasure, equal answers."""

from bench.plan import Plan


def method(_: Plan) -> str:
    """Say how trust is measured."""
    return (
        "Every server runs with its defaults. Memory is the most that the process ever held in RAM"
        " (`VmHWM`). `/health` is asked for every 10 ms by another process; an answer that is late"
        " counts for all who would have asked meanwhile. Damage is done to copies of the same data,"
        " one bit at a time, half of them in what was written as text; a log is also cut off."
        " Pairs of absent and foreign ids are asked for in an order drawn by lot; a route whose"
        " medians differ by more than 5 % is measured up to three times, and the least difference"
        " is kept: one that is real is there each time."
        " Checksums: two servers, one on a database that was made without them, take turns; a"
        " figure is the median of the rounds' ratios of processor time."
        " Encryption: two engines in one process, one on an encrypted directory, take turns; a"
        " figure is the median of the rounds' ratios of processor time."
    )
