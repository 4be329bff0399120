"""What the demo claims, checked against what came out."""

from collections import Counter
from typing import NamedTuple

from leadpulse.demo.market import Injected
from leadpulse.demo.pages import Counts
from leadpulse.demo.subscriber import Subscriber


class Verdict(NamedTuple):
    """One claim. found: the figures it was judged by."""

    holds: bool
    claim: str
    found: str


def judge(produced: int, injected: Injected, counts: Counts, read: Subscriber) -> list[Verdict]:
    """Every claim, once all is produced, taken, committed and read."""
    verdicts, flaws = counts.verdicts, injected.flaws.total()
    accounted = verdicts.total() + counts.refused.total()
    committed = Counter({kind: counts.outputs[kind] for kind in read.outputs})
    return [
        Verdict(
            accounted == produced == counts.records,
            "every event was taken once",
            f"{produced:,} produced, {accounted:,} taken",
        ),
        Verdict(
            verdicts["duplicate"] == injected.repeats,
            "repeated events counted once",
            f"{injected.repeats:,} sent again, {verdicts['duplicate']:,} recognised",
        ),
        Verdict(
            counts.refused.total() == flaws == read.outputs["dead-letter"],
            "broken events became dead letters",
            f"{flaws:,} sent, {read.outputs['dead-letter']:,} dead letters",
        ),
        Verdict(
            read.gaps() == 0 and read.repeated == 0 and read.outputs == committed,
            "each score change came once",
            f"{read.outputs['change']:,} read, {read.gaps():,} missing, {read.repeated:,} twice",
        ),
        Verdict(
            read.alerts_by_swap() == 0,
            "no alert came from the model swap",
            f"{read.swap_moves:,} leads changed tier by it, {read.alerts_by_swap():,} alerts",
        ),
    ]
