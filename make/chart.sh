#!/bin/sh
# Every check of the chart, one after the other; ends at the first that fails. Run by `make chart`.
# PYTHON: the project's own. TOOLS: where make/tools.mk installs. KUBERNETES: the version to validate against.
set -eu
chart=helm/leadpulse
out=$TOOLS/rendered
rm -rf "$out" && mkdir -p "$out"

step() { printf '\n== %s\n' "$*"; }

step "README and schema are fresh"
"$PYTHON" -m tests.chart.reference

step "YAML"
"$TOOLS/python/bin/yamllint" --strict --config-file make/yamllint.yaml $chart/Chart.yaml $chart/values.yaml $chart/ci \
    $chart/refused $chart/files/rules.yaml $chart/tests docker-compose.yml deploy

for version in 4 3; do
    helm=$TOOLS/helm$version/helm
    step "$($helm version --short): $(ls $chart/ci | wc -l) value files linted and rendered"
    for values in $chart/ci/*.yaml; do
        name=$(basename "$values" .yaml)
        $helm lint --strict --quiet $chart --values "$values"
        $helm template probe $chart --kube-version "$KUBERNETES" --namespace leadpulse --values "$values" > "$out/$name-$version.yaml"
    done
    step "$($helm version --short): $(ls $chart/refused | wc -l) value files refused, each with the value's name"
    for values in $chart/refused/*.yaml; do
        expected=$(sed -n 's/^# expected: //p' "$values")
        if said=$($helm template probe $chart --kube-version "$KUBERNETES" --values "$values" 2>&1 > "$out/refused.yaml"); then
            echo "$values was accepted"; exit 1
        fi
        case $said in
            *"$expected"*) echo "$(basename "$values" .yaml): $expected" ;;
            *) printf '%s was refused with other words than "%s":\n%s\n' "$values" "$expected" "$said"; exit 1 ;;
        esac
    done
done

step "Helm 4 and 3 render the same"
for each in "$out"/*-4.yaml; do diff --ignore-blank-lines "$each" "${each%-4.yaml}-3.yaml"; done

step "unit tests"
"$TOOLS/bin/helm-unittest" --strict $chart

step "resources against the schemas of Kubernetes $KUBERNETES"
schemas=$TOOLS/schemas
"$TOOLS/python/bin/python" make/kubernetes_schemas.py "$KUBERNETES" "$schemas"
# Resources of operators have schemas of their own, which this package does not have: the unit tests read those.
"$TOOLS/bin/kubeconform" -strict -summary -kubernetes-version "$KUBERNETES.0" \
    -skip KafkaTopic,PodMonitor,PrometheusRule,ScaledObject,TriggerAuthentication \
    -schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" "$out"/*-4.yaml

step "kube-score"
# A limit of CPU holds up epochs. Tags are never moved, so a node need not ask for one that it has. The values for
# OpenShift leave users to the platform and traffic to the cluster, which is what kube-score minds.
for each in "$out"/*-4.yaml; do
    case $each in */openshift-4.yaml) continue ;; esac
    "$TOOLS/bin/kube-score" score --kubernetes-version "v$KUBERNETES" --ignore-container-cpu-limit \
        --ignore-test container-image-pull-policy --output-format ci "$each" > "$out/score.txt" || {
        grep CRITICAL "$out/score.txt"; echo "$each"; exit 1
    }
done
echo "no criticals"
