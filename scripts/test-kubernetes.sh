#!/usr/bin/env bash
# The chart on a real cluster: a node of its own, which ends with this script, unless KUBECONFIG names another.
# Usage: test-kubernetes.sh DIRECTORY_OF_A_BUILT_CARACALD [NAME_OF_A_CASE]
#
# KEEP_CLUSTER=1 leaves the node for a look. Another cluster has to have the images localhost/caracal:v0.0.1-test and
# v0.0.2-test, volumes, and a network that enforces NetworkPolicy.
set -euo pipefail
built=$(realpath "${1:?directory of a built caracald}")
case=${2:-}
cd "$(dirname "$0")/.."

if [ -z "${KUBECONFIG:-}" ]; then
  scripts/kubernetes.sh build
  [ -n "${KEEP_CLUSTER:-}" ] || trap 'scripts/kubernetes.sh down' EXIT
  eval "$(scripts/kubernetes.sh up)"
  own=1
fi

# The binary under test, as the image has it, under two versions; and the stores.
if [ -n "${own:-}" ]; then
  if ! docker version >/dev/null 2>&1; then
    CARACAL_ENGINE_HOME=$(mktemp -d)/engine
    export CARACAL_ENGINE_HOME CARACAL_ENGINE_NETWORK=none
    eval "$(scripts/docker-engine.sh up)"
    engine=1
  fi
  dist=infra/docker/dist
  rm -rf $dist
  infra/docker/root.sh "$built" "$PWD/$dist/root"
  images=(docker.io/library/postgres:17-bookworm docker.io/library/redis:7-bookworm)
  scripts/docker-engine.sh bases
  for version in 0.0.1-test 0.0.2-test; do
    # The classic builder is enough, and there without a plugin.
    DOCKER_BUILDKIT=0 docker build --quiet --file infra/docker/Dockerfile --target prebuilt \
      --tag "localhost/caracal:v$version" --build-arg VERSION=$version . >/dev/null 2>&1
    images+=("localhost/caracal:v$version")
  done
  rm -rf $dist
  scripts/kubernetes.sh load "${images[@]}"
  [ -z "${engine:-}" ] || scripts/docker-engine.sh down
fi

export CARACAL_TEST_REGISTRY=localhost CARACAL_TEST_DAEMON=$built/caracald
cargo test --locked -p caracal-e2e --test kubernetes $case -- --ignored --nocapture --test-threads 1
