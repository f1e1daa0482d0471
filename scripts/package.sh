#!/usr/bin/env bash
# What a release hands out, from programs that are built.
# Usage: package.sh archive|deb DIRECTORY_OF_BUILT_PROGRAMS FILE
#        package.sh formula DIRECTORY_OF_ARCHIVES FILE      a Homebrew formula over the archives of one release
set -euo pipefail
kind=${1:?archive or deb} built=$(realpath "${2:?directory of built programs}") file=$(realpath -m "${3:?the file to write}")
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$(dirname "$file")"
# The same input gives the same bytes.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

# program NAME TARGET: without what only a debugger reads.
program() {
  install -D -m 755 "$built/$1" "$2"
  ! command -v strip >/dev/null || strip "$2"
}

case $kind in
  archive)
    program caracal "$root/caracal"
    program caracald "$root/caracald"
    install -m 644 LICENSE "$root/LICENSE"
    tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -C "$root" -cf - LICENSE caracal caracald | gzip -n >"$file"
    ;;
  deb)
    version=$(awk -F'"' '/^version = /{print $2; exit}' Cargo.toml)
    program caracal "$root/usr/bin/caracal"
    program caracald "$root/usr/bin/caracald"
    install -D -m 644 infra/systemd/caracal.service "$root/lib/systemd/system/caracal.service"
    install -D -m 644 LICENSE "$root/usr/share/doc/caracal/copyright"
    mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions"
    "$built/caracal" man --dir "$root/usr/share/man/man1" >/dev/null 2>&1
    gzip -9n "$root"/usr/share/man/man1/*.1
    "$built/caracal" completions bash >"$root/usr/share/bash-completion/completions/caracal"
    "$built/caracal" completions zsh >"$root/usr/share/zsh/vendor-completions/_caracal"
    mkdir -p "$root/DEBIAN"
    # The programs of one version need the C library that they were built with, or a newer one.
    libc=$(getconf GNU_LIBC_VERSION | awk '{print $2}')
    cat >"$root/DEBIAN/control" <<END
Package: caracal
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: Caracal maintainers <security@caracal.invalid>
Depends: libc6 (>= $libc), ca-certificates
Section: admin
Priority: optional
Homepage: $(awk -F'"' '/^repository = /{print $2; exit}' Cargo.toml)
Description: decides what AI agents may do, before they do it
 Caracal gives agents short-lived mandates instead of keys, decides every call by policy, keeps proof of it, and stops
 an agent at once. This package has the command, the daemon, and a unit that runs one stack on this machine.
END
    cat >"$root/DEBIAN/prerm" <<'END'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now caracal.service || true
fi
END
    cat >"$root/DEBIAN/postinst" <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  # One that runs takes the new program; whether it runs at all is the operator's choice.
  systemctl try-restart caracal.service || true
fi
END
    chmod 755 "$root"/DEBIAN/p*
    find "$root" -exec touch -h -d "@$epoch" {} +
    find "$root" -type d -exec chmod 755 {} +
    SOURCE_DATE_EPOCH=$epoch dpkg-deb "-Z${DEB_COMPRESSION:-xz}" --root-owner-group --build "$root" "$file" >/dev/null
    ;;
  formula)
    version=$(awk -F'"' '/^version = /{print $2; exit}' Cargo.toml)
    repository=$(awk -F'"' '/^repository = /{print $2; exit}' Cargo.toml)
    for archive in caracal-{darwin,linux}-{amd64,arm64}.tar.gz; do
      [ -f "$built/$archive" ] || { echo "package.sh: there is no $built/$archive" >&2; exit 1; }
    done
    # of OS MACHINE: address and digest of an archive that there is.
    of() {
      local archive=caracal-$1-$2.tar.gz
      printf '      url "%s/releases/download/v%s/%s"\n      sha256 "%s"\n' "$repository" "$version" "$archive" \
        "$(sha256sum "$built/$archive" | awk '{print $1}')"
    }
    cat >"$file" <<END
class Caracal < Formula
  desc "Decides what AI agents may do, before they do it"
  homepage "$repository"
  version "$version"
  license "Apache-2.0"

  on_macos do
    on_arm do
$(of darwin arm64)
    end
    on_intel do
$(of darwin amd64)
    end
  end
  on_linux do
    on_arm do
$(of linux arm64)
    end
    on_intel do
$(of linux amd64)
    end
  end

  def install
    bin.install "caracal", "caracald"
    generate_completions_from_executable(bin/"caracal", "completions")
    system bin/"caracal", "man", "--dir", man1
  end

  service do
    run [opt_bin/"caracal", "up", "--foreground"]
    keep_alive crashed: true
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/caracal version")
    system bin/"caracal", "--home", testpath/"state", "doctor", "--preflight"
  end
end
END
    ;;
  *)
    echo "package.sh makes an archive or a deb, no $kind" >&2
    exit 2
    ;;
esac
