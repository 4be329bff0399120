"""The page as a whole: the verdict first, then what it rests on, then where it comes from."""

from html import escape
from typing import Any, Final

from schemas.manifest import ModelManifest
from training.report.flow import flow
from training.report.groups import segments
from training.report.learning import candidates, learning_curve
from training.report.markup import pair, paragraph, section
from training.report.numbers import count
from training.report.origin import figures, origin, tiers
from training.report.over_time import drift, leads_by_month, months, weeks
from training.report.probabilities import reliability, scores
from training.report.ranking import by_moment, gain, lift
from training.report.reasons import examples, importance, shift
from training.report.style import STYLE
from training.report.verdict import against, check, tiles, verdict

SECTIONS: Final = {
    "ranking": "Does it put the right leads first?",
    "probabilities": "Do its probabilities hold?",
    "tiers": "What the tiers mean",
    "reasons": "What it looks at",
    "groups": "Are groups of leads treated alike?",
    "time": "Does it hold over time?",
    "learning": "Would more data help?",
    "data": "What it learned from",
    "checks": "All checks",
    "candidates": "What else was tried",
    "figures": "All figures",
    "origin": "Where it comes from",
}
"""Title of each section by its name, in order."""


def write_report(manifest: ModelManifest) -> bytes:
    """The report as one HTML file that needs no network and no script; the same manifest gives the same bytes."""
    title = f"A {manifest.kind.replace('_', ' ')} model for {manifest.target}"
    content = _content(manifest)
    links = "".join(f'<a href="#{name}">{escape(SECTIONS[name])}</a> ' for name in content)
    body = "\n".join(section(name, SECTIONS[name], *parts) for name, parts in content.items())
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="about">{escape(_about(manifest))}</p>
</header>
<main>
{verdict(manifest)}
{tiles(manifest)}
{against(manifest)}
<nav>{links}</nav>
{body}
</main>
</body>
</html>
""".encode()


def _about(manifest: ModelManifest) -> str:
    training, test = manifest.training, manifest.metrics["test"]
    begin = training["split"]["test_begin"][:10]
    return (
        f"From events of {training['events']['first'][:10]} to {training['events']['last'][:10]}. Judged on "
        f"{count(test['leads'])} leads first seen from {begin} on, which it had not learned from, looked at "
        f"{count(test['snapshots'])} times: the snapshots. {count(test['conversions'])} of these are followed by a "
        f"conversion within {training['options']['within']}. Intervals are 95%, from resampled leads."
    )


def _content(manifest: ModelManifest) -> dict[str, tuple[str, ...]]:
    """Each section's parts."""
    metrics, training = manifest.metrics, manifest.training
    test, rules, found = metrics["test"], metrics["rules"], metrics["importance"]
    return {
        "ranking": (pair(gain(test, rules), lift(test, rules)), by_moment(test, _moments(training))),
        "probabilities": (pair(reliability(test), scores(metrics["scores"], manifest.tiers)),),
        "tiers": (tiers(manifest),),
        "reasons": (
            pair(importance(found, "signal"), importance(found, "feature")),
            shift(found),
            paragraph(_POINTS),
            examples(metrics["examples"]),
        ),
        "groups": (segments(metrics["segments"], manifest.tiers.above[0].name),),
        "time": (pair(weeks(metrics["weeks"]), months(metrics["months"])), drift(metrics["drift"])),
        "learning": (learning_curve(metrics["learning_curve"]),),
        "data": (flow(training), leads_by_month(training["history"])),
        "checks": (f'<ul class="checks">{"".join(map(check, manifest.checks))}</ul>',),
        "candidates": (candidates(training),),
        "figures": (figures(manifest),),
        "origin": (origin(manifest),),
    }


_POINTS: Final = (
    "A few of the leads that it was judged on, and what their scores are made of. Points are of the score from 0 to "
    "100; features of one signal count together, named by the strongest of them."
)


def _moments(training: dict[str, Any]) -> dict[str, str]:
    """What each group of moments is called."""
    events = training["target"]["kind"] == "events"
    return {
        str(number): f"after {number} signals" if events else f"day {number}" for number in training["target"]["groups"]
    }
