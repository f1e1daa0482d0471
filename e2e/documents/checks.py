"""What holds for every answer of every role, beside what its document says. Loaded by Schemathesis."""

import json
import os
import urllib.parse
import urllib.request

import schemathesis

# Whether the caller proves nothing.
NOBODY = os.environ.get("CARACAL_FUZZ_CALLER") == "nobody"
# What may be answered before anybody asks who calls: no such method, and a request that HTTP itself refuses.
BEFORE_AUTHENTICATION = (400, 401, 404, 405, 414, 431)

# Answers that are for everybody to keep, or for probes.
KEPT = {"keys.list", "health.get", "ready.get", "metrics.get"}
MINT = os.environ.get("CARACAL_FUZZ_MINT")

if MINT:

    @schemathesis.auth(refresh_interval=None)
    class FreshMandate:
        """A mandate of its own for each question."""

        def get(self, case, ctx):
            asked = json.loads(MINT)
            form = urllib.parse.urlencode(asked["form"]).encode()
            with urllib.request.urlopen(asked["url"], data=form, timeout=30) as answer:
                return json.load(answer)["access_token"]

        def set(self, case, data, ctx):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"


def header(response, name):
    values = response.headers.get(name)
    return values[0] if values else None


@schemathesis.check
def nobody_is_answered(ctx, response, case):
    # An empty alternative says that nobody need be proved.
    if NOBODY and {} not in case.operation.definition.raw.get("security", [None]):
        assert response.status_code in BEFORE_AUTHENTICATION, (
            f"{response.status_code} for a caller who proves nothing"
        )


@schemathesis.check
def refusals_name_their_request(ctx, response, case):
    if response.status_code < 400 or case.method == "HEAD":
        return
    kind = header(response, "content-type") or ""
    # A person in a browser is told in a page.
    if kind.startswith("text/html") and case.path.startswith("/oauth/2/"):
        return
    assert kind.startswith("application/json"), "a refusal that is no JSON"
    problem = response.json()
    told = header(response, "x-request-id")
    assert problem.get("error"), "a refusal without a code"
    assert told and told == problem.get("requestId") == problem.get("request_id"), "no request id, or several"


@schemathesis.check
def refusals_for_now_say_when_to_come_back(ctx, response, case):
    if response.status_code in (429, 503):
        assert (header(response, "retry-after") or "").isdecimal(), "no Retry-After in seconds"


@schemathesis.check
def answers_are_neither_kept_nor_guessed_at(ctx, response, case):
    if response.status_code < 400 and case.operation.definition.raw.get("operationId") in KEPT:
        return
    assert header(response, "x-content-type-options") == "nosniff", "an answer whose type may be guessed"
    assert "no-store" in (header(response, "cache-control") or ""), "an answer that caches may keep"
