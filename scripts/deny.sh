#!/usr/bin/env bash
# Licences, sources and bans always; known vulnerabilities whenever the advisory database can be had.
#
# An unreachable database is a loud warning and no failure, so that work goes on offline. Set
# CARACAL_REQUIRE_ADVISORIES=1 where a build must not pass without the check.
set -euo pipefail

"$(dirname "$0")/require.sh" deny

cargo deny --log-level error check --hide-inclusion-graph bans licenses sources

if cargo deny --log-level error fetch db 2>/dev/null; then
  cargo deny --log-level error check --hide-inclusion-graph advisories
elif [ "${CARACAL_REQUIRE_ADVISORIES:-}" = 1 ]; then
  echo "deny: the advisory database cannot be reached and CARACAL_REQUIRE_ADVISORIES=1 asks for it" >&2
  exit 1
else
  echo "deny: WARNING: the advisory database cannot be reached; known vulnerabilities were NOT checked" >&2
fi
