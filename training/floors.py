"""Data floors: the least that is worth learning from, as vendors and practitioners state it. Below it the rules score.

Counted in the training slice, the leads that a model is fitted on; vendors count all leads, so this is stricter.
"""

from typing import Final, NamedTuple


class Preset(NamedTuple):
    """leads, conversions: the least number of leads and of those that convert. source: who asks for that."""

    leads: int
    conversions: int
    source: str


FLOORS: Final[dict[str, Preset]] = {
    "leadpulse": Preset(
        200, 25, "our own: below some 200 leads every interval is too wide to tell a model from chance"
    ),
    "einstein": Preset(1_000, 120, "Salesforce Einstein Lead Scoring: 1,000 leads and 120 conversions"),
    "dynamics": Preset(80, 40, "Dynamics 365 predictive lead scoring: 40 qualified and 40 disqualified leads"),
    "hubspot": Preset(
        50, 25, "HubSpot's earlier predictive scoring: 25 contacts that became customers, 25 that did not"
    ),
    "practitioners": Preset(
        400, 200, "practitioners ask for 200 to 300 conversions, here with as many leads that do not convert"
    ),
    "deals": Preset(500, 25, "practitioners ask for 500 to 1,000 closed deals, won or lost; the 25 won are our own"),
}
DEFAULT: Final = "leadpulse"


def describe() -> str:
    """The presets with their sources, one a line."""
    return "\n".join(
        f"  {name:14}{preset.leads:,} leads, {preset.conversions} that convert ({preset.source})"
        for name, preset in FLOORS.items()
    )
