"""The look of the page: light and dark by the reader's wish, printable, and nothing fetched."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark;
  --page: #ffffff; --ink: #1c2024; --soft: #5d6672; --rule: #e0e4e9; --panel: #f6f8fa;
  --model: #1f6fd0; --other: #b3541e; --plain: #8a94a0; --good: #1a7f4b; --fair: #8f6400; --bad: #c02b2b; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14181d; --ink: #e4e8ec; --soft: #a0abb7; --rule: #2d343c; --panel: #1c2229;
  --model: #6ab0ff; --other: #f0a06a; --plain: #7d8896; --good: #5cc98d; --fair: #e0b040; --bad: #ff8080; } }
@media print { :root {
  --page: #ffffff; --ink: #000000; --soft: #444444; --rule: #cccccc; --panel: #ffffff;
  --model: #1f6fd0; --other: #b3541e; --plain: #777777; --good: #1a7f4b; --fair: #8f6400; --bad: #c02b2b; }
  section, figure, tr { break-inside: avoid; } nav { display: none; } body { font-size: 10pt; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p, li { max-width: 48rem; }
p { margin: .5rem 0; }
.about, figcaption, summary, nav { color: var(--soft); font-size: .9rem; }
nav { margin: 1rem 0 0; } nav a { margin-right: 1rem; white-space: nowrap; } a { color: var(--model); }
.verdict { margin: 1.2rem 0; padding: 1rem 1.25rem; border-left: .4rem solid var(--soft); background: var(--panel); }
.verdict h2 { margin: 0 0 .3rem; padding: 0; border: 0; font-size: 1.35rem; }
.verdict.passed { border-color: var(--good); } .verdict.warned { border-color: var(--fair); }
.verdict.blocked { border-color: var(--bad); }
.passed > .mark { color: var(--good); } .warned > .mark { color: var(--fair); } .blocked > .mark { color: var(--bad); }
.mark { font-weight: 600; white-space: nowrap; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.tile { flex: 1 1 11rem; padding: .7rem .9rem; border: 1px solid var(--rule); border-radius: .3rem; }
.tile b { display: block; font-size: 1.45rem; line-height: 1.3; } .tile span { color: var(--soft); font-size: .85rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem 2rem; }
figure { margin: .8rem 0; } figcaption { max-width: 48rem; margin-top: .2rem; }
svg { display: block; width: 100%; max-width: 42rem; height: auto; font-size: 12px; }
svg text { fill: var(--ink); } svg .tick, svg .name { fill: var(--soft); } svg .tick { font-size: 11px; }
svg .value { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .line { fill: none; stroke-width: 2; } svg .whisker { stroke-width: 2; }
svg .line.model, svg .whisker.model { stroke: var(--model); }
svg .line.other, svg .whisker.other { stroke: var(--other); }
svg .line.plain, svg .whisker.limit { stroke: var(--plain); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .whisker.small, svg .whisker.plain { stroke: var(--plain); }
svg .band { opacity: .18; } svg .band.model { fill: var(--model); }
svg .dot, svg .bar { stroke: var(--page); stroke-width: 1; }
svg .dot.model, svg .bar.model { fill: var(--model); } svg .dot.other, svg .bar.other { fill: var(--other); }
svg .dot.small { fill: var(--page); stroke: var(--plain); } svg .dot.plain, svg .bar.plain { fill: var(--plain); }
svg .bar.model.see-through, svg .bar.other.see-through { opacity: .55; stroke: none; }
svg text.model { fill: var(--model); } svg text.other { fill: var(--other); } svg text.plain { fill: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
thead th { color: var(--soft); font-weight: 500; } tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; } .marked th, .marked td { font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .25rem 1.2rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.checks { list-style: none; padding: 0; } .checks li { padding: .45rem 0; border-bottom: 1px solid var(--rule); }
.checks code, .about code { color: var(--soft); font-size: .85em; overflow-wrap: anywhere; }
"""
