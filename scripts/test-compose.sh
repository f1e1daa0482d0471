#!/usr/bin/env bash
# Both Compose files on a real Docker Engine: the one that answers, or a private one that ends with this script.
# Usage: test-compose.sh DIRECTORY_OF_A_BUILT_CARACALD
#
# Where no engine answers and none can be installed it says so and passes, unless CARACAL_REQUIRE_ENGINE is set.
set -euo pipefail
built=$(realpath "${1:?directory of a built caracald}")
cd "$(dirname "$0")/.."

without() {
  echo "test-compose: NOT RUN: $*" >&2
  [ -z "${CARACAL_REQUIRE_ENGINE:-}" ] || exit 1
  exit 0
}

if ! docker version >/dev/null 2>&1; then
  { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; } ||
    without "no Docker Engine answers; start one (https://docs.docker.com/engine/install), or run this as root on Debian"
  CARACAL_ENGINE_HOME=${CARACAL_ENGINE_HOME:-$(mktemp -d)/engine}
  export CARACAL_ENGINE_HOME
  private=1
  trap 'scripts/docker-engine.sh down' EXIT
  made=$(scripts/docker-engine.sh up) || without "an engine cannot be started here"
  eval "$made"
fi
scripts/docker-engine.sh compose || without "Docker Compose v2 is missing (https://docs.docker.com/compose/install) and cannot be built"
scripts/docker-engine.sh bases || without "there are no images of PostgreSQL and Redis"
docker run --rm --read-only --cap-drop ALL --memory 64m --pids-limit 16 docker.io/library/redis:7-bookworm redis-cli --version >/dev/null ||
  without "the engine runs no container with bounds here"

# The binary under test, as the image has it.
dist=infra/docker/dist
trap 'rm -rf infra/docker/dist; [ -z "${private:-}" ] || scripts/docker-engine.sh down' EXIT
rm -rf $dist
infra/docker/root.sh "$built" "$PWD/$dist/root"
export CARACAL_TEST_REGISTRY=localhost/ CARACAL_TEST_IMAGE=localhost/caracal:v0.0.1-test
for version in 0.0.1-test 0.0.2-test; do
  # The classic builder is enough, and there without a plugin.
  DOCKER_BUILDKIT=0 docker build --quiet --file infra/docker/Dockerfile --target prebuilt \
    --tag "localhost/caracal:v$version" --build-arg VERSION=$version . >/dev/null 2>&1
done
docker image ls localhost/caracal --format '{{.Tag}}: {{.Size}}'

# What goes on is the image that an install kit brought.
kit=$(mktemp -d)
trap 'rm -rf infra/docker/dist "$kit"; [ -z "${private:-}" ] || scripts/docker-engine.sh down' EXIT
DEB_COMPRESSION=none scripts/kit.sh --image localhost/caracal:v0.0.1-test "$built" "$kit/kit.tar.gz"
tar -xzf "$kit/kit.tar.gz" -C "$kit"
(cd "$kit"/caracal-*/ && sha256sum --check --quiet SHA256SUMS && cd programs && sha256sum --check --quiet SHA256SUMS)
docker image rm localhost/caracal:v0.0.1-test >/dev/null
docker load --quiet --input "$kit"/caracal-*/images.tar.gz
python3 -m json.tool "$kit"/caracal-*/sbom.cdx.json >/dev/null
"$(scripts/chart.sh tools)" template kit --kube-version 1.34.0 "$kit"/caracal-*/chart/caracal-*.tgz --values "$kit"/caracal-*/chart/profiles/production.yaml >/dev/null

cargo test --workspace --locked --test compose -- --ignored --nocapture --test-threads 1
