"""The verdict: whether the model is fit for use, in a marketer's words, and what speaks against it."""

from html import escape
from typing import Any, Final

from schemas.manifest import ModelManifest
from training.report.numbers import of_hundred, percent

TITLES: Final = {
    "blocked": "Not fit for use",
    "warned": "Fit for use, with reservations",
    "passed": "Fit for use",
}
MARKS: Final = {"blocked": "✕ blocked", "warned": "! warned", "passed": "✓ passed"}


def standing(manifest: ModelManifest) -> str:
    """The worst verdict among the checks."""
    found = {each["verdict"] for each in manifest.checks}
    return next((verdict for verdict in ("blocked", "warned") if verdict in found), "passed")


def verdict(manifest: ModelManifest) -> str:
    """The panel at the head of the page."""
    worst = standing(manifest)
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in (_use(manifest), _worth(manifest), _trust(manifest)))
    return f'<div class="verdict {worst}" id="verdict"><h2>{TITLES[worst]}</h2>{said}</div>'


def against(manifest: ModelManifest) -> str:
    """The checks that blocked or warned, the worse ones first."""
    found = sorted(
        (each for each in manifest.checks if each["verdict"] != "passed"),
        key=lambda each: list(TITLES).index(each["verdict"]),
    )
    return f'<ul class="checks">{"".join(map(check, found))}</ul>' if found else ""


def check(each: dict[str, Any]) -> str:
    """One check as an item of a list."""
    mark = f'<span class="mark">{MARKS[each["verdict"]]}</span>'
    said = f"{escape(each['title'])}: {escape(each['sentence'])}."
    return f'<li class="{each["verdict"]}">{mark} {said} <code>{escape(each["code"])}</code></li>'


def tiles(manifest: ModelManifest) -> str:
    """The four figures that one asks for first."""
    test = manifest.metrics["test"]
    shown = (
        (f"{test['lift_top_10']['value']:.1f} ×", "as many convert in the highest tenth as overall (lift)"),
        (percent(test["recall_top_20"]["value"]), "of the conversions come from the highest fifth (recall)"),
        (f"{test['auc']['value']:.3f}", "the chance that one who converts is scored above one who does not (AUC)"),
        (
            percent(test["expected_calibration_error"]["value"]),
            "between what was said and what happened, on average (calibration error)",
        ),
    )
    said = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for value, name in shown
    )
    return f'<div class="tiles">{said}</div>'


def _use(manifest: ModelManifest) -> str:
    worst = standing(manifest)
    if worst == "blocked":
        return "Do not score leads with it: what is marked as blocked below does not hold."
    if worst == "warned":
        return "Nothing below keeps it out of use. Read the warnings before you rely on what they speak of."
    return "Every check passed."


def _worth(manifest: ModelManifest) -> str:
    test, within = manifest.metrics["test"], manifest.training["options"]["within"]
    top, base, lift = (test[name] for name in ("precision_top_10", "base_rate", "lift_top_10"))
    return (
        f"Of the tenth that it scores highest, {of_hundred(top['value'])} convert within {within}; of all, "
        f"{of_hundred(base['value'])}. Who calls that tenth first meets {lift['value']:.1f} times as many of them "
        f"({lift['low']:.1f} to {lift['high']:.1f}) as who calls at random."
    )


def _trust(manifest: ModelManifest) -> str:
    found = {each["code"]: each["verdict"] for each in manifest.checks}
    if {found.get("calibration"), found.get("calibration_error")} == {"passed"}:
        return "Its probabilities can be taken at their word: of the leads at 5%, some 5 in 100 convert."
    return "Take its scores as an order of leads, less as probabilities: see the checks of calibration."
