#!/bin/sh
# Lays out the root of the image, and beside it the empty home of its account (ROOT.home), which is copied on its own
# because it alone is not root's: root.sh DIRECTORY_OF_A_BUILT_CARACALD_OR_EMPTY ROOT
set -eu

prebuilt=$1 root=$2
if [ -n "$prebuilt" ]; then
  built=$prebuilt/caracald
else
  cargo build --release --locked -p caracald
  built=target/release/caracald
fi

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/var/lib" "$root/tmp" "$root.home"
cp "$built" "$root/usr/local/bin/caracald"
! command -v strip >/dev/null || strip "$root/usr/local/bin/caracald"
chmod 0555 "$root/usr/local/bin/caracald"

# The dynamic loader and the libraries, where the loader looks for them. The C library brings its own resolver.
ldd "$built" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'caracal:x:65532:65532::/var/lib/caracal:/nonexistent' >"$root/etc/passwd"
echo 'caracal:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 0700 "$root.home"
chmod 1777 "$root/tmp"
