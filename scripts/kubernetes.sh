#!/usr/bin/env bash
# A Kubernetes of one node for tests, where no cluster can be had: the real API server, controllers, scheduler, kubelet and
# proxy over containerd, with DNS, volumes, and enforced NetworkPolicy. Its parts are built from their Go modules.
#
#   kubernetes.sh build         builds the parts that are missing (once; 20 minutes on two cores; 2 GB)
#   kubernetes.sh up            starts the node; prints what to export
#   kubernetes.sh load IMAGE…   brings images of the Docker Engine into the node; there is no registry to pull from
#   kubernetes.sh down          stops what `up` started, and removes its data
#
# Needs root, Go 1.25 and, on Debian, installs etcd, containerd and the like. The node's network is 10.244.0.0/24 on a bridge
# of its own, Services are in 10.96.0.0/16; nothing leaves the machine. Parts: $KUBERNETES_BIN, else caracal-kubernetes in the
# user's cache. State: $KUBERNETES_HOME, else caracal-kubernetes under $TMPDIR.
set -euo pipefail

parts=${KUBERNETES_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/caracal-kubernetes}
home=${KUBERNETES_HOME:-${TMPDIR:-/tmp}/caracal-kubernetes}
version=1.34.4
port=16443
volumes=48
export PATH=$parts:$PATH KUBECONFIG=$home/admin.kubeconfig
containerd=$home/containerd/containerd.sock

say() { echo "kubernetes: $*" >&2; }

# --- Parts

# program NAME MODULE VERSION PACKAGE: builds a program as what another module needs, with the replacements of its own
# module, which `go install` would refuse.
program() {
  local name=$1 module=$2 of=$3 package=$4 build description
  [ ! -x "$parts/$name" ] || return 0
  build=$(mktemp -d)
  say "building $name"
  (
    cd "$build"
    export GOFLAGS=-mod=mod CGO_ENABLED=0
    printf 'module build\ngo 1.25\nrequire %s %s\n' "$module" "$of" >go.mod
    printf '//go:build tools\npackage build\nimport _ "%s"\n' "$package" >tools.go
    description=$(go mod download -json "$module@$of" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
    { sed -n '/^replace (/,/^)/p' "$description"; grep -E '^replace [^(]' "$description" || true; } >>go.mod
    go mod tidy && go build -ldflags '-s -w' -o "$parts/$name" "$package"
  ) >"$build/log" 2>&1 || { tail -n 5 "$build/log" >&2; exit 1; }
  rm -rf "$build"
}

# Kubernetes replaces its own staging modules by directories; as modules they have versions that follow its own.
kubernetes() {
  local build package=k8s.io/component-base/version programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
  [ ! -x "$parts/kubelet" ] || return 0
  build=$(mktemp -d)
  say "building Kubernetes $version"
  (
    cd "$build"
    export GOFLAGS=-mod=mod
    printf 'module build\ngo 1.24.0\nrequire k8s.io/kubernetes v%s\n' $version >go.mod
    { printf '//go:build tools\npackage build\n'; printf 'import _ "k8s.io/kubernetes/cmd/%s"\n' "${programs[@]}"; } >tools.go
    description=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
    echo 'replace (' >>go.mod
    sed -n '/^replace (/,/^)/p' "$description" | awk -v staging="v0.${version#*.}" '/=>/ {print "\t" $1 " => " $1 " " staging}' >>go.mod
    echo ')' >>go.mod
    go mod tidy
    go build -ldflags "-s -w -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=34" \
      -o "$parts/" "${programs[@]/#/k8s.io/kubernetes/cmd/}"
  ) >"$build/log" 2>&1 || { tail -n 5 "$build/log" >&2; exit 1; }
  rm -rf "$build"
}

build() {
  command -v go >/dev/null || { say "Go 1.25 is missing to build Kubernetes"; exit 1; }
  mkdir -p "$parts"
  kubernetes
  program helm helm.sh/helm/v3 v3.22.0 helm.sh/helm/v3/cmd/helm
  program coredns github.com/coredns/coredns v1.14.7 github.com/coredns/coredns
  program kube-router github.com/cloudnativelabs/kube-router/v2 v2.1.0 github.com/cloudnativelabs/kube-router/v2/cmd/kube-router
}

# --- Node

install_packages() {
  local need=() pair
  for pair in etcd:etcd-server containerd:containerd iptables:iptables conntrack:conntrack ethtool:ethtool socat:socat ipset:ipset openssl:openssl; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
  done
  [ -x /usr/lib/cni/bridge ] || need+=(containernetworking-plugins)
  [ ${#need[@]} -gt 0 ] || return 0
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } || { say "${need[*]} missing"; exit 1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"; } >/dev/null 2>&1
}

# start NAME COMMAND…: in the background, to be found by its number again.
start() {
  local name=$1
  shift
  setsid nohup "$@" >"$home/$name.log" 2>&1 </dev/null &
  echo $! >"$home/$name.pid"
}

# until_true SECONDS WHAT COMMAND…
until_true() {
  local seconds=$1 what=$2
  shift 2
  for _ in $(seq $((seconds * 5))); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  say "$what is not there after $seconds s; see $home/*.log"
  exit 1
}

# certificate NAME SUBJECT ALTERNATIVE_NAMES, of the node's own authority.
certificate() {
  openssl req -newkey rsa:2048 -nodes -keyout "pki/$1.key" -out "pki/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 30 -out "pki/$1.crt" \
    -extfile <(echo "subjectAltName=$3") 2>/dev/null
}

identities() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/ca.key -out pki/ca.crt -days 30 -subj /CN=caracal-test 2>/dev/null
  openssl genrsa -out pki/accounts.key 2048 2>/dev/null
  openssl rsa -in pki/accounts.key -pubout -out pki/accounts.pub 2>/dev/null
  certificate apiserver /CN=kube-apiserver DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:10.96.0.1
  certificate admin /O=system:masters/CN=admin DNS:admin
  cat >"$KUBECONFIG" <<YAML
apiVersion: v1
kind: Config
clusters: [{ name: test, cluster: { server: "https://127.0.0.1:$port", certificate-authority: $home/pki/ca.crt } }]
users: [{ name: admin, user: { client-certificate: $home/pki/admin.crt, client-key: $home/pki/admin.key } }]
contexts: [{ name: test, context: { cluster: test, user: admin } }]
current-context: test
YAML
}

control_plane() {
  start etcd etcd --data-dir "$home/etcd" --listen-client-urls http://127.0.0.1:12379 \
    --advertise-client-urls http://127.0.0.1:12379 --listen-peer-urls http://127.0.0.1:12380
  start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:12379 --secure-port=$port --advertise-address=10.244.0.1 \
    --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=pki/accounts.pub \
    --service-account-signing-key-file=pki/accounts.key --service-cluster-ip-range=10.96.0.0/16 \
    --authorization-mode=Node,RBAC --allow-privileged=true --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate=pki/admin.crt --kubelet-client-key=pki/admin.key
  until_true 120 "the API server" kubectl get --raw /readyz
  start controller-manager kube-controller-manager --kubeconfig="$KUBECONFIG" --root-ca-file=pki/ca.crt --leader-elect=false \
    --service-account-private-key-file=pki/accounts.key --allocate-node-cidrs=true --cluster-cidr=10.244.0.0/16 \
    --service-cluster-ip-range=10.96.0.0/16 --bind-address=127.0.0.1
  start scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false --bind-address=127.0.0.1
}

# fence insert|delete: what is not answered on this machine is dropped. A pod that is faster than the proxy would otherwise ask
# for a Service out there, and keep a connection to whoever answered.
fence() {
  local interface flag=-I
  [ "$1" = insert ] || flag=-D
  for interface in $(ip route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u); do
    iptables -t mangle "$flag" POSTROUTING -o "$interface" -d 10.96.0.0/16 -j DROP 2>/dev/null || true
    iptables -t mangle "$flag" POSTROUTING -o "$interface" -s 10.244.0.0/24 -j DROP 2>/dev/null || true
  done
}

# A confined machine may neither raise limits nor lower scores of the out-of-memory killer, and may have no overlay.
node() {
  cat >containerd/config.toml <<TOML
version = 2
root = "$home/containerd/root"
state = "$home/containerd/state"
oom_score = 0
[grpc]
  address = "$containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$home/cni"
TOML
  cat >cni/10-bridge.conflist <<JSON
{"cniVersion": "0.4.0", "name": "bridge", "plugins": [
  {"type": "bridge", "bridge": "cbr0", "isGateway": true, "ipMasq": true, "hairpinMode": true, "ipam": {"type": "host-local",
   "ranges": [[{"subnet": "10.244.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  cat >kubelet.yaml <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: { anonymous: { enabled: false }, webhook: { enabled: false }, x509: { clientCAFile: $home/pki/ca.crt } }
authorization: { mode: AlwaysAllow }
cgroupDriver: cgroupfs
failSwapOn: false
# Nothing that was loaded can be pulled again.
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
containerRuntimeEndpoint: unix://$containerd
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
healthzBindAddress: 127.0.0.1
evictionHard: { nodefs.available: "1%", imagefs.available: "1%", memory.available: 50Mi }
YAML
  start containerd containerd --config containerd/config.toml
  until_true 20 containerd ctr -a "$containerd" version
  printf 'int pause(void); int main(void) { for (;;) pause(); }\n' | cc -x c -static -Os -o "$home/pause" -
  image localhost/pause:1 "$home/pause"
  start kubelet kubelet --config=kubelet.yaml --kubeconfig="$KUBECONFIG" --root-dir="$home/kubelet" --hostname-override=node1
  start proxy kube-proxy --kubeconfig="$KUBECONFIG" --hostname-override=node1 --proxy-mode=iptables --bind-address=127.0.0.1 \
    --cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0 --oom-score-adj=0
  until_true 120 "the node" kubectl wait --for=condition=Ready node/node1 --timeout=1s
  start kube-router env NODE_NAME=node1 kube-router --kubeconfig="$KUBECONFIG" --hostname-override=node1 --run-router=false \
    --run-service-proxy=false --run-firewall=true --service-cluster-ip-range=10.96.0.0/16
}

# image NAME PROGRAM: an image of one static program, made without an engine.
image() {
  local name=$1 program=$2 dir sum
  dir=$(mktemp -d)
  mkdir "$dir/root" "$dir/image"
  install -m 0755 "$program" "$dir/root/program"
  tar -C "$dir/root" -cf "$dir/image/layer.tar" .
  sum=$(sha256sum "$dir/image/layer.tar" | cut -d' ' -f1)
  printf '{"architecture": "%s", "os": "linux", "config": {"Entrypoint": ["/program"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' \
    "$(go env GOARCH 2>/dev/null || echo amd64)" "$sum" >"$dir/image/config.json"
  printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$name" >"$dir/image/manifest.json"
  tar -C "$dir/image" -cf - . | ctr -a "$containerd" -n k8s.io images import - >/dev/null
  rm -rf "$dir"
}

# DNS of the cluster, and a class of volumes: directories of this machine, which there is a number of.
services() {
  local number
  image localhost/coredns:1 "$parts/coredns"
  kubectl apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: { name: coredns, namespace: kube-system }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: coredns }
rules:
  - { apiGroups: [""], resources: [endpoints, services, pods, namespaces], verbs: [list, watch] }
  - { apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: coredns }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: coredns }
subjects: [{ kind: ServiceAccount, name: coredns, namespace: kube-system }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: coredns, namespace: kube-system }
data:
  Corefile: |
    .:53 {
      errors
      ready
      kubernetes cluster.local in-addr.arpa ip6.arpa
      cache 5
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: coredns, namespace: kube-system }
spec:
  selector: { matchLabels: { k8s-app: kube-dns } }
  template:
    metadata: { labels: { k8s-app: kube-dns } }
    spec:
      serviceAccountName: coredns
      dnsPolicy: Default
      containers:
        - name: coredns
          image: localhost/coredns:1
          imagePullPolicy: Never
          args: [-conf, /etc/coredns/Corefile]
          ports: [{ containerPort: 53, protocol: UDP }, { containerPort: 53, protocol: TCP }]
          readinessProbe: { httpGet: { path: /ready, port: 8181 }, periodSeconds: 2 }
          volumeMounts: [{ name: config, mountPath: /etc/coredns }]
      volumes: [{ name: config, configMap: { name: coredns } }]
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec:
  clusterIP: 10.96.0.10
  selector: { k8s-app: kube-dns }
  ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: directories, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
YAML
  for number in $(seq "$volumes"); do
    mkdir -p "$home/volumes/$number"
    cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: directory-$number }
spec:
  capacity: { storage: 20Gi }
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: directories
  local: { path: $home/volumes/$number }
  nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: kubernetes.io/hostname, operator: In, values: [node1] }] }] } }
YAML
  done | kubectl apply -f - >/dev/null
  kubectl --namespace kube-system rollout status deployment/coredns --timeout=90s >/dev/null
}

is_up() { [ -f "$home/kubelet.pid" ] && kill -0 "$(cat "$home/kubelet.pid")" 2>/dev/null; }

up() {
  if ! is_up; then
    [ -x "$parts/kube-router" ] && [ -x "$parts/coredns" ] && [ -x "$parts/kubelet" ] || { say "parts are missing; run '$0 build' first"; exit 1; }
    install_packages
    mkdir -p "$home"/{pki,cni,containerd,kubelet,volumes}
    cd "$home"
    fence insert
    identities
    control_plane
    node
    services
  fi
  echo "export KUBECONFIG=$KUBECONFIG PATH=$parts:\$PATH"
}

load() {
  local name
  for name in "$@"; do docker save "$name" | ctr -a "$containerd" -n k8s.io images import - >/dev/null; done
}

down() {
  local name pid mount
  [ -d "$home" ] || return 0
  kubectl delete deployments,statefulsets,jobs --all --all-namespaces --wait=false >/dev/null 2>&1 || true
  kubectl delete pods --all --all-namespaces --grace-period=1 --timeout=60s >/dev/null 2>&1 || true
  for name in kube-router proxy kubelet scheduler controller-manager apiserver containerd etcd; do
    [ -f "$home/$name.pid" ] || continue
    pid=$(cat "$home/$name.pid")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  done
  grep -o "$home/[^ ]*" /proc/mounts | sort -r | while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null || true; done
  fence delete
  ip link delete cbr0 2>/dev/null || true
  rm -rf "$home"
}

case ${1:-} in
  build | up | down) "$1" ;;
  load)
    shift
    load "$@"
    ;;
  *)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
