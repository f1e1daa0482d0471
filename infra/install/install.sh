#!/bin/sh
# Installs caracal and caracald from a release. No root is needed; nothing but the two programs is written.
#
#   curl -fsSL https://github.com/garudex-labs/caracal/releases/latest/download/install.sh | sh
#   sh install.sh --version v1.2.3 --prefix /usr/local
#   sh install.sh --uninstall
#
# An archive whose SHA-256 is not the one in SHA256SUMS is not unpacked, nor is one of another release than was asked for: the
# file of sums names its release, and so do the programs. Where `gh` is installed the provenance of the archive (who built it,
# from which commit and which tag) is verified as well; CARACAL_REQUIRE_PROVENANCE=1 refuses to install without.
set -eu

repository=garudex-labs/caracal
releases=${CARACAL_RELEASES_URL:-https://github.com/$repository/releases}
version=${CARACAL_VERSION:-latest}
prefix=${CARACAL_PREFIX:-}
directory=${CARACAL_INSTALL_DIR:-}
destdir=${DESTDIR:-}
provenance=${CARACAL_VERIFY_PROVENANCE:-1}
required=${CARACAL_REQUIRE_PROVENANCE:-0}
uninstall=

say() { printf '%s\n' "$*" >&2; }
die() { say "install: $*"; exit 1; }

usage() {
  cat <<'END'
Usage: install.sh [OPTIONS]
  --version TAG             which release, as v1.2.3 or v1.2.3-rc.1; the latest
  --prefix DIR              programs go to DIR/bin; ~/.local, /usr/local where there is no HOME
  --install-dir DIR         programs go to DIR itself
  --destdir DIR             put before every path, for packagers
  --uninstall               remove the two programs; state stays (`caracal purge all` removes that)
  --no-verify-provenance    checksums alone
Environment: CARACAL_VERSION, CARACAL_PREFIX, CARACAL_INSTALL_DIR, DESTDIR, CARACAL_VERIFY_PROVENANCE,
CARACAL_REQUIRE_PROVENANCE, CARACAL_RELEASES_URL (a mirror of the releases)
END
}

value() { [ "$#" -ge 2 ] && [ -n "$2" ] || die "$1 wants a value; see --help"; }
while [ $# -gt 0 ]; do
  case $1 in
    --version) value "$@"; version=$2; shift 2 ;;
    --prefix) value "$@"; prefix=$2; shift 2 ;;
    --install-dir) value "$@"; directory=$2; shift 2 ;;
    --destdir) value "$@"; destdir=$2; shift 2 ;;
    --uninstall) uninstall=1; shift ;;
    --no-verify-provenance) provenance=0; shift ;;
    -h | --help) usage; exit 0 ;;
    *) die "$1 means nothing here; see --help" ;;
  esac
done

if [ -z "$prefix" ]; then
  if [ -n "${HOME:-}" ]; then prefix=$HOME/.local; else prefix=/usr/local; fi
fi
[ -n "$directory" ] || directory=$prefix/bin
target=$destdir$directory

if [ -n "$uninstall" ]; then
  for program in caracal caracald; do
    if [ -e "$target/$program" ]; then
      rm -f "$target/$program" || die "cannot remove $target/$program"
      say "removed $target/$program"
    fi
  done
  exit 0
fi

# A tag becomes part of an address, so it is one or nothing.
is_tag() { printf '%s\n' "$1" | grep -Eqx 'v[0-9]+\.[0-9]+\.[0-9]+(-rc\.(sha[0-9A-Za-z]+|[0-9]+))?'; }
[ "$version" = latest ] || is_tag "$version" || die "$version is no release; it looks like v1.2.3 or v1.2.3-rc.1"

case $(uname -s) in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  *) die "there is no release for $(uname -s); build it with cargo: see README.md" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=amd64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) die "there is no release for $(uname -m); build it with cargo: see README.md" ;;
esac

for tool in tar mktemp awk sed; do
  command -v "$tool" >/dev/null || die "$tool is missing"
done
if command -v curl >/dev/null; then
  fetch() { curl -fsSL --proto '=https,http' --retry 3 --max-time 600 -o "$2" "$1"; }
elif command -v wget >/dev/null; then
  fetch() { wget -q -T 600 -t 3 -O "$2" "$1"; }
else
  die "curl or wget is missing"
fi
if command -v sha256sum >/dev/null; then
  digest() { sha256sum "$1" | awk '{print $1}'; }
elif command -v shasum >/dev/null; then
  digest() { shasum -a 256 "$1" | awk '{print $1}'; }
else
  die "sha256sum or shasum is missing"
fi

case $releases in
  https://* | http://127.0.0.1:* | http://localhost:*) ;;
  *) die "CARACAL_RELEASES_URL must be https" ;;
esac
case $version in
  latest) base=$releases/latest/download ;;
  *) base=$releases/download/$version ;;
esac

scratch=$(mktemp -d)
staged=
finish() {
  rm -rf "$scratch"
  [ -z "$staged" ] || rm -f "$staged".caracal "$staged".caracald
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

archive=caracal-$os-$machine.tar.gz
say "getting $archive ($version)"
fetch "$base/SHA256SUMS" "$scratch/SHA256SUMS" || die "$base/SHA256SUMS cannot be had"
# Older files that are genuine would pass every check below if it were only asked whose they are.
tag=$(sed -n '1s/^# caracal //p' "$scratch/SHA256SUMS")
is_tag "$tag" || die "SHA256SUMS does not say of which release it is; nothing was installed"
[ "$version" = latest ] || [ "$version" = "$tag" ] ||
  die "SHA256SUMS is of $tag and not of $version; nothing was installed"
fetch "$base/$archive" "$scratch/$archive" || die "$base/$archive cannot be had"
wanted=$(awk -v name="$archive" '$2 == name || $2 == "*" name {print $1}' "$scratch/SHA256SUMS")
[ "$(printf '%s\n' "$wanted" | grep -Ec '^[0-9a-f]{64}$')" = 1 ] ||
  die "SHA256SUMS does not name $archive once; nothing was installed"
[ "$(digest "$scratch/$archive")" = "$wanted" ] ||
  die "$archive is not what SHA256SUMS says; nothing was installed"

if [ "$provenance" != 0 ] && command -v gh >/dev/null; then
  # Of this repository is not enough: whatever else runs there could sign, and only one workflow releases. Nor is the
  # workflow, which signed every release before this one.
  gh attestation verify "$scratch/$archive" --repo "$repository" \
    --signer-workflow "$repository/.github/workflows/release.yml" --source-ref "refs/tags/$tag" >/dev/null ||
    die "the provenance of $archive does not hold for $tag (or this gh knows no --source-ref); nothing was installed"
  say "its provenance holds: it was built from $tag"
elif [ "$required" != 0 ]; then
  die "CARACAL_REQUIRE_PROVENANCE is set and gh is missing (https://cli.github.com), or its use was turned off"
elif [ "$provenance" != 0 ]; then
  say "its provenance was not verified: gh is missing (https://cli.github.com)"
fi

mkdir "$scratch/unpacked"
tar -xzf "$scratch/$archive" -C "$scratch/unpacked" caracal caracald || die "$archive holds no caracal and caracald"
for program in caracal caracald; do
  # A link could point anywhere.
  { [ -f "$scratch/unpacked/$program" ] && [ ! -L "$scratch/unpacked/$program" ]; } || die "$program is no file"
done

mkdir -p "$target" || die "cannot make $target"
# Beside the place, so that each move is one step on one disk: a program is the old one or the new one.
staged=$target/.install-$$
for program in caracald caracal; do
  cp "$scratch/unpacked/$program" "$staged.$program" && chmod 755 "$staged.$program" || die "cannot write to $target"
done
told=$("$staged.caracal" version --json 2>/dev/null) || die "the program does not run on this machine; nothing was installed"
# A candidate says which version it is to become.
number=${tag#v}
case $told in
  *"\"version\":\"${number%%-rc.*}\""* | *"\"version\":\"${number%%-rc.*}-"*) ;;
  *) die "the program is not of $tag; nothing was installed" ;;
esac
mv -f "$staged.caracald" "$target/caracald" || die "cannot write $target/caracald"
mv -f "$staged.caracal" "$target/caracal" || die "cannot write $target/caracal"
staged=

say "installed caracal and caracald of $tag into $target"
case ":${PATH:-}:" in
  *":$directory:"*)
    found=$(command -v caracal || true)
    [ -z "$found" ] || [ "$found" = "$directory/caracal" ] || say "note: your PATH finds another one first: $found"
    say "start with: caracal up"
    ;;
  *) say "it is not on your PATH: export PATH=\"$directory:\$PATH\"" ;;
esac
