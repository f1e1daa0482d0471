#!/usr/bin/env bash
# Measures governed calls, revocation and sessions with a process for each role: a production deployment of its own on free
# ports in a temporary directory, which is gone afterwards.
#
#   bench-production.sh DIRECTORY_OF_CARACALD_AND_BENCH [SECONDS]
set -euo pipefail

binaries=$(realpath "${1:?directory of caracald and caracal-bench}")
seconds=${2:-10}
scripts=$(dirname "$0")
CARACAL_PRODUCTION_HOME=$(mktemp -d)
export CARACAL_PRODUCTION_HOME
home=$CARACAL_PRODUCTION_HOME
trap '"$scripts/dev-production.sh" down >/dev/null; rm -rf "$home" "$home.log"' EXIT

"$scripts/dev-production.sh" up "$binaries" >"$home.log" 2>&1 &
up=$!
until [ -s "$home/endpoints.json" ]; do
  kill -0 "$up" 2>/dev/null || { cat "$home.log" >&2; exit 1; }
  sleep 0.2
done

for workers in 1 16 32; do
  "$binaries/caracal-bench" governed --home "$home" --workers "$workers" --seconds "$seconds"
  echo
done
"$binaries/caracal-bench" revocation --home "$home"
"$binaries/caracal-bench" sessions --home "$home" --seconds "$seconds"
