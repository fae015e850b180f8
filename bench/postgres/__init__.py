"""The PostgreSQL engine beside pgbench on the same server, and beside the embedded engine."""

from bench.plan import CONNECTIONS, Plan

MEMORY = "2GB"
"""`maintenance_work_mem` of what makes indexes at once: a million vectors of 256 fit in."""


def method(plan: Plan) -> str:
    """Say how PostgreSQL is measured."""
    return (
        "PostgreSQL 18 with its defaults (`fsync` and `synchronous_commit` on), on the disk of this"
        " machine, over loopback. pgbench runs the bare transaction (`BEGIN`, an `UPDATE` of the"
        " dialogue's row, an `INSERT` of the message, `COMMIT`), prepared, on"
        f" {CONNECTIONS} connections, each with a dialogue of its own; in {plan.rounds} rounds it"
        f" and the servers take turns of up to {plan.seconds:g} s. Servers run with their defaults:"
        " each append is indexed for search. A ratio is the median of the rounds' ratios. Database,"
        " servers and load share the machine's processors, as those of the embedded engine do. For"
        " `postgres_scale` a database is filled by COPY with rows that the product's own functions"
        " make, words and vectors of 256 included; the indexes of words and vectors are dropped"
        f" before and made at once after, with `maintenance_work_mem` of {MEMORY}, then follows"
        " `VACUUM ANALYZE`. All else of `postgres_scale` goes over HTTP."
    )
