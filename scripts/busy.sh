#!/usr/bin/env bash
# The whole suite, again and again, while every core is kept busy with something else: a test that waits for a time
# instead of a condition fails here before it fails on somebody's laptop.
# Usage: scripts/busy.sh [RUNS]; the logs of failed runs stay in target/busy.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-10}
logs=${CARGO_TARGET_DIR:-target}/busy
mkdir -p "$logs"
cargo test --workspace --locked --no-run

hogs=()
trap 'kill "${hogs[@]}" 2>/dev/null || true' EXIT
for _ in $(seq "$(nproc)"); do
  while :; do :; done &
  hogs+=($!)
done

failed=0
for run in $(seq "$runs"); do
  log=$logs/$run.log
  begin=$SECONDS
  if scripts/test.py >"$log" 2>&1; then
    echo "run $run of $runs: passed in $((SECONDS - begin)) s"
    rm "$log"
  else
    failed=$((failed + 1))
    echo "run $run of $runs: FAILED in $((SECONDS - begin)) s, see $log"
    grep -E '^test .* FAILED$' "$log" || true
  fi
done
echo "$((runs - failed)) of $runs runs passed on $(nproc) busy cores"
[ "$failed" -eq 0 ]
