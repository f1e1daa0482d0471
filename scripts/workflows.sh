#!/usr/bin/env bash
# The workflows of GitHub without GitHub: actionlint reads each, the shell in them included where shellcheck is installed.
# Builds actionlint once where it is missing (needs Go).
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mkdir -p "${CARGO_TARGET_DIR:-target}/tools" && cd "${CARGO_TARGET_DIR:-target}/tools" && pwd)
version=v1.7.12

actionlint=$(command -v actionlint || echo "$tools/bin/actionlint")
if [ ! -x "$actionlint" ]; then
  command -v go >/dev/null ||
    { echo "actionlint is missing; install it from https://github.com/rhysd/actionlint, or Go 1.25 to build it" >&2; exit 1; }
  echo "building actionlint into $tools/bin" >&2
  GOBIN=$tools/bin go install -ldflags '-s -w' "github.com/rhysd/actionlint/cmd/actionlint@$version" >&2
fi
"$actionlint" .github/workflows/*.yml
