#!/usr/bin/env bash
# What partitions by month would cost and save where blocks of evidence are kept, on a PostgreSQL of its own.
# Usage: measure-partitions.sh [MONTHS [LOGS [BLOCKS_A_MONTH]]]
#
# Both forms get the same blocks (8 KB, as 64 events take) and the same indexes. Counted is what no load of the machine changes: pages that a
# statement touches, and bytes of the server's log. Needs initdb and pg_ctl on PATH.
set -euo pipefail

months=${1:-24} logs=${2:-20} blocks=${3:-50}
place=$(mktemp -d)
stop() { run pg_ctl -D "$place/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$place"; }
trap stop EXIT
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
  chown nobody "$place"
  run() { setpriv --reuid nobody --regid nogroup --clear-groups env -u PGHOST "$@"; }
else
  run() { "$@"; }
fi
cd "$place"
run initdb -D "$place/data" -A trust -U measure >/dev/null
run pg_ctl -D "$place/data" -w -o "-k $place -c listen_addresses= -c max_locks_per_transaction=512 -c max_wal_size=8GB" -l "$place/log" start >/dev/null
sql() { run psql -h "$place" -U measure -d postgres -XqAt -v ON_ERROR_STOP=1 "$@"; }

columns="log bigint NOT NULL, first_index bigint NOT NULL, entries bigint NOT NULL, occurred_from bigint NOT NULL,
  occurred_until bigint NOT NULL, min_id text NOT NULL, max_id text NOT NULL, taken_at bigint NOT NULL, block bytea NOT NULL"
month=2629746000000
sql <<SQL
CREATE TABLE plain ($columns, PRIMARY KEY (log, first_index));
-- A unique index has to have the column by which the table is cut.
CREATE TABLE monthly ($columns, PRIMARY KEY (log, first_index, taken_at)) PARTITION BY RANGE (taken_at);
DO \$\$ BEGIN
  FOR month IN 0..$months LOOP
    EXECUTE format('CREATE TABLE monthly_%s PARTITION OF monthly FOR VALUES FROM (%s) TO (%s)', month, month * $month, (month + 1) * $month);
  END LOOP;
END \$\$;
CREATE INDEX ON plain (log, occurred_until, first_index);
CREATE INDEX ON plain (log, max_id, min_id);
CREATE INDEX ON monthly (log, occurred_until, first_index);
CREATE INDEX ON monthly (log, max_id, min_id);
ALTER TABLE plain ALTER block SET STORAGE EXTERNAL;
ALTER TABLE monthly ALTER block SET STORAGE EXTERNAL;
CREATE FUNCTION filled(start bigint, behind bigint) RETURNS TABLE (${columns// NOT NULL/}) LANGUAGE sql AS \$\$
  SELECT log, n * 64, 64, n * $month / $blocks, (n + 1) * $month / $blocks - 1, lpad(to_hex(n * 64), 32, '0'), lpad(to_hex(n * 64 + 63), 32, '0'),
    (n + 1) * $month / $blocks - 1, decode(repeat(md5((log * 1000003 + n)::text), 512), 'hex')
  FROM generate_series(start, behind - 1) n, generate_series(1, $logs) log ORDER BY n, log \$\$;
SQL

wal() { sql -c "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"; }
# Of the second time in one connection: the first reads the catalog, which a connection that is kept has.
pages() { sql -c "EXPLAIN (ANALYZE, BUFFERS, FORMAT json) $1" -c '\echo ;' -c "EXPLAIN (ANALYZE, BUFFERS, FORMAT json) $1" | python3 -c '
import json, sys
plan = json.loads(sys.stdin.read().split("\n;\n")[1])[0]
parts = [plan["Plan"], plan.get("Planning", {})]
print(sum(part.get(f"Shared {where} Blocks", 0) for part in parts for where in ("Hit", "Read")))'; }
row() { printf '| %s | %s | %s |\n' "$1" "$2" "$3"; }

all=$((months * blocks))
for table in plain monthly; do sql -c "INSERT INTO $table SELECT * FROM filled(0, $all)" -c "VACUUM ANALYZE $table"; done
printf '%s months, %s logs, %s blocks a month and log: %s blocks\n\n' "$months" "$logs" "$blocks" $((all * logs))
echo '| | one table | partitions by month |'
echo '|---|---|---|'
declare -A found
measure() { # NAME SQL-with-TABLE
  for table in plain monthly; do
    statement=${2//TABLE/$table}
    found[$table]=$(pages "$statement")
  done
  row "$1" "${found[plain]}" "${found[monthly]}"
}
last=$(((all - 1) * 64))
measure 'the newest block of a log (each append), pages' "SELECT * FROM TABLE WHERE log = 7 ORDER BY first_index DESC LIMIT 1"
measure 'whether an id is there (each append), pages' "SELECT first_index FROM TABLE WHERE log = 7 AND max_id >= lpad(to_hex($last), 32, '0') AND min_id <= lpad(to_hex($last), 32, '0')"
measure 'the block of an index (a receipt), pages' "SELECT * FROM TABLE WHERE log = 7 AND first_index <= $((last / 2)) ORDER BY first_index DESC LIMIT 1"
measure 'blocks of an hour a year ago (a search), pages' "SELECT first_index FROM TABLE WHERE log = 7 AND occurred_until >= $((months / 2 * month)) AND occurred_from < $((months / 2 * month + 3600000000)) ORDER BY occurred_until LIMIT 50"
for table in plain monthly; do
  before=$(wal)
  sql -c "INSERT INTO $table SELECT * FROM filled($all, $((all + blocks)))"
  found[$table]=$(((($(wal) - before)) / 1024))
done
row 'a month that comes: KiB of log' "${found[plain]}" "${found[monthly]}"

# The oldest month of every log goes, as retention does it: 32 blocks of one log in a transaction, then a vacuum.
before=$(wal)
for ((log = 1; log <= logs; log++)); do
  for ((from = 0; from < blocks; from += 32)); do
    echo "DELETE FROM plain WHERE log = $log AND first_index >= $((from * 64)) AND first_index < $((((from + 32 < blocks ? from + 32 : blocks)) * 64));"
  done
done | sql
deleted=$((($(wal) - before) / 1024))
sql -c 'VACUUM plain'
vacuumed=$((($(wal) - before) / 1024))
before=$(wal)
sql -c 'DROP TABLE monthly_0'
row 'the oldest month of every log goes: KiB of log' "$deleted, with its vacuum $vacuumed" "$((($(wal) - before) / 1024))"
# One log is held: its month must stay.
row 'the same where one log is held' "as much" 'not possible: what is dropped is of all logs'
