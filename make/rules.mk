# Alert rules: what Prometheus' own tool says of them, and their tests.
# Prerequisite: promtool 2.42 or later, which comes with Prometheus (Debian and Ubuntu: package prometheus).
PROMTOOL ?= promtool
RULES := helm/leadpulse/files/rules.yaml

.PHONY: rules promtool

rules: $(READY) promtool ## alert rules checked and tested by promtool; runbooks, dashboard and metrics fit each other and a live worker
	$(PROMTOOL) check rules $(RULES)
	$(PROMTOOL) test rules $(sort $(wildcard tests/rules/*.yaml))
	$(BIN)/python -m pytest tests/docs/test_runbooks.py tests/integration/test_observed.py -m "not nightly" $(PYTEST)

promtool:
	@command -v $(PROMTOOL) > /dev/null || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null \
		&& apt-get update -q && apt-get install -q -y --no-install-recommends prometheus; } \
		|| { echo "promtool 2.42 or later is needed: install Prometheus, or name its tool with PROMTOOL=..."; exit 1; }
