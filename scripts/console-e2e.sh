#!/usr/bin/env bash
# The console in a real browser, on a stack of its own: console-e2e.sh DIRECTORY_OF_A_BUILT_CARACALD [ARGUMENTS OF PLAYWRIGHT]
# Screenshots of every page are left in console/dist/e2e.
#
# E2E_DEPLOYMENT=production: a process for each role, over a PostgreSQL and a Redis of its own. Either way two replicas of the console
# are behind one address. E2E_CARGO=1: the Rust that the console shows is compiled and run as well. E2E_MEASURE=1: how long a change of
# page takes is printed as well.
#
# Where Chromium, Node.js 20.19 or jq is missing and cannot be installed it says so and passes, unless CI is set.
set -euo pipefail
CARACALD=${1:?directory of a built caracald}/caracald
shift
[ -x "$CARACALD" ] || { echo "console-e2e: $CARACALD is not built: cargo build -p caracald" >&2; exit 1; }
CARACALD=$(realpath "$CARACALD")
cd "$(dirname "$0")/.."
export CARACALD

without() {
  echo "console-e2e: NOT RUN: $*" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
}

CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null || true
  CHROMIUM=$(command -v chromium || true)
fi
[ -n "$CHROMIUM" ] || without "no Chromium; on Debian: apt-get install chromium"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(+!(a > 20 || (+a === 20 && b >= 19)))' 2>/dev/null ||
  without "no Node.js 20.19 or newer: https://nodejs.org"
scripts/require.sh jq || without "no jq"
[ "${E2E_DEPLOYMENT:-embedded}" = embedded ] || scripts/require.sh servers
export CHROMIUM
exec scripts/console.sh e2e -- "$@"
