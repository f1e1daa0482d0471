#!/usr/bin/env bash
# The shipped binaries, end to end, in a state directory and on ports of their own.
# Usage: e2e.sh <directory of caracal and caracald> [python with the published clients]
set -euo pipefail

bin=$(realpath "${1:?directory of the binaries}")
export CARACAL_E2E_PYTHON=${2:+$(realpath -s "$2")}
cd "$(dirname "$0")/.."

CARACAL_HOME=$(mktemp -d)
export CARACAL_HOME CARACAL_CARACALD=$bin/caracald
for role in API STS GATEWAY AUDIT COORDINATOR WEB; do
  export "CARACAL_${role}_LISTEN=127.0.0.1:0"
done

finish() {
  status=$?
  if [ $status -ne 0 ]; then
    echo "e2e: failed; the end of the log:" >&2
    "$bin/caracal" logs -n 40 >&2 || true
  fi
  "$bin/caracal" down || status=1
  rm -rf "$CARACAL_HOME"
  exit $status
}
trap finish EXIT

"$bin/caracal" up
"$bin/caracal" status --ready
scripts/first-call.sh

# Checks that use the published clients, one program each, against this stack.
for check in e2e/*.py; do
  [ -e "$check" ] || continue
  [ -n "$CARACAL_E2E_PYTHON" ] || { echo "e2e: $check needs a python with the published clients" >&2; exit 1; }
  echo "e2e: $check"
  "$CARACAL_E2E_PYTHON" "$check"
done

# The same again after a restart: zones, keys and the ledger are on disk.
"$bin/caracal" down
"$bin/caracal" up
scripts/first-call.sh >/dev/null
"$bin/caracal" down
"$bin/caracal" down
echo "e2e: ok"
