#!/usr/bin/env bash
# A Python environment with the published clients, for the end-to-end checks.
# Usage: e2e-venv.sh DIRECTORY
#
# Does nothing when the environment is complete; several callers take turns.
set -euo pipefail

venv=${1:?directory of the environment}
# The clients ask for newer interpreters than they need.
packages=(caracalai-sdk==1.0.0 caracalai-admin==1.0.0 caracalai-verify==1.0.0 caracalai-revocation-redis==1.0.0
  schemathesis==4.32.5 "moto[s3]==5.2.1" flask==3.1.3 flask-cors==6.0.5 duckdb==2.0.1)

"$(dirname "$0")/require.sh" python
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9
[ "$(cat "$venv/.installed" 2>/dev/null)" = "${packages[*]}" ] && exit 0
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python "${packages[@]}"
echo "${packages[*]}" >"$venv/.installed"
