#!/usr/bin/env bash
# Installs what is missing where that takes no question (Debian packages, as root); otherwise says in one sentence
# what is missing and how to get it.
# Usage: require.sh rust|python|servers|jq|age|promtool|mdbook|deny|machete, or require.sh disk GIGABYTES
set -euo pipefail

missing() {
  echo "$1" >&2
  exit 1
}

# debian SENTENCE PACKAGE...: installs the packages, or says the sentence with the command for it.
debian() {
  local sentence=$1
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $*" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
      >/dev/null || missing "$sentence; installing it failed: apt-get install -y $*"
  else
    missing "$sentence; on Debian: apt-get install -y $*"
  fi
}

case "${1:?what is required}" in
  rust)
    command -v cargo >/dev/null ||
      missing "Rust is missing; install it with: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y  (then open a new shell)"
    command -v cc >/dev/null ||
      debian "A C compiler is missing (the cryptography and SQLite are partly C)" build-essential
    ;;
  python)
    command -v python3 >/dev/null ||
      debian "Python 3 is missing" python3 python3-venv
    ;;
  servers)
    { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null; } &&
      command -v psql >/dev/null ||
      debian "PostgreSQL 15 or newer is missing" postgresql
    command -v redis-server >/dev/null && command -v redis-cli >/dev/null ||
      debian "Redis 7 or newer is missing" redis-server
    for tool in curl flock setsid setpriv python3; do
      command -v "$tool" >/dev/null || debian "$tool is missing" curl util-linux python3
    done
    ;;
  jq)
    command -v jq >/dev/null ||
      debian "jq is missing (the first call with curl reads JSON with it)" jq
    ;;
  age)
    command -v age >/dev/null && command -v age-keygen >/dev/null ||
      debian "age is missing (the handbook encrypts backups with it)" age
    ;;
  promtool)
    command -v promtool >/dev/null ||
      debian "promtool is missing (it comes with Prometheus)" prometheus
    ;;
  mdbook)
    command -v mdbook >/dev/null || cargo install mdbook --locked
    ;;
  deny | machete)
    # A tool of the house, not a product: built quickly rather than well.
    command -v "cargo-$1" >/dev/null ||
      CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/tools" cargo install "cargo-$1" --locked
    ;;
  disk)
    target=${CARGO_TARGET_DIR:-target}
    mkdir -p "$target"
    free=$(df -Pk "$target" | awk 'NR == 2 { print $4 }')
    [ $((free / 1048576)) -lt "$2" ] || exit 0
    # What is built here already counts as room: it is written over. To add it up takes a while, so only where it matters.
    built=$(du -sk "$target" | cut -f1)
    [ $(((free + built) / 1048576)) -ge "$2" ] ||
      missing "Too little disk: this takes $2 GB at $(cd "$target" && pwd), and $((free / 1048576)) GB are free beside $((built / 1048576)) GB built before; make room, or set CARGO_TARGET_DIR to a larger volume"
    ;;
  *)
    missing "require.sh does not know $1"
    ;;
esac
