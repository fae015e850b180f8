"""What servers show beside what they acknowledged, and the report of both."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.crash.journal import dialogue_names, read_all
from tests.crash.wire import Connection
from tests.postgres.writing import Account

LOST = "acknowledged and not there"
CHANGED = "not what was acknowledged"
TWICE = "stored twice"
FOREIGN = "stored where nobody sent it"
TORN = "a batch in part or in pieces"
ORDER = "a writer's messages not in their order"
NUMBERS = "seq with gaps"
COUNTERS = "counters that do not fit"
NOT_REPEATED = "stored unacknowledged, though its writer was to repeat it"
KINDS = (LOST, CHANGED, TWICE, FOREIGN, TORN, ORDER, NUMBERS, COUNTERS, NOT_REPEATED)


class Comparison:
    """Counts what is stored, and every error by its kind."""

    def __init__(self, account: Account) -> None:
        self.stored = 0
        self.unacknowledged = 0
        """Those stored whose writers were never answered."""

        self.errors: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self._account = account

    async def read(self, port: int, key: str) -> None:
        """Read everything back from a server, and compare."""
        self.stored = self.unacknowledged = 0
        async with Connection(port, key) as connection:
            for name in dialogue_names():
                await self._read_dialogue(connection, name)
            _, usage = await connection.ask("GET", "/admin/usage")
        if usage["messages"] != self.stored:
            self._report_errors(
                COUNTERS, [f"usage says {usage['messages']:,}, stored {self.stored:,}"]
            )

    def lines(self) -> list[str]:
        """Report it, one figure a line."""
        account = self._account
        acknowledged = f"{len(account.acknowledged):,} of {len(account.sent):,} sent"
        figures: dict[str, object] = {
            "acknowledged": acknowledged,
            "stored": f"{self.stored:,}, {self.unacknowledged:,} of them unacknowledged",
            **{kind: self._shown(kind) for kind in KINDS},
            "answers that should not be": len(account.errors),
            **{f"  {answer}": f"{count:,}" for answer, count in account.answers.most_common()},
        }
        width = max(map(len, figures))
        return [f"{what:<{width}}  {figure}" for what, figure in figures.items()]

    def _shown(self, kind: str) -> str:
        found = self.errors[kind]
        return f"{len(found)}: {'; '.join(found[:5])}" if found else "0"

    def _report_errors(self, kind: str, found: Iterable[str]) -> None:
        self.errors[kind] += found

    async def _read_dialogue(self, connection: Connection, name: str) -> None:
        listed = await read_all(connection, name)
        status, shown = await connection.ask("GET", f"/dialogue/{name}")
        assert status == 200, shown
        self.stored += len(listed)
        found = {one["content"]: one for one in listed}
        if len(found) < len(listed):
            self._report_errors(TWICE, [f"{len(listed) - len(found)} in {name}"])
        if [one["seq"] for one in listed] != list(range(1, len(listed) + 1)):
            self._report_errors(NUMBERS, [name])
        if not shown["totalMessages"] == shown["lastSeq"] == len(listed):
            counted = f"{shown['totalMessages']}, {shown['lastSeq']}"
            self._report_errors(COUNTERS, [f"{name} says {counted}; {len(listed)} are stored"])
        self._compare(name, found)

    def _compare(self, name: str, found: dict[str, Any]) -> None:
        mine = {text: one for text, one in self._account.sent.items() if one.dialogue == name}
        acknowledged = {text: one.stored for text, one in mine.items() if one.stored}
        self._report_errors(FOREIGN, found.keys() - mine.keys())
        self._report_errors(LOST, acknowledged.keys() - found.keys())
        altered = (
            text for text in acknowledged.keys() & found.keys() if found[text] != acknowledged[text]
        )
        self._report_errors(CHANGED, altered)
        unacknowledged = found.keys() & mine.keys() - acknowledged.keys()
        self.unacknowledged += len(unacknowledged)
        self._report_errors(
            NOT_REPEATED, (text for text in unacknowledged if mine[text].is_retried)
        )
        self._compare_order(found)

    def _compare_order(self, found: dict[str, Any]) -> None:
        seqs = defaultdict(list)
        for text, one in self._account.sent.items():
            if text not in found:
                continue
            together = [found[other]["seq"] for other in one.batch if other in found]
            if together != list(range(together[0], together[0] + len(one.batch))):
                self._report_errors(TORN, [f"{text}: {together}"])
            if one.is_retried:
                seqs[one.writer].append(found[text]["seq"])
        self._report_errors(ORDER, (writer for writer, of in seqs.items() if of != sorted(of)))
