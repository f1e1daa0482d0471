#!/usr/bin/env bash
# Fuzzes every parser of untrusted bytes, a target on each core at a time, from the corpus that is kept in fuzz/corpus.
# A finding leaves its input in fuzz/artifacts and fails the run.
# Usage: scripts/fuzz.sh [SECONDS PER TARGET] [TARGET...]      (60 seconds, all targets)
# Under half a minute a target the programs are built quickly, to see that nothing has broken; else they are built to search.
#   CARACAL_KEEP_CORPUS=1 adds what reached new code to fuzz/corpus, minimised, for a commit.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
command -v c++ >/dev/null || { echo "fuzzing needs a C++ compiler: apt-get install build-essential" >&2; exit 1; }

# The flags that cargo-fuzz gives, without a sanitizer: nothing of ours is unsafe, so what there is to find are panics,
# broken promises, and time and memory without bound. A stable compiler does this.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=16"
built=${CARGO_TARGET_DIR:-target}/fuzz
profile=release
[ "$seconds" -ge 30 ] || profile=quick
CARGO_TARGET_DIR=$built cargo build --profile "$profile" --locked --manifest-path fuzz/Cargo.toml --target "$host"
logs=$built/logs
mkdir -p "$logs" fuzz/artifacts

fuzz_one() {
  local target=$1 found status=0
  found=$(mktemp -d)
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1
    -artifact_prefix="fuzz/artifacts/$target-")
  [ ! -f "fuzz/dictionaries/$target.dict" ] || options+=(-dict="fuzz/dictionaries/$target.dict")
  "$built/$host/$profile/$target" "${options[@]}" "$found" "fuzz/corpus/$target" >"$logs/$target" 2>&1 || status=$?
  local runs reached
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target")
  reached=$(grep -oE 'cov: [0-9]+' "$logs/$target" | tail -n 1 || true)
  if [ "$status" -ne 0 ]; then
    echo "fuzz: $target FOUND something after ${runs:-?} runs; the end of $logs/$target:"
    grep -A3 -E 'panicked at|ERROR: libFuzzer' "$logs/$target" | head -n 12
    grep 'Test unit written to' "$logs/$target" || true
  else
    echo "fuzz: $target ${runs:-?} runs, ${reached:-cov: ?}, nothing found"
    if [ -n "${CARACAL_KEEP_CORPUS:-}" ]; then
      "$built/$host/$profile/$target" -merge=1 -max_len=4096 "fuzz/corpus/$target" "$found" >>"$logs/$target" 2>&1
    fi
  fi
  rm -rf "$found"
  return "$status"
}

status=0
running=0
for target in "${targets[@]}"; do
  if [ "$running" -ge "$(nproc)" ]; then
    wait -n || status=1
    running=$((running - 1))
  fi
  fuzz_one "$target" &
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
  wait -n || status=1
  running=$((running - 1))
done
[ "$status" -ne 0 ] || echo "fuzz: ${#targets[@]} targets, ${seconds} s each: nothing found"
exit "$status"
