#!/usr/bin/env bash
# The MCP server and client of the end-to-end tests (e2e/mcp) with the official SDK, as the lock file says.
# Usage: e2e-mcp.sh DIRECTORY
#
# Does nothing when it is complete; several callers take turns. Needs Node.js 20 or newer.
set -euo pipefail

there=${1:?directory of server and client}
here=$(dirname "$0")/../e2e/mcp
command -v npm >/dev/null || {
  echo "Node.js is missing; get version 20 or newer from https://nodejs.org" >&2
  exit 1
}
mkdir -p "$there"
exec 9>"$there/.lock"
flock 9
cp "$here"/*.mjs "$there/"
cmp -s "$here/package-lock.json" "$there/.installed" && exit 0
cp "$here/package.json" "$here/package-lock.json" "$there/"
(cd "$there" && npm ci --no-audit --no-fund --loglevel=error >&2)
cp "$here/package-lock.json" "$there/.installed"
