"""What the generated logs are observed with: the shipped settings, and small random ones with every kind of feature."""

from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from schemas.load import load_settings
from schemas.settings import Settings
from tests.property.logs import DAY, FIVE, HOUR, Words

CHANNELS: Final = ("web", "email", "product", "crm", "intent")

SHIPPED: Final = load_settings(None, {})


class Scene(NamedTuple):
    """Settings, the same as the plain content of a file, and the words its events are made of."""

    settings: Settings
    plain: dict[str, Any]
    words: Words


_NUMBERS: Final = st.one_of(
    st.integers(-5, 5),
    st.sampled_from((0.5, 0.0005, 0.0015, -0.0025, 2.675, 1e9, -1e12, 1e306, 2**53 + 1)),
    st.floats(-1e6, 1e6),
)
_ODD: Final[st.SearchStrategy[Any]] = st.sampled_from((None, True, False, "1", "", [], {}, ["software"]))

SHIPPED_WORDS: Final = Words(
    names=(
        *[("web", "page_view")] * 6,
        ("web", "demo_request"),
        ("email", "email_open"),
        ("email", "email_click"),
        ("email", "email_unsubscribe"),
        ("product", "login"),
        ("product", "invite_sent"),
        *[("product", "feature_used")] * 2,
        ("product", "page_view"),
        ("crm", "call"),
        ("crm", "meeting"),
        ("intent", "topic_surge"),
        ("intent", "unheard_of"),
        *[("profile", "")] * 6,
        ("outcome", "converted"),
        ("outcome", "lost"),
    ),
    paths=("/pricing", "/pricing/annual", "/Pricing", "/customers/x", "/case-studies", "/docs/a", "/blog/b", "/", ""),
    properties=st.fixed_dictionaries({}, optional={"minutes": st.one_of(_NUMBERS, _ODD)}),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "employees": st.one_of(_NUMBERS, _ODD),
            "seniority": st.one_of(st.sampled_from(("staff", "director", "vp", "c_level", "VP", "owner")), _ODD),
            "industry": st.one_of(st.sampled_from(("software", "finance", "mining")), _NUMBERS),
            "shoe size": _NUMBERS,
        },
    ),
)

_NAMES: Final = ("view", "click", "call", "won")
_PATHS: Final = ("", "/", "/a", "/b", "/ab", "/a/b", "/[a]")
_PROPERTIES: Final = {"x": 1, "y": "on", "z": True}

_WAYS: Final = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from((*_NAMES, "c*", "?i*", "[uv]*", "*")),
        "path": st.sampled_from(("/a*", "/?", "/[!a]*", "/[[]a]", "*b", "*")),
        "properties": st.fixed_dictionaries(
            {}, optional={"x": st.sampled_from((1, 1.5)), "y": st.just("on"), "z": st.booleans()}
        ),
    },
)

# The outcome's own way may not be a signal's.
_MATCHES: Final[st.SearchStrategy[list[dict[str, Any]]]] = st.one_of(
    st.just([{}]), st.lists(_WAYS.filter(lambda way: way != {"name": "won"}), min_size=1, max_size=2)
)

SMALL_WORDS: Final = Words(
    names=(
        *((channel, name) for channel in CHANNELS for name in _NAMES[:3]),
        *[("web", "view")] * 8,
        ("web", "won"),
        *[("profile", "")] * 3,
        ("outcome", "won"),
    ),
    paths=_PATHS,
    properties=st.fixed_dictionaries(
        {},
        optional={
            "x": st.sampled_from((1, 1.0, True, 1.5, "1")),
            "y": st.sampled_from(("on", "ON", True)),
            "z": st.sampled_from((True, False, 1, 0, "true")),
            "v": st.one_of(_NUMBERS, _ODD),
        },
    ),
    fields=st.fixed_dictionaries(
        {}, optional={"n": st.one_of(_NUMBERS, _ODD), "c": st.one_of(st.sampled_from(("p", "q", "r")), _ODD)}
    ),
)


def shipped() -> st.SearchStrategy[Scene]:
    """The settings that ship with the product."""
    return st.just(Scene(SHIPPED, SHIPPED.model_dump(mode="json"), SHIPPED_WORDS))


@st.composite
def small(draw: st.DrawFn) -> Scene:
    """A few signals with any numbers and patterns, and every kind of feature with any window."""
    numbers = draw(st.lists(st.integers(0, 63), min_size=1, max_size=5, unique=True))
    signals = [
        {
            "number": number,
            "name": f"s{number}",
            "channel": draw(st.sampled_from(("web", *CHANNELS))),
            "label": "doing",
            "match": draw(_MATCHES),
            "value": "v" if i == 0 else draw(st.sampled_from((None, "v"))),
            "notable": draw(st.booleans()),
        }
        for i, number in enumerate(numbers)
    ]
    observed = {
        "signals": signals,
        "profile": [
            {"number": draw(st.sampled_from((0, 31))), "kind": "number", "name": "n"},
            {"number": 5, "kind": "category", "name": "c", "values": ["p", "q"]},
        ],
        "landing": [{"name": "first", "path": "/a*"}, {"name": "second", "path": "*b"}],
        "outcome": {"channel": draw(st.sampled_from(("outcome", "web"))), "match": [{"name": "won"}]},
    }
    content = {
        "observed": observed,
        "features": draw(_features([f"s{number}" for number in numbers])),
        "scorecard": {"rules": [{"feature": "f0", "points": 1}]},
    }
    settings = Settings.model_validate(content)
    return Scene(settings, settings.model_dump(mode="json"), SMALL_WORDS)


@st.composite
def _features(draw: st.DrawFn, names: list[str]) -> list[dict[str, Any]]:
    some = st.lists(st.sampled_from(names), max_size=2)
    one = st.lists(st.sampled_from(names), min_size=1, max_size=2)
    longest = 12 * DAY - HOUR
    window = st.one_of(
        st.sampled_from((FIVE, HOUR, 12 * HOUR - 1, 12 * HOUR, 48 * HOUR, longest, 12 * DAY, 90 * DAY)),
        st.integers(FIVE, 90 * DAY),
    )
    hourly = st.one_of(st.sampled_from((HOUR, 12 * HOUR - 1, 48 * HOUR, longest)), st.integers(HOUR, longest))
    half_life = st.one_of(st.sampled_from((HOUR, 7 * DAY)), st.integers(HOUR, 90 * DAY))
    features: list[dict[str, Any]] = [
        {"kind": "count", "signals": draw(some), "window": draw(window)},
        {"kind": "count", "signals": draw(some), "window": draw(window)},
        {"kind": "sum", "signals": [names[0], *draw(some)], "window": draw(window)},
        {"kind": "active_days", "signals": draw(some), "window": draw(window)},
        {"kind": "recency", "signals": draw(some)},
        {"kind": "intensity", "signals": draw(some), "window": draw(window), "half_life": draw(half_life)},
        {"kind": "velocity", "signals": draw(some)},
        {"kind": "breadth", "signals": draw(some), "window": draw(window)},
        {"kind": "breadth", "signals": draw(some), "window": draw(window), "of": "channels"},
        {"kind": "per_visit", "signals": draw(some), "window": draw(hourly)},
        {"kind": "sequence", "first": draw(one), "then": draw(one), "within": draw(hourly), "window": draw(hourly)},
        {"kind": "tenure"},
        {"kind": "landing", "page": "first"},
        {"kind": "landing", "page": "second"},
        {"kind": "profile", "field": "n"},
        {"kind": "profile", "field": "c", "equals": "q"},
    ]
    return [{"name": f"f{i}", **feature} for i, feature in enumerate(features)]
