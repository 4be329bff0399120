"""A second implementation of `docs/features.md`: slow, plain Python, over raw events.

It imports nothing of the product, so that no mistake can be in both. Settings come as the plain content of the settings
file; an event is a dict with `id`, `lead`, `time` (milliseconds since 1970), `type`, `name`, `path` and `properties`.
"""
