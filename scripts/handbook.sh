# What pages of the handbook type before a reader begins: sourced by their comments, never shown. CARACAL_HOME, or where
# `caracal up` keeps its state, names the stack.
export CARACAL_HOME=${CARACAL_HOME:-$HOME/.local/share/caracal}

# url ROLE: where it answers.
url() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]+"/endpoints.json"))[sys.argv[2]])' "$CARACAL_HOME" "$1"; }

# as TOKEN CURL_ARGUMENT…: a request with the token in that file of the secrets.
as() {
  local token=$CARACAL_HOME/secrets/$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$token")" |
    curl -sS --fail-with-body -K - -H 'Content-Type: application/json' "$@"
}

# pick FIELD [INDEX]: of the object, or of one item of the listing, on standard input.
pick() {
  python3 -c '
import json, sys
told = json.load(sys.stdin)
items = told.get("items") if isinstance(told, dict) else told
print((told if items is None else items[int(sys.argv[2])])[sys.argv[1]])' "$1" "${2:-0}"
}
