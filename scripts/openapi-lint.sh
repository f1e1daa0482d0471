#!/usr/bin/env bash
# Holds the OpenAPI documents to the rules in docs/openapi/redocly.yaml.
# Usage: openapi-lint.sh [DIRECTORY of the linter, made on first use]
#
# A linter that cannot be had (no Node.js 20, no registry) is a loud warning and no failure, so that work goes on
# without. Set CARACAL_REQUIRE_OPENAPI_LINT=1 where a build must not pass without the check.
set -euo pipefail
cd "$(dirname "$0")/.."

linter=${1:-${CARGO_TARGET_DIR:-target}/openapi-lint}
package=@redocly/cli@2.77.0

install() {
  [ "$(cat "$linter/.installed" 2>/dev/null)" = "$package" ] && return
  # An old npm only fails at the first run of what it installed.
  node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null &&
    npm install --silent --no-audit --no-fund --no-package-lock --prefix "$linter" "$package" >/dev/null &&
    echo "$package" >"$linter/.installed"
}

if install; then
  REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$linter/node_modules/.bin/redocly" lint --config docs/openapi/redocly.yaml docs/openapi/*.json 2>&1 |
    grep -v '[╔║╚]'
elif [ "${CARACAL_REQUIRE_OPENAPI_LINT:-}" = 1 ]; then
  echo "openapi-lint: $package cannot be had and CARACAL_REQUIRE_OPENAPI_LINT=1 asks for it" >&2
  exit 1
else
  echo "openapi-lint: WARNING: $package cannot be had; the OpenAPI documents were NOT checked" >&2
fi
