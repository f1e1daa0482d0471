#!/usr/bin/env bash
# The first governed call, step by step, against the running stack (`make up` or `caracal up`).
#
#   first-call.sh             every step with its command and its answer
#   first-call.sh --mandate   only a fresh mandate on stdout (its upstream lives for ten minutes)
#   first-call.sh --hint      what to type next
#   first-call.sh --help      this text
#
# Needs bash, curl and python3. Secrets travel in private files and over standard input: an argument
# list is readable by everybody on the machine. What is printed is redacted.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
home=${CARACAL_HOME:-${XDG_DATA_HOME:-${HOME:?}/.local/share}/caracal}
resource=resource://first-call
mode=${1:-walk}

fail() {
  echo "first-call: $*" >&2
  exit 1
}

case $mode in
  walk | --mandate | --hint) ;;
  -h | --help)
    # The head of this file, without its comment signs.
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
    exit 0
    ;;
  *) fail "unknown argument $mode; see $0 --help" ;;
esac

for tool in curl python3; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
[ -r "$home/endpoints.json" ] || fail "no running stack under $home; start one with \`make up\` or \`caracal up\`"

# Value of a dotted key path in the JSON on standard input; fails when it is absent.
json() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value if isinstance(value, str) else json.dumps(value))' "$1" 2>/dev/null ||
    fail "the answer has no $1"
}

endpoint() { json "$1" <"$home/endpoints.json"; }
api=$(endpoint api) sts=$(endpoint sts) gateway=$(endpoint gateway) coordinator=$(endpoint coordinator)

if [ "$mode" = --hint ]; then
  cat <<HINT
The first protected call, explained step by step:

  ./scripts/first-call.sh

The same call by hand: a mandate, then one request through the Gateway, which swaps it for the
upstream's own key (a mandate works once; asking again needs a new one):

  MANDATE=\$(./scripts/first-call.sh --mandate)
  curl -sS -H @<(printf 'Authorization: Bearer %s' "\$MANDATE") -H 'X-Caracal-Resource: $resource' $gateway/hello
HINT
  exit 0
fi
token_file=$home/secrets/caracalAdminToken
[ -r "$token_file" ] || fail "cannot read the admin token in $token_file"

# With --mandate, stdout is for the mandate alone.
if [ "$mode" = --mandate ]; then exec 3>/dev/null; else exec 3>&1; fi

private=$(mktemp -d)
chmod 700 "$private"
upstream_pid=
keep_upstream=
finish() {
  if [ -n "$upstream_pid" ] && [ -z "$keep_upstream" ]; then
    kill "$upstream_pid" 2>/dev/null || true
  fi
  rm -rf "$private"
}
trap finish EXIT

step_number=0
step() {
  step_number=$((step_number + 1))
  printf '\n%d. %s\n' "$step_number" "$*" >&3
}

# Secrets never reach the terminal, in whatever answer they stand.
redact() {
  python3 -c '
import re, sys
text = sys.stdin.read()
text = re.sub(r"(\"(?:client_secret|access_token|api_key|secret)\"\s*:\s*\")[^\"]*", r"\1***", text)
sys.stdout.write(text[:1500])'
}

# header FILE: an Authorization header for curl's -H @file, from a bearer on standard input.
header() { (umask 077; printf 'Authorization: Bearer %s' "$(cat)" >"$1"); }
header "$private/admin" <"$token_file"

# call EXPECTED METHOD URL [curl arguments…]: sets $answer; prints the code and the redacted body.
# Several codes may be expected, as a pattern: '401|403'.
call() {
  local expected=$1 method=$2 url=$3 code
  shift 3
  code=$(curl -sS --max-time 30 -o "$private/answer" -w '%{http_code}' -X "$method" "$@" "$url") ||
    fail "$method $url did not answer"
  answer=$(cat "$private/answer")
  printf '   -> %s %s\n' "$code" "$(redact <"$private/answer")" >&3
  [[ $code =~ ^($expected)$ ]] || fail "$method $url answered $code instead of $expected: $(redact <"$private/answer")"
}

# show COMMAND: the command as a person would type it, with variables for what is secret.
show() { printf '   $ %s\n' "$*" >&3; }

# admin EXPECTED METHOD PATH [JSON]: a Control API call.
admin() {
  local expected=$1 method=$2 path=$3 body=${4:-}
  if [ -n "$body" ]; then
    printf '%s' "$body" >"$private/body"
    show "curl -X $method $api$path -H \"Authorization: Bearer \$ADMIN_TOKEN\" -H 'Content-Type: application/json' -d '$(printf '%s' "$body" | redact)'"
    call "$expected" "$method" "$api$path" -H "@$private/admin" -H 'Content-Type: application/json' --data-binary "@$private/body"
  else
    show "curl ${method:+-X $method }$api$path -H \"Authorization: Bearer \$ADMIN_TOKEN\""
    call "$expected" "$method" "$api$path" -H "@$private/admin"
  fi
}

# coordinate EXPECTED METHOD PATH [JSON]: a Coordinator call with the lifecycle token.
coordinate() {
  local expected=$1 method=$2 path=$3 body=${4:-}
  local arguments=(-H "@$private/lifecycle")
  if [ -n "$body" ]; then
    arguments+=(-H 'Content-Type: application/json' --data-binary "$body")
  fi
  show "curl -X $method $coordinator$path -H \"Authorization: Bearer \$LIFECYCLE_TOKEN\"${body:+ -H 'Content-Type: application/json' -d '$body'}"
  call "$expected" "$method" "$coordinator$path" "${arguments[@]}"
}

# exchange EXPECTED [name=value…]: a token exchange (RFC 8693) with the application's secret.
exchange() {
  local expected=$1 field arguments=() shown=
  shift
  for field in "$@"; do
    arguments+=(--data-urlencode "$field")
    shown+=" --data-urlencode '$field'"
  done
  show "curl $sts/oauth/2/token --data-urlencode 'grant_type=urn:ietf:params:oauth:grant-type:token-exchange' --data-urlencode 'zone_id=$zone' --data-urlencode 'application_id=$application' --data-urlencode \"client_secret=\$CLIENT_SECRET\"$shown"
  call "$expected" POST "$sts/oauth/2/token" \
    --data-urlencode 'grant_type=urn:ietf:params:oauth:grant-type:token-exchange' \
    --data-urlencode "zone_id=$zone" --data-urlencode "application_id=$application" \
    --data-urlencode "client_secret@$private/client_secret" "${arguments[@]}"
}

# through EXPECTED MANDATE_FILE PATH: one request through the Gateway.
through() {
  show "curl $gateway$3 -H \"Authorization: Bearer \$MANDATE\" -H 'X-Caracal-Resource: $resource'"
  call "$1" GET "$gateway$3" -H "@$private/$2" -H "X-Caracal-Resource: $resource"
}

mint() {
  exchange 200 "resource=$resource" 'scope=hello:read' "agent_session_id=$session" \
    "delegation_edge_id=$delegation" ttl_seconds=300
  printf '%s' "$answer" | json access_token | header "$private/$1"
  show "MANDATE=...   # access_token of this answer"
}

printf 'The commands below work as typed in bash, each answer filling in what the next one needs.\n' >&3
show "ADMIN_TOKEN=\$(cat '$token_file')"

step 'An upstream that wants an API key, on this machine'
(umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(24), end="")' >"$private/api_key")
lifetime=$([ "$mode" = walk ] && echo 120 || echo 600)
# It reads the key and is then independent of this script's files.
python3 "$here/echo-upstream.py" "$private/port" "$private/api_key" "$lifetime" >/dev/null 2>&1 </dev/null 3>&- &
upstream_pid=$!
for _ in $(seq 100); do
  [ -s "$private/port" ] && break
  kill -0 "$upstream_pid" 2>/dev/null || fail 'the upstream did not start'
  sleep 0.1
done
[ -s "$private/port" ] || fail 'the upstream opened no port within ten seconds'
upstream=http://127.0.0.1:$(cat "$private/port")
echo "   $upstream" >&3

step 'A zone: the boundary of everything that follows'
admin 201 POST /v1/zones '{"name":"First call"}'
zone=$(printf '%s' "$answer" | json id)

step 'An application: the software that acts'
admin 201 POST "/v1/zones/$zone/applications" '{"name":"first-call","registration_method":"managed"}'
application=$(printf '%s' "$answer" | json id)
(umask 077; printf '%s' "$answer" | json client_secret | tr -d '\n' >"$private/client_secret")
show "CLIENT_SECRET=...   # client_secret of this answer, hidden here; nobody can read it a second time"

step 'A provider: the credential of the upstream, sealed, never shown again'
admin 201 POST "/v1/zones/$zone/providers" "$(python3 - "$private/api_key" <<'PY'
import json, sys
key = open(sys.argv[1], encoding="utf-8").read()
print(json.dumps({"name": "Echo key", "kind": "api_key",
                  "config_json": {"auth_location": "header", "header_name": "X-Api-Key", "api_key": key}}))
PY
)"
provider=$(printf '%s' "$answer" | json id)

step 'A resource: what may be called there, and the scope each call needs'
admin 201 POST "/v1/zones/$zone/resources" "{\"name\":\"Echo\",\"identifier\":\"$resource\",\"upstream_url\":\"$upstream\",\"scopes\":[\"hello:read\"],\"credential_provider_id\":\"$provider\",\"operations\":[{\"method\":\"GET\",\"path\":\"/hello\",\"scope\":\"hello:read\"}]}"

step 'A policy: who may hold which scope'
policy_text="# caracal:data-document
package caracal.authz
import rego.v1
app_ids := {\"first-call\": \"$application\"}
grants := {\"$resource\": {\"application\": \"first-call\", \"roles\": {\"greeter\": [\"hello:read\"]}}}
"
admin 201 POST "/v1/zones/$zone/policies" "$(POLICY=$policy_text python3 -c '
import json, os
print(json.dumps({"name": "first-call", "content": os.environ["POLICY"]}))')"
policy_version=$(printf '%s' "$answer" | json version_id)

step 'A policy set with that policy, activated'
admin 201 POST "/v1/zones/$zone/policy-sets" '{"name":"first-call"}'
set_id=$(printf '%s' "$answer" | json id)
admin 201 POST "/v1/zones/$zone/policy-sets/$set_id/versions" "{\"manifest\":[{\"policy_version_id\":\"$policy_version\"}]}"
set_version=$(printf '%s' "$answer" | json version_id)
admin 202 POST "/v1/zones/$zone/policy-sets/$set_id/activate" "{\"version_id\":\"$set_version\"}"
status_url=$(printf '%s' "$answer" | json status_url)
propagation=
for _ in $(seq 20); do
  # Not shown: only the outcome is interesting.
  propagation=$(curl -sS --max-time 10 -H "@$private/admin" "$api$status_url" | json propagation_status)
  case $propagation in loaded) break ;; failed) fail 'the policy set could not be loaded' ;; esac
  sleep 0.25
done
# Not being loaded yet is no failure: the STS also loads a zone on its first use, which is next.
echo "   propagation: $propagation" >&3

step 'A lifecycle token: the application may run sessions, nothing else'
exchange 200 "resource=$resource" 'scope=agent:lifecycle'
printf '%s' "$answer" | json access_token | header "$private/lifecycle"
show "LIFECYCLE_TOKEN=...   # access_token of this answer"

step 'Two sessions: one that hands authority on, one that acts'
coordinate 201 POST "/zones/$zone/agents" "{\"application_id\":\"$application\",\"ttl_seconds\":900,\"labels\":[\"greeter\"]}"
source_session=$(printf '%s' "$answer" | json agent_session_id)
coordinate 201 POST "/zones/$zone/agents" "{\"application_id\":\"$application\",\"ttl_seconds\":900,\"labels\":[\"greeter\"]}"
session=$(printf '%s' "$answer" | json agent_session_id)

step 'A delegation: exactly hello:read on exactly this resource, for a quarter of an hour'
coordinate 201 POST "/zones/$zone/delegations" "{\"issuer_application_id\":\"$application\",\"receiver_application_id\":\"$application\",\"source_session_id\":\"$source_session\",\"target_session_id\":\"$session\",\"scopes\":[\"hello:read\"],\"constraints\":{\"resources\":[\"$resource\"]},\"ttl_seconds\":900}"
delegation=$(printf '%s' "$answer" | json delegation_edge_id)

step 'A mandate: signed, minutes, one use'
mint mandate
if [ "$mode" = --mandate ]; then
  # The header file holds nothing but the scheme and the mandate.
  sed 's/^Authorization: Bearer //' "$private/mandate"
  keep_upstream=yes
  exit 0
fi

step 'The call: the Gateway checks the mandate and puts the real key in its place'
through 200 mandate /hello
[ "$(printf '%s' "$answer" | json saw_the_api_key)" = true ] || fail 'the upstream did not get its key'
[ "$(printf '%s' "$answer" | json saw_a_mandate)" = false ] || fail 'the mandate leaked to the upstream'

step 'The same mandate again: refused'
through 401 mandate /hello

step 'An operation that nobody declared: refused'
mint undeclared
through 403 undeclared /secrets

step 'One more mandate, and then the session ends'
mint held
coordinate 204 DELETE "/zones/$zone/agents/$session"

step 'The mandate that was minted before: refused'
through '401|403' held /hello

step 'A new mandate for the ended session: refused'
exchange '401|403' "resource=$resource" 'scope=hello:read' "agent_session_id=$session" "delegation_edge_id=$delegation"

step 'The ledger: what was decided, newest first'
ledger="/v1/zones/$zone/audit?limit=20&fields=occurred_at,event_type,decision,evaluation_status,resource,reason"
show "curl '$api$ledger' -H \"Authorization: Bearer \$ADMIN_TOKEN\""
complete=
for _ in $(seq 40); do
  rows=$(curl -sS --max-time 10 -H "@$private/admin" "$api$ledger" | python3 -c '
import json, sys
items = json.load(sys.stdin)["items"]
for row in items:
    print("   %-27s %-28s %-8s %s" % (row.get("occurred_at", ""), row.get("event_type", ""),
          row.get("decision") or "", row.get("reason") or row.get("evaluation_status") or ""))
sys.exit(0 if {"allow", "deny"} <= {row.get("decision") for row in items} else 3)') && complete=yes
  [ -n "$complete" ] && break
  # Evidence is kept before the answer is sent, and collected into the ledger a moment later.
  sleep 0.25
done
printf '%s\n' "$rows" >&3
[ -n "$complete" ] || fail 'the ledger does not show both an allowed and a denied decision within ten seconds'
printf '\nDone: one call allowed, four refused, all of it on record in zone %s.\n' "$zone" >&3
