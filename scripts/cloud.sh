#!/usr/bin/env bash
# The OpenTofu modules and the manifests of the container platforms, without a cloud.
#
#   cloud.sh test        what must hold of every manifest; the modules formatted, valid, tried with what they must refuse, and what
#                        the module of the chart tells the chart taken by the chart (without OpenTofu or Terraform: manifests alone)
#   cloud.sh configurations DIRECTORY_OF_BUILT_PROGRAMS   `caracald check-config` on the configuration of every manifest
#   cloud.sh interfaces  every manifest against what its platform's published interface takes (fetches the platforms' clients)
#   cloud.sh providers   modules and examples validated with their providers (fetches them)
set -euo pipefail
cd "$(dirname "$0")/.."
tests=infra/containers/tests
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

program=$(type -P tofu || type -P terraform || true)
tofu() { "$program" "$@"; }

# A copy to work in: initialising writes beside what it reads.
copy() {
  mkdir -p "$scratch/infra"
  cp -r infra/opentofu infra/docker "$scratch/infra/"
}

modules() {
  tofu fmt -check -diff -recursive infra/opentofu
  copy
  # Without the release itself, which alone needs the provider: what is left is what the module tells the chart.
  rm "$scratch/infra/opentofu/release/main.tf" "$scratch/infra/opentofu/release/versions.tf"
  local module
  for module in host release; do
    (cd "$scratch/infra/opentofu/$module" && tofu init -backend=false -input=false >"$scratch/said" 2>&1 || { cat "$scratch/said"; exit 1; }
     tofu validate -no-color >"$scratch/said" 2>&1 && tofu test -no-color >>"$scratch/said" 2>&1 || { cat "$scratch/said"; exit 1; }
     tail -n 1 "$scratch/said" | sed "s/^/$module: /")
  done
  (cd "$scratch/infra/opentofu/release/example"
   printf 'output "values" {\n  value = module.caracal.values\n}\n' >>main.tf
   { tofu init -backend=false -input=false && tofu apply -no-color -auto-approve -input=false; } >"$scratch/said" 2>&1 || { cat "$scratch/said"; exit 1; }
   tofu output -raw values >"$scratch/values.yaml")
  "$(scripts/chart.sh tools)" template caracal infra/helm/caracal --namespace caracal --kube-version 1.34.0 \
    --values "$scratch/values.yaml" >/dev/null
  echo "release: the chart takes what the example tells it"
}

case ${1:-} in
  test)
    python=$(scripts/chart.sh python)
    "$python" -B -m unittest discover --start-directory "$tests" --pattern test_policy.py
    if [ -n "$program" ]; then modules; else echo "neither tofu nor terraform is here: the modules were not checked" >&2; fi
    ;;
  configurations)
    CARACALD=$(realpath "${2:?directory of built programs}")/caracald python=$(scripts/chart.sh python)
    export CARACALD
    "$python" -B -m unittest discover --start-directory "$tests" --pattern test_configurations.py
    ;;
  interfaces)
    scripts/require.sh python
    python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check \
      pyyaml==6.0.3 botocore==1.44.8 google-api-python-client==2.202.0 azure-mgmt-appcontainers==5.1.0
    "$scratch/venv/bin/python" -B -m unittest discover --start-directory "$tests" --pattern test_interfaces.py
    ;;
  providers)
    [ -n "$program" ] || { echo "OpenTofu is missing: https://opentofu.org/docs/intro/install" >&2; exit 1; }
    copy
    failed=0
    for module in release release/example host host/example; do
      (cd "$scratch/infra/opentofu/$module" && tofu init -backend=false -input=false >"$scratch/said" 2>&1 &&
        tofu validate -no-color >"$scratch/said" 2>&1) && echo "$module: valid" || { failed=1; echo "$module:"; cat "$scratch/said"; } >&2
    done
    exit $failed
    ;;
  *)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
