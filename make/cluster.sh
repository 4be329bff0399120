#!/bin/sh
# Installs, upgrades, rolls back and removes the chart on a real API server, in a namespace that enforces "restricted".
# Nodes and pods are kwok's: what runs in a pod does not run here; `make image` is for that. TOOLS: see make/tools.mk.
set -eu
bin=$TOOLS/kubernetes/bin
home=$(mktemp -d)
chart=helm/leadpulse
server=https://127.0.0.1:26443
processes=
trap 'kill $processes 2> /dev/null || true; wait; rm -rf "$home"' EXIT

step() { printf '\n== %s\n' "$*"; }
api() { # METHOD PATH [BODY]
    curl --silent --show-error --fail-with-body --insecure --header 'Authorization: Bearer devtoken' \
        --request "$1" ${3:+--header 'Content-Type: application/yaml' --data-binary "$3"} "$server$2"
}
start() { "$@" > "$home/$(basename "$1").log" 2>&1 & processes="$processes $!"; }
count() { api GET "/$1" | jq '.items | length'; }

step "an API server of our own"
openssl genrsa -out "$home/key" 2048 2> /dev/null
openssl rsa -in "$home/key" -pubout -out "$home/pub" 2> /dev/null
echo 'devtoken,admin,admin,system:masters' > "$home/tokens.csv"
cat > "$home/kubeconfig" << EOF
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "$server", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: devtoken}}]
contexts: [{name: here, context: {cluster: here, user: admin}}]
EOF
export KUBECONFIG="$home/kubeconfig"
start "$bin/etcd" --unsafe-no-fsync --data-dir "$home/etcd" --listen-client-urls http://127.0.0.1:22379 \
    --advertise-client-urls http://127.0.0.1:22379 --listen-peer-urls http://127.0.0.1:22380
start "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:22379 --secure-port=26443 --bind-address=127.0.0.1 \
    --advertise-address=10.0.0.1 --cert-dir="$home/certs" --service-cluster-ip-range=10.96.0.0/16 \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$home/pub" \
    --service-account-signing-key-file="$home/key" --authorization-mode=RBAC --token-auth-file="$home/tokens.csv" \
    --endpoint-reconciler-type=none
until api GET /readyz > /dev/null 2>&1; do sleep 1; done
start "$bin/kube-controller-manager" --kubeconfig="$KUBECONFIG" --service-account-private-key-file="$home/key" \
    --root-ca-file="$home/certs/apiserver.crt" --leader-elect=false --secure-port=0
start "$bin/kube-scheduler" --kubeconfig="$KUBECONFIG" --authentication-kubeconfig="$KUBECONFIG" \
    --authorization-kubeconfig="$KUBECONFIG" --leader-elect=false --secure-port=0
start "$bin/kwok" --kubeconfig "$KUBECONFIG" --config "$TOOLS/kubernetes/stages.yaml" --manage-all-nodes=true \
    --node-lease-duration-seconds=40
api GET /version | jq -r .gitVersion
room='{cpu: "16", memory: 64Gi, ephemeral-storage: 100Gi, pods: "110"}'
for node in 1 2; do
    api POST /api/v1/nodes "{apiVersion: v1, kind: Node, metadata: {name: node-$node},
        status: {allocatable: $room, capacity: $room}}" > /dev/null
done
# Enough for both versions: a volume whose claim is gone is not bound again.
for volume in 1 2 3 4 5 6 7 8 9 10 11 12; do
    api POST /api/v1/persistentvolumes "{apiVersion: v1, kind: PersistentVolume, metadata: {name: volume-$volume},
        spec: {capacity: {storage: 20Gi}, accessModes: [ReadWriteOnce, ReadWriteMany], hostPath: {path: /volume-$volume}}}" \
        > /dev/null
done

step "a namespace that enforces restricted"
api POST /api/v1/namespaces "{apiVersion: v1, kind: Namespace, metadata: {name: leads,
    labels: {pod-security.kubernetes.io/enforce: restricted}}}" > /dev/null
if api POST "/api/v1/namespaces/leads/pods?dryRun=All" "{apiVersion: v1, kind: Pod, metadata: {name: any},
    spec: {containers: [{name: any, image: any}]}}" > "$home/refused" 2> /dev/null; then
    echo "a pod without restrictions was accepted"; exit 1
fi
jq -r .message "$home/refused"

pods=api/v1/namespaces/leads/pods
values="--namespace leads --set kafka.bootstrap=broker:9092 --set models.claim.create=true --set trainer.enabled=true"
values="$values --set trainer.historyClaim=logs"
for version in 4 3; do
    helm="$TOOLS/helm$version/helm"
    # shellcheck disable=SC2086
    {
        step "$($helm version --short): install"
        $helm install scoring $chart $values --wait --timeout 3m
        test "$(count $pods)" = 3
        step "upgrade: a setting and a worker more"
        $helm upgrade scoring $chart $values --set replicas=4 --set settings.limits.epoch=50ms --wait --timeout 3m
        test "$(count $pods)" = 4
        step "rollback"
        $helm rollback scoring 1 --namespace leads --wait --timeout 3m
        test "$(count $pods)" = 3
        step "its test's pod is admitted"
        $helm get hooks scoring --namespace leads > "$home/hook.yaml"
        api POST "/$pods?dryRun=All" "$(cat "$home/hook.yaml")" | jq -r .metadata.name
        step "uninstall"
        $helm uninstall scoring --namespace leads --wait --timeout 3m
        test "$(count apis/apps/v1/namespaces/leads/statefulsets)" = 0
    }
    api GET /api/v1/namespaces/leads/persistentvolumeclaims | jq -r '.items[].metadata.name' | tee "$home/kept"
    grep -q '^scoring-models$' "$home/kept" || { echo "the registry's claim is gone"; exit 1; }
    api DELETE /api/v1/namespaces/leads/persistentvolumeclaims/scoring-models > /dev/null
    while api GET /api/v1/namespaces/leads/persistentvolumeclaims/scoring-models > /dev/null 2>&1; do
        sleep 1
    done
done
echo "the chart holds"
