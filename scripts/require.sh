#!/usr/bin/env bash
# Says in one sentence what is missing on this machine and how to get it.
# Usage: require.sh rust|python|mdbook|deny
set -euo pipefail

missing() {
  echo "$1" >&2
  exit 1
}

case "${1:?what is required}" in
  rust)
    command -v cargo >/dev/null ||
      missing "Rust is missing; install it with: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y  (then open a new shell)"
    command -v cc >/dev/null ||
      missing "A C compiler is missing (the cryptography and SQLite are partly C); on Debian: apt-get install -y build-essential"
    ;;
  python)
    command -v python3 >/dev/null ||
      missing "Python 3 is missing; on Debian: apt-get install -y python3 python3-venv"
    ;;
  mdbook)
    command -v mdbook >/dev/null || cargo install mdbook --locked
    ;;
  deny)
    # A tool of the house, not a product: built quickly rather than well.
    command -v cargo-deny >/dev/null ||
      CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/tools" cargo install cargo-deny --locked
    ;;
  *)
    missing "require.sh does not know $1"
    ;;
esac
