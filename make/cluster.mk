# The chart on a real API server, with nodes and pods faked by kwok. Prerequisites: Go 1.24 or later, curl, jq, openssl.
# Set-up: a quarter of an hour of compilation and 5 GB of Go's build cache, once.
KUBERNETES_RELEASE := 34.4
ETCD_VERSION := v3.7.3
KWOK_VERSION := v0.8.0
KUBE := $(TOOLS)/kubernetes

.PHONY: cluster

cluster: $(TOOLS)/helm4/helm $(TOOLS)/helm3/helm $(KUBE)/bin/kube-scheduler $(KUBE)/bin/kwok ## the chart on a real API server: install, upgrade, rollback, uninstall, Pod Security restricted; a quarter of an hour of set-up
	TOOLS=$(TOOLS) sh make/cluster.sh 2>&1 | tee build/cluster.log; test "$$(tail -n 1 build/cluster.log)" = "the chart holds"

# Kubernetes' go.mod points its parts at folders of its own: here they point at their releases.
$(KUBE)/go.mod: make/cluster.mk | go
	@mkdir -p $(@D)
	source=$$(go mod download -json k8s.io/kubernetes@v1.$(KUBERNETES_RELEASE) | jq -r .Dir); \
	{ printf 'module example.invalid/k8s\ngo 1.24.0\ngodebug default=go1.24\n'; \
	  printf 'require k8s.io/kubernetes v1.%s\n' $(KUBERNETES_RELEASE); \
	  grep -oE '^[[:space:]]+k8s.io/[a-z-]+ => \./staging' $$source/go.mod \
	    | awk -v version=v0.$(KUBERNETES_RELEASE) '{print "replace "$$1" => "$$1" "version}'; } > $@

$(KUBE)/bin/kube-scheduler: $(KUBE)/go.mod
	cd $(KUBE) && export GOFLAGS='-mod=mod -buildvcs=false' CGO_ENABLED=0 \
		&& commands=k8s.io/kubernetes/cmd version=k8s.io/component-base/version \
		&& go get $$commands/kube-apiserver@v1.$(KUBERNETES_RELEASE) \
			$$commands/kube-controller-manager@v1.$(KUBERNETES_RELEASE) \
			$$commands/kube-scheduler@v1.$(KUBERNETES_RELEASE) go.etcd.io/etcd/server/v3@$(ETCD_VERSION) \
		&& go build -o bin/etcd go.etcd.io/etcd/server/v3 \
		&& for part in apiserver controller-manager scheduler; do go build -p 2 -trimpath \
			-ldflags "-s -w -X $$version.gitVersion=v1.$(KUBERNETES_RELEASE) -X $$version.gitMajor=1 -X $$version.gitMinor=34" \
			-o bin/ $$commands/kube-$$part || exit 1; done

$(KUBE)/bin/kwok: | go
	GOBIN=$(CURDIR)/$(@D) $(GO_INSTALL) sigs.k8s.io/kwok/cmd/kwok@$(KWOK_VERSION)
	stages=$$(go mod download -json sigs.k8s.io/kwok@$(KWOK_VERSION) | jq -r .Dir)/kustomize/stage; \
	for file in $$stages/node/fast/node-initialize.yaml $$stages/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml \
		$$stages/pod/fast/pod-*.yaml; do echo ---; cat $$file; done > $(KUBE)/stages.yaml
