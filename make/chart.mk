# The chart, checked under Helm 4 and 3. Set-up: five minutes of compilation, once.
CHART_TOOLS := $(TOOLS)/helm4/helm $(TOOLS)/helm3/helm $(TOOLS)/bin/kubeconform $(TOOLS)/bin/kube-score \
	$(TOOLS)/bin/helm-unittest $(TOOLS)/python/.ready

.PHONY: chart chart-reference

chart: $(READY) $(CHART_TOOLS) ## the Helm chart: linted, rendered under Helm 4 and 3, validated, scored, unit-tested, its reference fresh
	PYTHON=$(BIN)/python TOOLS=$(TOOLS) KUBERNETES=$(KUBERNETES_VERSION) sh make/chart.sh

chart-reference: $(READY) ## writes the chart's README and the schema of its values anew
	$(BIN)/python -m tests.chart.reference --write
