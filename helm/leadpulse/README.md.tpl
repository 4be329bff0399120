# The chart

Workers as a StatefulSet, with a trainer, topics, scaling and monitoring where asked for. How to install, upgrade and
test it is in [docs/deployment.md](../../docs/deployment.md). This page is made from the comments of `values.yaml`.

Values that contradict each other, unknown keys and wrong types are refused before anything is installed, with the
value's name. `settings` is the settings file itself, down to its last key.

## Values

{{ values }}
