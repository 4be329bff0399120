"""Replaying a log: the features that each lead had at given instants, by the same steps that the worker takes."""

import numpy as np

from stream.core.columns import Columns
from stream.core.features import compute
from stream.core.fold import Matrix, step
from stream.core.kernel import kernel
from stream.core.lead import Ints, Lead, clear, new_lead
from stream.core.plan import Plan


def replay(columns: Columns, snapshot_lead: Ints, snapshot_time: Ints, plan: Plan) -> Matrix:
    """Features [S, F] as of each of S instants, from the lead's events strictly before it.

    The columns are ordered by (lead, time), the snapshots too; a lead without events before an instant has the features
    of one that nothing is known of.
    """
    out = np.zeros((len(snapshot_lead), len(plan.kind)), np.float32)
    _replay(columns, snapshot_lead, snapshot_time, plan, new_lead(), out)
    return out


@kernel
def _replay(columns: Columns, snapshot_lead: Ints, snapshot_time: Ints, plan: Plan, lead: Lead, out: Matrix) -> None:
    event = 0
    for i in range(snapshot_lead.size):
        who = snapshot_lead[i]
        if i == 0 or who != snapshot_lead[i - 1]:
            clear(lead)
            while event < columns.lead.size and columns.lead[event] < who:
                event += 1
        while event < columns.lead.size and columns.lead[event] == who and columns.time[event] < snapshot_time[i]:
            step(columns, event, np.uint64(0), lead)
            event += 1
        compute(lead, snapshot_time[i], plan, out[i])
