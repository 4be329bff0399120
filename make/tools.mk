# Tools that other targets check with, installed under build/tools by Go's and Python's own clients.
# Prerequisite: Go 1.24 or later.
TOOLS := build/tools
GO_INSTALL := CGO_ENABLED=0 GOFLAGS=-buildvcs=false go install
HELM4_VERSION := v4.2.4
HELM3_VERSION := v3.22.0
UNITTEST_VERSION := v1.1.2
KUBECONFORM_VERSION := v0.8.0
KUBE_SCORE_VERSION := v1.20.0
KUBERNETES_VERSION := 1.34

.PHONY: go
go:
	@command -v go > /dev/null || { echo "Go 1.24 or later is needed to build the tools: install it from go.dev"; exit 1; }

$(TOOLS)/helm4/helm: | go
	GOBIN=$(CURDIR)/$(@D) $(GO_INSTALL) helm.sh/helm/v4/cmd/helm@$(HELM4_VERSION)

$(TOOLS)/helm3/helm: | go
	GOBIN=$(CURDIR)/$(@D) $(GO_INSTALL) helm.sh/helm/v3/cmd/helm@$(HELM3_VERSION)

$(TOOLS)/bin/kubeconform: | go
	GOBIN=$(CURDIR)/$(@D) $(GO_INSTALL) github.com/yannh/kubeconform/cmd/kubeconform@$(KUBECONFORM_VERSION)

$(TOOLS)/bin/kube-score: | go
	GOBIN=$(CURDIR)/$(@D) $(GO_INSTALL) github.com/zegl/kube-score/cmd/kube-score@$(KUBE_SCORE_VERSION)

# Its go.mod has a replace directive, which `go install` refuses: it is built as a dependency of a module of our own.
$(TOOLS)/bin/helm-unittest: | go
	@rm -rf $(TOOLS)/helm-unittest && mkdir -p $(TOOLS)/helm-unittest $(@D)
	printf '%s\n' 'module example.invalid/tool' 'go 1.24.0' \
		'require github.com/helm-unittest/helm-unittest $(UNITTEST_VERSION)' \
		'replace github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0' \
		> $(TOOLS)/helm-unittest/go.mod
	cd $(TOOLS)/helm-unittest && CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false' go build -o $(CURDIR)/$@ \
		github.com/helm-unittest/helm-unittest/cmd/helm-unittest

# Schemas of Kubernetes' own resources, which this package bundles: nothing is fetched when they are used.
$(TOOLS)/python/.ready: requirements/tools.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@
