#!/usr/bin/env bash
# The gRPC server and client of the tests (e2e/grpc) with the library for Go, as the lock file says.
# Usage: e2e-grpc.sh DIRECTORY
#
# Several callers take turns. Needs Go 1.26 or newer, or one that fetches such a toolchain by itself (1.21 or newer).
set -euo pipefail

there=${1:?directory of server and client}
command -v go >/dev/null || {
  echo "Go is missing; get version 1.26 or newer from https://go.dev/dl/" >&2
  exit 1
}
mkdir -p "$there"
there=$(cd "$there" && pwd)
exec 9>"$there/.lock"
flock 9
cd "$(dirname "$0")/../e2e/grpc"
go build -mod=readonly -o "$there/" ./server ./client >&2
