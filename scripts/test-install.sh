#!/usr/bin/env bash
# install.sh and the Debian package, tried as far as one machine allows: a release served from here, and what must not be
# installed. Usage: test-install.sh DIRECTORY_OF_BUILT_PROGRAMS
set -euo pipefail
built=$(realpath "${1:?directory of built programs}")
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

fail() {
  echo "test-install: $*" >&2
  exit 1
}

# --- a release, served -------------------------------------------------------------------------------------------------
case $(uname -m) in x86_64) machine=amd64 ;; *) machine=arm64 ;; esac
archive=caracal-linux-$machine.tar.gz
tag=v$(awk -F'"' '/^version = /{print $2; exit}' Cargo.toml)
release=$scratch/site/download/$tag
scripts/package.sh archive "$built" "$release/$archive"
mkdir -p "$scratch/site/latest"
ln -s "../download/$tag" "$scratch/site/latest/download"
# sums [TAG]: the file of sums, as a release hands it out.
sums() { (cd "$release" && { echo "# caracal ${1:-$tag}" && sha256sum -- "$archive"; } >SHA256SUMS); }
sums
(cd "$release" && sha256sum --check --strict --quiet SHA256SUMS) || fail "sha256sum does not read SHA256SUMS"
port_file=$scratch/port
python3 - "$scratch/site" "$port_file" <<'SERVER' &
import functools, http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=sys.argv[1]))
open(sys.argv[2], "w").write(str(server.server_port))
server.serve_forever()
SERVER
server=$!
for _ in $(seq 100); do [ -s "$port_file" ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat "$port_file")

home=$scratch/home
mkdir "$home"
# Everything but gh, whether or not it is on this machine.
mkdir "$scratch/programs"
ln -sf -t "$scratch/programs" /bin/* /usr/bin/*
rm -f "$scratch/programs/gh"
path=$scratch/programs
install() {
  env -i HOME="$home" PATH="$path" CARACAL_RELEASES_URL="${RELEASES:-$url}" CARACAL_REQUIRE_PROVENANCE="${REQUIRED:-0}" \
    sh infra/install/install.sh "$@" 2>"$scratch/said"
}
refused() {
  local words=$1
  shift
  if install "$@"; then fail "was not refused: $*"; fi
  grep -q -- "$words" "$scratch/said" || fail "$* did not say \"$words\" but: $(cat "$scratch/said")"
  [ -z "$(find "$home" -type f)" ] || fail "$* left $(find "$home" -type f)"
}

# --- what must not be installed ------------------------------------------------------------------------------------------
refused "is no release" --version '../../evil'
refused "is no release" --version 1.2.3
refused "means nothing here" --colour
refused "wants a value" --prefix
refused "cannot be had" --version v0.0.1
RELEASES=http://example.invalid refused "must be https"
printf '# caracal %s\n%064d  %s\n' "$tag" 0 "$archive" >"$release/SHA256SUMS"
refused "is not what SHA256SUMS says"
: >"$release/SHA256SUMS"
refused "does not say of which release it is"
sums "../../evil"
refused "does not say of which release it is"
echo "# caracal $tag" >"$release/SHA256SUMS"
refused "does not name $archive once"
# An older release, genuine and whole, where a newer one was asked for; and the same with its name alone changed.
newer=v99.0.0
ln -s "$tag" "$scratch/site/download/$newer"
sums
refused "is of $tag and not of $newer" --version "$newer"
sums "$newer"
refused "the program is not of $newer" --version "$newer"
refused "the program is not of $newer"
sums
cat "$release/SHA256SUMS" "$release/SHA256SUMS" >"$scratch/twice" && cp "$scratch/twice" "$release/SHA256SUMS"
refused "does not name $archive once"
cp "$release/$archive" "$scratch/good"
mkdir "$scratch/evil" && ln -s /etc/passwd "$scratch/evil/caracal" && echo x >"$scratch/evil/caracald"
tar -czf "$release/$archive" -C "$scratch/evil" caracal caracald && sums
refused "is no file"
rm "$scratch/evil/caracal" && echo 'not a program' >"$scratch/evil/caracal"
tar -czf "$release/$archive" -C "$scratch/evil" caracal caracald && sums
refused "does not run on this machine"
cp "$scratch/good" "$release/$archive" && sums
REQUIRED=1 refused "gh is missing"

# --- who built it ----------------------------------------------------------------------------------------------------------
# GitHub and its signatures are not here. What stands in for gh finds a signature by the digest of a file, as gh does, and
# verifies it: it must be the release's, over this repository, this workflow, this tag and this digest.
openssl genpkey -algorithm ed25519 -out "$scratch/release.key" && openssl pkey -in "$scratch/release.key" -pubout -out "$scratch/release.pub"
openssl genpkey -algorithm ed25519 -out "$scratch/other.key"
mkdir "$scratch/signatures" "$scratch/with-gh"
ln -s "$scratch"/programs/* "$scratch/with-gh/"
cat >"$scratch/with-gh/gh" <<GH
#!/bin/sh
[ "\$1 \$2 \$4 \$6 \$8" = "attestation verify --repo --signer-workflow --source-ref" ] || exit 64
digest=\$(sha256sum "\$3" | cut -d' ' -f1)
printf '%s %s %s %s' "\$5" "\$7" "\$9" "\$digest" >"$scratch/claimed"
openssl pkeyutl -verify -rawin -pubin -inkey "$scratch/release.pub" -in "$scratch/claimed" -sigfile "$scratch/signatures/\$digest"
GH
chmod 755 "$scratch/with-gh/gh"
ours=garudex-labs/caracal
workflow=$ours/.github/workflows/release.yml
# signed KEY REPOSITORY WORKFLOW [TAG]: what the release hands out has this signature and no other.
signed() {
  local digest
  digest=$(sha256sum "$release/$archive" | awk '{print $1}')
  printf '%s %s %s %s' "$2" "$3" "refs/tags/${4:-$tag}" "$digest" >"$scratch/claim"
  openssl pkeyutl -sign -rawin -inkey "$scratch/$1.key" -in "$scratch/claim" -out "$scratch/signatures/$digest"
}
path=$scratch/with-gh
refused "the provenance of $archive does not hold"
signed other "$ours" "$workflow"
refused "the provenance of $archive does not hold"
signed release garudex-labs/another garudex-labs/another/.github/workflows/release.yml
refused "the provenance of $archive does not hold"
signed release "$ours" "$ours/.github/workflows/ci.yml"
refused "the provenance of $archive does not hold"
signed release "$ours" "$workflow" v0.0.1
refused "the provenance of $archive does not hold for $tag"
signed release "$ours" "$workflow"
# Older files that are genuine, under the name of a newer release and with sums that say so.
sums "$newer"
refused "the provenance of $archive does not hold for $newer" --version "$newer"
refused "the provenance of $archive does not hold for $newer"
sums
REQUIRED=1 refused "its use was turned off" --no-verify-provenance
REQUIRED=1 install || fail "a signed release: $(cat "$scratch/said")"
grep -q "its provenance holds: it was built from $tag" "$scratch/said" || fail "does not say that it verified: $(cat "$scratch/said")"
install --uninstall
# Whoever may replace files of the release replaces the sums as well, and cannot sign.
mkdir "$scratch/replaced" && tar -xzf "$scratch/good" -C "$scratch/replaced" && echo >>"$scratch/replaced/caracald"
tar -cf - -C "$scratch/replaced" caracal caracald | gzip -1 >"$release/$archive" && sums
refused "the provenance of $archive does not hold"
cp "$scratch/good" "$release/$archive" && sums
path=$scratch/programs

# --- what must work ------------------------------------------------------------------------------------------------------
install || fail "$(cat "$scratch/said")"
grep -q 'not on your PATH' "$scratch/said" || fail "does not say that it is not on PATH"
"$home/.local/bin/caracal" version --json | grep -q '"binary":"caracal"'
said=$(env -i HOME="$home" PATH=/usr/bin:/bin "$home/.local/bin/caracal" --home "$scratch/state" doctor --preflight) ||
  fail "doctor does not find its caracald or something else amiss: $said"
install --version "$tag" --prefix "$home/other" || fail "$(cat "$scratch/said")"
[ -x "$home/other/bin/caracald" ]
install --prefix /usr --destdir "$home/stage" || fail "$(cat "$scratch/said")"
[ -x "$home/stage/usr/bin/caracal" ]
# Over an older one, which stays whole until the new one is there.
install || fail "a second install: $(cat "$scratch/said")"
install --uninstall && [ ! -e "$home/.local/bin/caracal" ]
install --uninstall || fail "a second uninstall"
echo "test-install: install.sh holds"

# --- the Homebrew formula --------------------------------------------------------------------------------------------------
for name in darwin-arm64 darwin-amd64 linux-arm64 linux-amd64; do cp "$scratch/good" "$scratch/caracal-$name.tar.gz"; done
scripts/package.sh formula "$scratch" "$scratch/caracal.rb"
[ "$(grep -c "sha256 \"$(sha256sum "$scratch/good" | awk '{print $1}')\"" "$scratch/caracal.rb")" = 4 ] || fail "the formula's digests"
! command -v ruby >/dev/null || ruby -c "$scratch/caracal.rb" >/dev/null || fail "the formula is no Ruby"
rm "$scratch/caracal-linux-arm64.tar.gz"
! scripts/package.sh formula "$scratch" "$scratch/caracal.rb" 2>/dev/null || fail "a formula without an archive was made"

# --- the Debian package ---------------------------------------------------------------------------------------------------
command -v dpkg-deb >/dev/null || { echo "test-install: dpkg-deb is missing; the Debian package was NOT tried"; exit 0; }
DEB_COMPRESSION=none scripts/package.sh deb "$built" "$scratch/caracal.deb"
dpkg-deb --info "$scratch/caracal.deb" >/dev/null
listed=$(dpkg-deb --contents "$scratch/caracal.deb")
for path in ./usr/bin/caracal ./usr/bin/caracald ./lib/systemd/system/caracal.service ./usr/share/man/man1/caracal.1.gz \
  ./usr/share/bash-completion/completions/caracal ./usr/share/doc/caracal/copyright; do
  grep -q " $path\$" <<<"$listed" || fail "the package has no $path"
done
! grep -vE '^[-d][-rwx]{9} root/root ' <<<"$listed" || fail "something in the package is not root's"
mkdir "$scratch/root" && dpkg-deb --extract "$scratch/caracal.deb" "$scratch/root"
"$scratch/root/usr/bin/caracald" --version | grep -q '^caracald '
if command -v systemd-analyze >/dev/null; then
  unit=$scratch/root/lib/systemd/system/caracal.service
  # It also wants units and programs that only an installed system has.
  said=$(systemd-analyze verify "$unit" 2>&1 || true)
  ! grep -Ei 'unknown|failed to parse|invalid' <<<"$said" || fail "the unit has words that mean nothing"
  systemd-analyze security --offline=true --threshold=25 "$unit" >"$scratch/exposure" 2>&1 ||
    fail "the unit leaves too much open: $(tail -n 3 "$scratch/exposure")"
fi
echo "test-install: the Debian package holds"
