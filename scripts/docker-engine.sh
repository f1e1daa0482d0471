#!/usr/bin/env bash
# A Docker Engine for tests, where none answers: private, on a socket of its own, without what a confined machine
# refuses. And the images of the stores, of this machine's own servers where no registry can be reached.
#
#   docker-engine.sh up      starts it if needed; prints what to export
#   docker-engine.sh down    stops what `up` started, and removes its data
#   docker-engine.sh bases   the images of PostgreSQL and Redis: pulled, or made of the servers that this machine has
#   docker-engine.sh compose Docker Compose v2, built from its sources where it is missing (needs Go; minutes)
#
# Needs root and, on Debian, installs docker.io. State: $CARACAL_ENGINE_HOME, else caracal-engine under $TMPDIR.
# CARACAL_ENGINE_NETWORK=none: an engine that only builds images, and leaves networks to whoever else has some here.
set -euo pipefail
cd "$(dirname "$0")/.."

home=${CARACAL_ENGINE_HOME:-${TMPDIR:-/tmp}/caracal-engine}
socket=$home/docker.sock

install_packages() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "docker-engine: $* missing; on Debian, as root: apt-get install -y $*" >&2; exit 1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
}

use_private() { [ ! -S "$socket" ] || export DOCKER_HOST=unix://$socket; }

up() {
  command -v docker >/dev/null && docker version >/dev/null 2>&1 && return
  use_private
  command -v docker >/dev/null && docker version >/dev/null 2>&1 && return
  command -v dockerd >/dev/null && command -v iptables >/dev/null || install_packages docker.io iptables
  mkdir -p "$home"
  local network=
  [ "${CARACAL_ENGINE_NETWORK:-}" != none ] || network='"bridge": "none", "iptables": false, "ip6tables": false,'
  # vfs copies whole layers, and works on every file system. The limits are what a confined machine may still set.
  cat >"$home/daemon.json" <<JSON
{$network "storage-driver": "vfs", "data-root": "$home/data", "exec-root": "$home/exec", "pidfile": "$home/docker.pid",
 "hosts": ["unix://$socket"], "oom-score-adjust": 0,
 "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 20000, "Soft": 20000}}}
JSON
  setsid nohup dockerd --config-file "$home/daemon.json" >"$home/log" 2>&1 </dev/null &
  export DOCKER_HOST=unix://$socket
  for _ in $(seq 150); do
    docker version >/dev/null 2>&1 && return
    sleep 0.2
  done
  echo "docker-engine: it does not answer: $(tail -n 1 "$home/log")" >&2
  exit 1
}

down() {
  [ -f "$home/docker.pid" ] || return 0
  local pid
  pid=$(cat "$home/docker.pid")
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
  rm -rf "$home"
}

# with_libraries ROOT PROGRAM…: each where it lies on this machine, with whatever it is linked with.
with_libraries() {
  local root=$1 file
  shift
  for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ ]*[^ :]' | sort -u); do
    mkdir -p "$root$(dirname "$file")"
    cp -Lu "$file" "$root$file"
  done
}

# Lays out the root of an image around one of this machine's servers.
lay_out() {
  local root=$1 server=$2 programs
  scripts/require.sh servers
  mkdir -p "$root"/{bin,etc,tmp,run,usr/bin,usr/local/bin}
  chmod 1777 "$root/tmp"
  with_libraries "$root" "$(command -v sh)" "$(command -v cat)" "$(command -v grep)"
  cp -L "$(command -v sh)" "$root/bin/sh"
  echo "$server:x:999:999::/:/bin/sh" >"$root/etc/passwd"
  echo "$server:x:999:" >"$root/etc/group"
  case $server in
    postgres)
      programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
      local home=${programs%/bin}
      mkdir -p "$root$home" "$root/usr/share/postgresql" "$root/var/lib/postgresql/data" "$root/var/run/postgresql"
      cp -r "$home/lib" "$root$home/"
      cp -rL "/usr/share/postgresql/$(basename "$home")" "$root/usr/share/postgresql/"
      cp -rL /usr/share/zoneinfo "$root/usr/share/"
      with_libraries "$root" "$programs"/{postgres,initdb,pg_ctl,psql,pg_dump,pg_isready} "$home"/lib/*.so
      for program in postgres initdb pg_ctl psql pg_dump pg_isready; do
        ln -s "$programs/$program" "$root/usr/local/bin/$program"
      done
      cp infra/docker/stand-ins/postgres.sh "$root/usr/local/bin/entry.sh"
      chown -R 999:999 "$root/var/lib/postgresql" "$root/var/run/postgresql"
      chmod 3777 "$root/var/run/postgresql"
      ;;
    redis)
      mkdir -p "$root/data"
      with_libraries "$root" "$(command -v redis-server)" "$(command -v redis-cli)"
      chown 999:999 "$root/data"
      ;;
  esac
}

# Whether images can be pulled.
registry() { curl -sS --max-time 5 -o /dev/null https://registry-1.docker.io/v2/ 2>/dev/null; }

# base NAME CHANGE…: the image NAME: there, pulled, or made of this machine's server, with these instructions.
base() {
  local name=$1 root change changes=()
  shift
  docker image inspect "$name" >/dev/null 2>&1 && return
  registry && docker pull --quiet "$name" >/dev/null && return
  echo "docker-engine: $name cannot be pulled; one of this machine's own server stands for it" >&2
  for change in "$@"; do changes+=(--change "$change"); done
  root=$(mktemp -d)
  chmod 755 "$root"
  lay_out "$root" "$(basename "${name%%:*}")"
  tar -C "$root" -c . | docker import "${changes[@]}" - "$name" >/dev/null
  rm -rf "$root"
}

# Compose as a plugin of `docker`. It cannot be installed by `go install` (its module replaces others), so it is built as
# what another module needs.
compose() {
  docker compose version >/dev/null 2>&1 && return
  command -v go >/dev/null || { echo "docker-engine: Go is missing to build Docker Compose" >&2; return 1; }
  local module=github.com/docker/compose/v2 version=v2.40.3 plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins build
  build=$(mktemp -d)
  echo "docker-engine: building Docker Compose $version" >&2
  (
    cd "$build"
    export GOFLAGS=-mod=mod
    printf 'module build\ngo 1.25\nrequire %s %s\n' $module $version >go.mod
    printf '//go:build tools\npackage build\nimport _ "%s/cmd"\n' $module >tools.go
    # What its module replaces is replaced here too.
    description=$(go mod download -json $module@$version | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
    { sed -n '/^replace (/,/^)/p' "$description"; grep -E '^replace [^(]' "$description" || true; } >>go.mod
    go mod tidy && go build -gcflags 'all=-N -l' -ldflags '-s -w' -o docker-compose $module/cmd
  ) >"$build/log" 2>&1 || { tail -n 5 "$build/log" >&2; return 1; }
  mkdir -p "$plugins"
  mv "$build/docker-compose" "$plugins/"
  rm -rf "$build"
}

case ${1:-} in
  up)
    up
    echo "export DOCKER_HOST=${DOCKER_HOST:-}"
    ;;
  down) down ;;
  compose) compose ;;
  bases)
    use_private
    base docker.io/library/postgres:17-bookworm \
      'ENTRYPOINT ["/usr/local/bin/entry.sh"]' 'CMD ["postgres"]' 'VOLUME /var/lib/postgresql/data' \
      'ENV PGDATA=/var/lib/postgresql/data'
    base docker.io/library/redis:7-bookworm 'CMD ["redis-server"]' 'VOLUME /data' 'WORKDIR /data'
    ;;
  *)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
