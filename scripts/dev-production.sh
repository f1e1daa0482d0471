#!/usr/bin/env bash
# The production deployment on this machine: private PostgreSQL and Redis, one process for each role, a database
# role and a password for each process. For developers; nothing listens beyond 127.0.0.1.
#
#   dev-production.sh up DIRECTORY_OF_CARACALD   start everything, print where it is, stop with Ctrl-C
#   dev-production.sh down                       stop what an `up` left running; state stays
#
# State: $CARACAL_PRODUCTION_HOME, else $XDG_DATA_HOME/caracal-production, else ~/.local/share/caracal-production;
# for root, whose home directory is closed to PostgreSQL's account, /var/lib/caracal-production in place of the last.
# Ports: the roles' own, PostgreSQL's and Redis' where they are free, others where they are taken; free ones at once with
# CARACAL_PRODUCTION_PORTS=any. CARACAL_MODE is stable where it says nothing else.
set -euo pipefail

if [ -n "${CARACAL_PRODUCTION_HOME:-}" ]; then
  home=$CARACAL_PRODUCTION_HOME
elif [ "$(id -u)" = 0 ] && [ -z "${XDG_DATA_HOME:-}" ]; then
  home=/var/lib/caracal-production
else
  home=${XDG_DATA_HOME:-${HOME:?}/.local/share}/caracal-production
fi
roles=(api sts gateway coordinator audit)
mode=${CARACAL_MODE:-stable}
secrets=$home/secrets log=$home/log run=$home/run

fail() {
  echo "dev-production: $*" >&2
  exit 1
}

# pid_of NAME: its process id, if that process still is the one that was started.
pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$run/$1.pid" || return 1
  [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

# The moment a process was started, which tells it from a later one with its number; empty when it is gone.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20 || true; }

remember() { echo "$2 $(start_time "$2")" >"$run/$1.pid"; }

# stop NAME SIGNAL: asks, waits, and insists after half a minute.
stop() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill "-$2" "$pid" 2>/dev/null || true
  for _ in $(seq 300); do
    pid_of "$1" >/dev/null || break
    sleep 0.1
  done
  pid=$(pid_of "$1") && kill -KILL "$pid" 2>/dev/null
  rm -f "$run/$1.pid"
}

down() {
  local role stopping=()
  for role in gateway api coordinator sts; do
    stop "$role" TERM &
    stopping+=($!)
  done
  wait "${stopping[@]}" || true
  # Last of the roles: what the others recorded at their end still reaches the ledger.
  stop audit TERM
  stop redis TERM
  # Fast shutdown: open sessions are ended.
  stop postgres INT
  rm -f "$home/endpoints.json"
}

case ${1:-} in
  up) ;;
  down)
    [ -d "$run" ] || { echo "nothing runs under $home"; exit 0; }
    # The script that started them stops them; without it, we do.
    stop up TERM
    down
    echo "stopped; the state stays in $home"
    exit 0
    ;;
  *) fail "usage: dev-production.sh up DIRECTORY_OF_CARACALD | down" ;;
esac

caracald=$(realpath "${2:?directory of caracald}")/caracald
[ -x "$caracald" ] || fail "$caracald is missing; build it first"
"$(dirname "$0")/require.sh" servers
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
postgres_bin=${postgres_bin:-$(dirname "$(command -v postgres)")}

umask 077
mkdir -p "$home" "$secrets" "$log" "$run" "$home/redis"
exec 9>"$home/.lock"
flock --nonblock 9 || fail "already running under $home; stop it with: make dev-production-down"
# Left by an `up` that was killed.
down
remember up $$
trap 'trap - EXIT; echo; echo "stopping"; down' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# PostgreSQL refuses to be root, so root gives its files to an account that may only pass through the directory.
as_server=() server_user=
if [ "$(id -u)" = 0 ]; then
  server_user=$(id -un postgres 2>/dev/null || echo nobody)
  as_server=(setpriv --reuid "$server_user" --regid "$(id -gn "$server_user")" --clear-groups --)
  chmod 711 "$home"
  (cd / && "${as_server[@]}" test -x "$home") ||
    fail "PostgreSQL's account $server_user may not pass through the directories above $home; name another place in CARACAL_PRODUCTION_HOME"
fi

"$caracald" secrets init "$secrets" >/dev/null || fail "the secrets could not be made in $secrets"

# port PREFERRED: it if nobody listens there, a free one otherwise.
port() {
  python3 - "$1" "${CARACAL_PRODUCTION_PORTS:-usual}" <<'PY'
import socket, sys
for port in (0,) if sys.argv[2] == "any" else (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PY
}

# start NAME COMMAND…: in the background, its output in a log, its process id remembered.
start() {
  local name=$1
  shift
  # A session of its own: Ctrl-C is for this script, which then stops them in order.
  setsid "$@" >>"$log/$name.log" 2>&1 9>&- </dev/null &
  remember "$name" $!
}

# waits_for NAME WHAT COMMAND…: until the command succeeds; fails when the process ends or half a minute is over.
waits_for() {
  local name=$1 what=$2
  shift 2
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    pid_of "$name" >/dev/null || fail "$name stopped: $(tail -n 1 "$log/$name.log")"
    sleep 0.1
  done
  fail "$name is not $what after 30 s; its log is $log/$name.log"
}

postgres_port=$(port 5432) redis_port=$(port 6379)
database=postgres://%s:%s@127.0.0.1:$postgres_port/caracal?sslmode=disable
# shellcheck disable=SC2059 # the format is ours
database_url() { printf "$database" "$1" "$(cat "$secrets/$2")" >"$secrets/$3"; }

pgdata=$home/postgres
if [ ! -s "$pgdata/PG_VERSION" ]; then
  echo "making a database cluster in $pgdata"
  rm -rf "$pgdata"
  mkdir "$pgdata"
  password=$(mktemp)
  cp "$secrets/postgresPassword" "$password"
  [ -z "$server_user" ] || chown "$server_user" "$pgdata" "$password"
  (cd / && "${as_server[@]}" "$postgres_bin/initdb" --pgdata "$pgdata" --username caracal --pwfile "$password" \
    --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --data-checksums) >"$log/initdb.log" 2>&1 9>&- ||
    fail "initdb failed: $(tail -n 1 "$log/initdb.log")"
  rm -f "$password"
fi
cd /
start postgres "${as_server[@]}" "$postgres_bin/postgres" -D "$pgdata" -p "$postgres_port" -k "$pgdata" \
  -c listen_addresses=127.0.0.1 -c max_connections=200
export PGPASSFILE=$home/pgpass
printf '127.0.0.1:%s:*:caracal:%s\n' "$postgres_port" "$(cat "$secrets/postgresPassword")" >"$PGPASSFILE"
psql=(psql --no-psqlrc --quiet --tuples-only --no-align -h 127.0.0.1 -p "$postgres_port" -U caracal)
waits_for postgres answering "${psql[@]}" -d postgres -c 'SELECT 1'
[ "$("${psql[@]}" -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'caracal'")" = 1 ] ||
  "${psql[@]}" -d postgres -c 'CREATE DATABASE caracal'

# The password in a file: an argument list is readable by everybody on the machine.
cat >"$home/redis/redis.conf" <<CONF
bind 127.0.0.1
port $redis_port
dir $home/redis
appendonly yes
appendfsync everysec
# The append-only file is what is read at the start; snapshots beside it only cost.
save ""
maxmemory 1gb
maxmemory-policy noeviction
requirepass $(cat "$secrets/redisPassword")
CONF
start redis redis-server "$home/redis/redis.conf"
printf 'redis://:%s@127.0.0.1:%s' "$(cat "$secrets/redisPassword")" "$redis_port" >"$secrets/redisUrl"
redis_answers() {
  REDISCLI_AUTH=$(cat "$secrets/redisPassword") redis-cli -h 127.0.0.1 -p "$redis_port" ping | grep -q PONG
}
waits_for redis answering redis_answers

database_url caracal postgresPassword migrateDatabaseUrl
for role in "${roles[@]}"; do
  database_url "caracal$role" "${role}DbPassword" "${role}DatabaseUrl"
done
migrate=(env "DATABASE_URL_FILE=$secrets/migrateDatabaseUrl" "REDIS_URL_FILE=$secrets/redisUrl"
  "CARACAL_MODE=$mode" CARACAL_STORAGE=production)
for role in "${roles[@]}"; do
  migrate+=("CARACAL_${role^^}_DB_PASSWORD_FILE=$secrets/${role}DbPassword")
done
"${migrate[@]}" "$caracald" migrate || fail "the database could not be migrated"

declare -A ports=()
ports[api]=$(port 3000) ports[sts]=$(port 8080) ports[gateway]=$(port 8081) ports[coordinator]=$(port 4000)
ports[audit]=$(port 9090)
sts_url=http://127.0.0.1:${ports[sts]}

# The processes share this machine's cores; a thread of each on every core would mostly wait for the others.
export TOKIO_WORKER_THREADS=${TOKIO_WORKER_THREADS:-$((($(nproc) + 1) / 2))}

# serve ROLE VARIABLE=SECRET_FILE…: each role gets its own secrets and no others.
serve() {
  local role=$1 variables=() pair
  shift
  for pair in "$@"; do
    variables+=("${pair%%=*}_FILE=$secrets/${pair#*=}")
  done
  start "$role" env -u PGPASSFILE "CARACAL_MODE=$mode" CARACAL_STORAGE=production "CARACAL_HOME=$home" HOST=127.0.0.1 \
    "PORT=${ports[$role]}" "ISSUER_URL=$sts_url" "STS_URL=$sts_url" "AUDIT_REPLAY_DIR=$home/spool" \
    AUDIT_LOG_ORIGIN=localhost \
    "DATABASE_URL_FILE=$secrets/${role}DatabaseUrl" "REDIS_URL_FILE=$secrets/redisUrl" \
    "STREAMS_HMAC_KEY_FILE=$secrets/streamsHmacKey" "AUDIT_HMAC_KEY_FILE=$secrets/auditHmacKey" \
    "METRICS_BEARER_FILE=$secrets/metricsBearer" "${variables[@]}" "$caracald" serve "$role"
}
ready() { curl -sS --fail --max-time 5 "http://127.0.0.1:${ports[$1]}/ready"; }
serve sts SECRET_STORE_KEK=secretStoreKek GATEWAY_STS_HMAC_KEY=gatewayStsHmacKey STS_ADMIN_TOKEN=stsAdminToken
serve api SECRET_STORE_KEK=secretStoreKek CARACAL_ADMIN_TOKEN=caracalAdminToken
serve coordinator IDEMPOTENCY_HMAC_KEY=idempotencyHmacKey CARACAL_COORDINATOR_TOKEN=caracalCoordinatorToken
serve audit AUDIT_ADMIN_TOKEN=auditAdminToken AUDIT_LOG_KEY=auditLogKey
# Upstreams on this machine are what one tries it with.
export CARACAL_PRIVATE_EGRESS_HOSTS=${CARACAL_PRIVATE_EGRESS_HOSTS-localhost,127.0.0.1}
serve gateway GATEWAY_STS_HMAC_KEY=gatewayStsHmacKey
for role in "${roles[@]}"; do
  waits_for "$role" ready ready "$role"
done

endpoints= pids=
for role in "${roles[@]}"; do
  endpoints+="\"$role\":\"http://127.0.0.1:${ports[$role]}\","
  pids+=${pids:+,}$(pid_of "$role")
done
printf '{%s"pid":%s,"pids":[%s]}' "$endpoints" $$ "$pids" >"$home/endpoints.json.new"
mv "$home/endpoints.json.new" "$home/endpoints.json"

cat <<SUMMARY

The production deployment runs on this machine:

$(for role in "${roles[@]}"; do printf '  %-12s http://127.0.0.1:%s\n' "$role" "${ports[$role]}"; done)
  $(printf '%-12s' postgresql) 127.0.0.1:$postgres_port, database caracal
  $(printf '%-12s' redis) 127.0.0.1:$redis_port

  token        $secrets/caracalAdminToken
  logs         $log
  first call   CARACAL_HOME=$home scripts/first-call.sh

Ctrl-C stops it, as does \`make dev-production-down\`. The state stays in $home.
SUMMARY

# Until somebody stops it, or something stops by itself.
while :; do
  for name in postgres redis "${roles[@]}"; do
    pid_of "$name" >/dev/null || fail "$name stopped: $(tail -n 1 "$log/$name.log")"
  done
  sleep 1 &
  wait $! || true
done
