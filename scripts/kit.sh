#!/usr/bin/env bash
# An install kit: everything that a place without a way out needs to install one version, in one archive with its sums.
# Usage: kit.sh [--image IMAGE]... DIRECTORY_OF_BUILT_PROGRAMS FILE
#   --image IMAGE   an image that the Docker Engine here has: Caracal's, and those of PostgreSQL and Redis where they are to go along
#
# Needs Helm (built once from its module where it is missing) and, with --image, Docker.
set -euo pipefail
images=()
while [ "${1:-}" = --image ]; do
  images+=("${2:?an image}")
  shift 2
done
built=$(realpath "${1:?directory of built programs}") file=$(realpath -m "${2:?the file to write}")
cd "$(dirname "$0")/.."
version=$(awk -F'"' '/^version = /{print $2; exit}' Cargo.toml)
machine=$(uname -s | tr A-Z a-z)-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
kit=$scratch/caracal-$version
mkdir -p "$kit" "$(dirname "$file")"

scripts/package.sh archive "$built" "$kit/programs/caracal-$machine.tar.gz"
! command -v dpkg-deb >/dev/null || scripts/package.sh deb "$built" "$kit/programs/caracal.deb"
install -m 755 infra/install/install.sh "$kit/programs/install.sh"
(cd "$kit/programs" && { echo "# caracal v$version" && sha256sum -- *.tar.gz; } >SHA256SUMS)

install -D -m 644 infra/docker/runtime-compose.yml "$kit/compose/runtime-compose.yml"
"$(scripts/chart.sh tools)" package infra/helm/caracal --destination "$kit/chart" >/dev/null
cp -r infra/helm/caracal/profiles infra/helm/external-secrets "$kit/chart/"
mkdir -p "$kit/observability"
cp -r infra/observability/alerts.yml infra/observability/dashboards "$kit/observability/"
cp -r docs/src "$kit/handbook"
mkdir -p "$kit/verify"
cp docs/ledger/verify.py docs/ledger/verify_rows.py docs/ledger/verify_parts.py docs/ledger/vectors.json "$kit/verify/"
scripts/sbom.py >"$kit/sbom.cdx.json"
cp LICENSE CHANGELOG.md "$kit/"
cp docs/src/operate/install-kit.md "$kit/README.md"
# The images of one kit share layers, so they are one file.
[ ${#images[@]} -eq 0 ] || docker save "${images[@]}" | gzip -n >"$kit/images.tar.gz"

find "$kit" -type f -printf '%P\0' | sort -z | (cd "$kit" && xargs -0 sha256sum -- >"$scratch/SHA256SUMS")
mv "$scratch/SHA256SUMS" "$kit/SHA256SUMS"
tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -C "$scratch" -cf - "caracal-$version" | gzip -n >"$file"
echo "$file: $(du -h "$file" | cut -f1), $([ ${#images[@]} -eq 0 ] && echo "no images" || echo "images ${images[*]}")"
