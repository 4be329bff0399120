"""docs/metrics.md, made from the metrics themselves: python -m leadpulse.metrics_page > docs/metrics.md"""

from stream.runtime.metrics import Metrics

_HEAD = """# Metrics

What a worker tells at `/metrics`, each with its meaning and what to do when it looks wrong. Made from
`stream/runtime/metrics.py` by `python -m leadpulse.metrics_page`; change it there.

A scraper that accepts OpenMetrics, as Prometheus does, also gets exemplars: the buckets of `leadpulse_latency_seconds`
name the epoch, which the log names too, and the trace that the record came with. The alerts on these metrics are in
`helm/leadpulse/files/rules.yaml`, with a page each under [runbooks](runbooks/README.md).
"""


def page() -> str:
    """The whole document."""
    parts = [_HEAD]
    for each in Metrics().described:
        labels = f" by {', '.join(f'`{label}`' for label in each.labels)}" if each.labels else ""
        parts.append(f"## {each.name}\n\n{each.kind.capitalize()}{labels}. {each.meaning}\n\n*{each.remedy}*\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
