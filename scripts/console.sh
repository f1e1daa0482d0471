#!/usr/bin/env bash
# Runs a script of the browser console's package, after installing what it needs as the lock file says.
# Usage: console.sh build|check|format|...
#
# Without Node.js 20.19 nothing else suffers: a loud warning, and no failure.
set -euo pipefail
cd "$(dirname "$0")/../console"

if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(+!(a > 20 || (+a === 20 && b >= 19)))' 2>/dev/null; then
  echo "console: WARNING: Node.js 20.19 or newer is missing; the console was NOT built or checked. Get it from https://nodejs.org" >&2
  exit 0
fi
# What npm wrote last tells whether the lock file is the one that was installed.
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed-lock
fi
npm run --silent "$@"
