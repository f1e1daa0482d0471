#!/usr/bin/env bash
# The chart without a cluster: linted, every profile rendered and compared with its snapshot, each object held against the
# types of the API, what may never be held, each unsafe value refused.
#
#   chart.sh test        all of that
#   chart.sh snapshots   writes the snapshots and the README of the values anew
#   chart.sh package DIRECTORY [VERSION]   the chart as a release hands it out, for the images of that version
#   chart.sh tools       makes Helm available and prints where it is; builds it once where it is missing (needs Go)
#   chart.sh python      makes the Python of these tests available and prints where it is
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mkdir -p "${CARGO_TARGET_DIR:-target}/tools" && cd "${CARGO_TARGET_DIR:-target}/tools" && pwd)

# Helm: the one that is there, else built from its module, for this checkout alone.
helm_program() {
  command -v helm 2>/dev/null && return
  if [ ! -x "$tools/bin/helm" ]; then
    command -v go >/dev/null ||
      { echo "Helm is missing; install it from https://helm.sh/docs/intro/install, or Go 1.25 to build it" >&2; exit 1; }
    # Not optimised: the tests run it for a minute, and building it well takes longer than that.
    echo "building Helm into $tools/bin" >&2
    GOBIN=$tools/bin go install -gcflags 'all=-N -l' -ldflags '-s -w' helm.sh/helm/v3/cmd/helm@v3.22.0 >&2
  fi
  echo "$tools/bin/helm"
}

# A Python environment with the schemas of Kubernetes' API.
environment() {
  local venv=$tools/chart-venv packages=(kubernetes-validate==1.37.0 pyyaml==6.0.3)
  scripts/require.sh python
  if [ "$(cat "$venv/.installed" 2>/dev/null)" != "${packages[*]}" ]; then
    mkdir -p "$tools"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
    echo "${packages[*]}" >"$venv/.installed"
  fi
  echo "$venv/bin/python"
}

case ${1:-} in
  tools) helm_program ;;
  python) environment ;;
  test)
    HELM=$(helm_program) python=$(environment)
    export HELM
    scripts/require.sh promtool
    "$python" -B -m unittest discover --start-directory infra/helm/tests
    ;;
  package)
    # Tests have made Helm available already, and say where.
    directory=${2:?a directory for the archive} version=${3:-$(awk -F'"' '/^version = /{print $2; exit}' Cargo.toml)}
    "${HELM:-$(helm_program)}" package infra/helm/caracal --destination "$directory" --version "$version" --app-version "$version"
    ;;
  snapshots)
    HELM=$(helm_program) python=$(environment)
    export HELM CARACAL_REGENERATE=1
    "$python" -B -m unittest discover --start-directory infra/helm/tests --pattern 'test_[ps][ro]*.py'
    ;;
  *)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
