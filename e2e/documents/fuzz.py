"""Holds every role of the running stack to its own OpenAPI document, as each kind of caller and as nobody.

CARACAL_HOME=... fuzz.py [--examples N] [--seed N] [--caller KIND] [--quick] [ROLE...]

Sets up a zone with one of everything, then lets Schemathesis ask: what the documents allow, what they do not, other
methods, no credentials and wrong ones. Fails on a 5xx, on an answer that the document does not tell, on a refusal of
another shape. The same seed asks the same questions.
"""

import argparse
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

HOME = pathlib.Path(os.environ["CARACAL_HOME"])
ENDPOINTS = json.loads((HOME / "endpoints.json").read_text())
TICKETS = "resource://tickets"
COVERAGE = "coverage"
ZONES = ("path.zoneId", "path.zone", "path.zone_id", "query.zone_id")
MOSTLY = 0.8  # How often a parameter names what is there, where it need not.
DOCUMENTS = pathlib.Path(__file__).resolve().parents[2] / "docs/openapi"
FEW = 3  # Those who may little ask this many times less than those who may much.


def secret(name):
    return (HOME / "secrets" / name).read_text().strip()


def ask(role, method, path, body=None, token=None, form=None):
    """The JSON of a good answer."""
    data, headers = None, {}
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
    elif body is not None:
        data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(ENDPOINTS[role] + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
            return json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path} answered {error.code}: {error.read().decode()}") from error


class Upstream(http.server.BaseHTTPRequestHandler):
    """What the Gateway calls: answers everything."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", "2"),
                            ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def upstream():
    """Where it listens."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


UPSTREAM = upstream()


class Zone:
    """A zone with one of everything."""

    def __init__(self):
        self.id = self.admin("POST", "/v1/zones", {"name": f"zone {uuid.uuid4()}", "dcr_enabled": True})["id"]
        self.application = self.make("applications", {"name": "desk", "registration_method": "managed"})
        config = {"auth_location": "header", "header_name": "X-Api-Key", "api_key": "a-key-of-the-upstream"}
        self.provider = self.make("providers", {"name": "Key", "kind": "api_key", "config_json": config})
        self.resource = self.make("resources", self.ticket_resource(TICKETS))
        content = "\n".join([
            "# caracal:data-document", "package caracal.authz", "import rego.v1",
            f"app_ids := {json.dumps({'desk': self.application['id']})}",
            f"grants := {json.dumps({TICKETS: {'application': 'desk', 'roles': {'reader': ['tickets:read']}}})}",
        ])
        self.policy = self.make("policies", {"name": "desk", "content": content})
        self.policy_set = self.make("policy-sets", {"name": "desk"})
        manifest = {"manifest": [{"policy_version_id": self.policy["version_id"]}]}
        self.set_version = self.make(f"policy-sets/{self.policy_set['id']}/versions", manifest)
        activate = f"policy-sets/{self.policy_set['id']}/activate"
        self.activation = self.make(activate, {"version_id": self.set_version["version_id"]})
        self.lifecycle = self.token(scope="agent:lifecycle")

    def recorded(self, mandate):
        """The request whose evidence the Control API shows: a mint of this form."""
        ask("sts", "POST", "/oauth/2/token", form=mandate)
        for _ in range(100):
            events = self.admin("GET", f"/v1/zones/{self.id}/audit?limit=1&decision=allow")["items"]
            if events:
                return events[0]["request_id"]
            time.sleep(0.2)
        raise SystemExit("the mint did not arrive in the ledger")

    @staticmethod
    def admin(method, path, body=None):
        return ask("api", method, path, body, secret("caracalAdminToken"))

    def make(self, path, body):
        return self.admin("POST", f"/v1/zones/{self.id}/{path}", body)

    def ticket_resource(self, identifier):
        return {
            "name": identifier, "identifier": identifier, "upstream_url": UPSTREAM,
            "scopes": ["tickets:read"], "credential_provider_id": self.provider["id"],
            "operations": [{"method": "GET", "path": "/tickets", "scope": "tickets:read"}],
        }

    def form(self, **fields):
        """What asks for a mandate."""
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "zone_id": self.id,
            "application_id": self.application["id"], "client_secret": self.application["client_secret"],
            "resource": TICKETS, **fields,
        }

    def token(self, **fields):
        """Asks for a mandate until policy is in force."""
        form = self.form(**fields)
        for _ in range(100):
            try:
                return ask("sts", "POST", "/oauth/2/token", form=form)["access_token"]
            except SystemExit as refused:
                last = refused
            time.sleep(0.2)
        raise last

    def coordinate(self, path, body):
        return ask("coordinator", "POST", f"/zones/{self.id}{path}", body, self.lifecycle)

    def session(self):
        body = {"application_id": self.application["id"], "ttl_seconds": 3600, "labels": ["reader"]}
        return self.coordinate("/agents", body)["agent_session_id"]

    def delegation(self, source, target):
        body = {
            "issuer_application_id": self.application["id"], "receiver_application_id": self.application["id"],
            "source_session_id": source, "target_session_id": target, "scopes": ["tickets:read"],
            "constraints": {"resources": [TICKETS]}, "ttl_seconds": 3600,
        }
        return self.coordinate("/delegations", body)["delegation_edge_id"]

    def admin_token(self, scope, capability):
        body = {"name": "fuzz", "scope": scope, "capability": capability}
        if scope == "zone":
            body["zone_id"] = self.id
        return self.admin("POST", "/v1/admin-tokens", body)


def control_api(zone, other):
    """Parameters by operation (`*`: of every one), and the callers."""
    # Commands are taken while this file is there; nobody who asks here has a mandate for one.
    (HOME / "control.open").touch()
    # What may be archived or ended is not what the other questions are about.
    spare = Zone()
    sessions, ended = [zone.session() for _ in range(2)], zone.session()
    delegations = [zone.delegation(sessions[0], sessions[1]) for _ in range(2)]
    mandate = zone.form(scope="tickets:read", agent_session_id=sessions[1], delegation_edge_id=delegations[0])
    request = zone.recorded(mandate)
    workload = zone.make("workloads", {"name": "desk"})
    sink = zone.make("notification-sinks", {"name": "desk", "url": "https://hooks.example/caracal"})
    trusted = {"issuer": "https://issuer.example", "jwks_url": "https://issuer.example/keys", "audience": "desk"}
    issuer = zone.make("subject-issuers", trusted)
    hold = zone.make("audit-holds", {"reason": "a case", "subject_id": "somebody"})
    people = [
        zone.admin("POST", "/v1/accounts", {"email": f"{name}.{zone.id}@example.org", "name": name, "role": "viewer"})["account"]["id"]
        for name in ("asked", "deleted")
    ]
    ids = {
        "path.zoneId": [zone.id],
        "applications/path.id": [zone.application["id"]],
        "providers/path.id": [zone.provider["id"]],
        "resources/path.id": [zone.resource["id"]],
        "policies/path.id": [zone.policy["id"]],
        "policies/path.versionId": [zone.policy["version_id"]],
        "policy_sets/path.id": [zone.policy_set["id"]],
        "policy_sets/path.versionId": [zone.set_version["version_id"]],
        "policy_shadow/path.id": [zone.policy_set["id"]],
        "policy_shadow/path.versionId": [zone.set_version["version_id"]],
        "policy_sets/query.version_id": [zone.set_version["version_id"]],
        "policy_sets/query.outbox_id": [zone.activation["outbox_id"]],
        "policy_sets/body.version_id": [zone.set_version["version_id"]],
        "resources/body.credential_provider_id": [zone.provider["id"]],
        "sessions/path.id": sessions,
        "sessions.terminate/path.id": [ended],
        "delegations/path.id": delegations[:1],
        "delegations.revoke/path.id": delegations[1:],
        "workloads/path.id": [workload["id"]],
        "workloads.delete/path.id": [spare.make("workloads", {"name": "desk"})["id"]],
        "workloads.delete/path.zoneId": [spare.id],
        "notification_sinks/path.id": [sink["id"]],
        "notification_sinks.delete/path.id": [spare.make("notification-sinks", {"name": "desk", "url": "https://hooks.example/caracal"})["id"]],
        "notification_sinks.delete/path.zoneId": [spare.id],
        "subject_issuers/path.id": [issuer["id"]],
        "subject_issuers.archive/path.id": [spare.make("subject-issuers", trusted)["id"]],
        "subject_issuers.archive/path.zoneId": [spare.id],
        "audit_holds.lift/path.id": [hold["id"]],
        "accounts/path.id": people[:1],
        "accounts.delete/path.id": people[1:],
        "audit/path.requestId": [request],
        "audit/query.request_id": [request],
        "query.session_id": sessions,
        "query.application_id": [zone.application["id"]],
        "query.parent_session_id": sessions[:1],
        "admin_tokens.revoke/path.id": [zone.admin_token("global", "read")["id"]],
        "zones.archive/path.zoneId": [spare.id],
        "zone_state.apply/path.zoneId": [spare.id],
        "applications.archive/path.zoneId": [spare.id],
        "applications.archive/path.id": [spare.application["id"]],
        "providers.archive/path.zoneId": [spare.id],
        "providers.archive/path.id": [spare.provider["id"]],
        "resources.archive/path.zoneId": [spare.id],
        "resources.archive/path.id": [spare.resource["id"]],
        "policies.archive/path.zoneId": [spare.id],
        "policies.archive/path.id": [spare.policy["id"]],
        "policy_sets.archive/path.zoneId": [spare.id],
        "policy_sets.archive/path.id": [spare.policy_set["id"]],
    }
    callers = {
        "operator": secret("caracalAdminToken"),
        "global-read": zone.admin_token("global", "read")["token"],
        "zone-write": zone.admin_token("zone", "write")["token"],
        "zone-read": zone.admin_token("zone", "read")["token"],
        "zone-approve": zone.admin_token("zone", "approve")["token"],
        "other-zone": other.admin_token("zone", "write")["token"],
        "agent": zone.lifecycle,
    }
    return ids, callers, ("operator",)


def coordinator(zone, other):
    sessions = [zone.session() for _ in range(4)]
    delegation = zone.delegation(sessions[0], sessions[1])
    ids = {
        "path.zone": [zone.id],
        "session/path.id": sessions[:2],
        "session.end/path.id": sessions[3:],
        "delegation/path.session": sessions[:2],
        "delegation/path.id": [delegation],
        "delegation.revoke/path.id": [zone.delegation(sessions[0], sessions[2])],
        "body.application_id": [zone.application["id"]],
        "body.issuer_application_id": [zone.application["id"]],
        "body.receiver_application_id": [zone.application["id"]],
        "body.source_session_id": sessions[:1],
        "body.target_session_id": sessions[1:2],
    }
    mandate = zone.token(scope="tickets:read", agent_session_id=sessions[1], delegation_edge_id=delegation)
    callers = {
        "agent": zone.lifecycle,
        "operator": secret("caracalCoordinatorToken"),
        "other-zone": other.lifecycle,
        "mandate": mandate,
    }
    return ids, callers, ("agent",)


def audit(zone, other):
    ids = {"query.zone_id": [zone.id], "path.zone_id": [zone.id]}
    callers = {
        "operator": secret("auditAdminToken"),
        "control-api": secret("caracalAdminToken"),
        "agent": zone.lifecycle,
    }
    return ids, callers, ("operator",)


def sts(zone, other):
    ids = {
        "query.zone_id": [zone.id],
        "keys.rotate/path.zone_id": [other.id],
        "body.zone_id": [zone.id],
        "body.application_id": [zone.application["id"]],
        "body.client_secret": [zone.application["client_secret"]],
        "body.resource": [TICKETS],
        "body.scope": ["tickets:read", "agent:lifecycle"],
        "body.grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
    }
    return ids, {"operator": secret("stsAdminToken"), "agent": zone.lifecycle}, ("operator",)


def gateway(zone, other):
    source, session = zone.session(), zone.session()
    minted = {"scope": "tickets:read", "agent_session_id": session, "delegation_edge_id": zone.delegation(source, session)}
    # One that has an address.
    zone.make("resources", zone.ticket_resource(f"{ENDPOINTS['gateway']}/r/{zone.id}/tickets"))
    ids = {
        "path.path": ["tickets"], "header.X-Caracal-Resource": [TICKETS],
        "path.zone_id": [zone.id], "path.name": ["tickets"],
    }
    callers = {
        # A mandate is used once, so each question has its own.
        "agent": {"url": f"{ENDPOINTS['sts']}/oauth/2/token", "form": zone.form(**minted)},
        "used-mandate": zone.token(**minted),
        "lifecycle": zone.lifecycle,
        "other-zone": other.lifecycle,
        "operator": secret("caracalAdminToken"),
    }
    return ids, callers, ("agent",)


def witness(zone, other):
    """Nobody proves who they are to a witness: what is asked proves itself, or is refused."""
    return {}, {}, ("nobody",)


ROLES = {"witness": witness, "api": control_api, "coordinator": coordinator, "audit": audit, "sts": sts, "gateway": gateway}


def document_of(role):
    """Where the document of a role is read. The Gateway serves none: its paths are an upstream's."""
    return str(DOCUMENTS / "gateway.json") if role == "gateway" else f"{ENDPOINTS[role]}/openapi.json"


def fitting(ids, operation):
    """What the parameters of an operation are drawn from; the narrower name counts."""
    name = operation["operationId"]
    drawn = {}
    for prefix in ("", name.rsplit(".", 1)[0] + "/", name + "/"):
        for key, values in ids.items():
            owner, _, parameter = key.rpartition("/")
            if (owner + "/" if owner else "") == prefix:
                drawn[parameter] = values
    return drawn


# What a zone that was just made need not have: 404 is its answer.
MAY_LACK = {"policy_shadow.get", "policy_canary.get"}


def settings(role, ids, token, seed, fixed, path):
    """The configuration of Schemathesis for one caller; with `fixed` paths name nothing but what is there."""
    gateway_has = (DOCUMENTS / "gateway.json").read_text()
    document = json.loads(gateway_has) if role == "gateway" else ask(role, "GET", "/openapi.json")
    lines = [f"seed = {seed}", 'hooks = "checks"', "continue-on-failure = true"]
    lists, operations = {}, []
    for item in document["paths"].values():
        for operation in item.values():
            if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
                # An answer without end; the roles' own tests ask for it.
                operations.append(f'[[operations]]\ninclude-operation-id = "{operation["operationId"]}"\nenabled = false')
                continue
            drawn = fitting(ids, operation)
            lines_of = [f'[[operations]]\ninclude-operation-id = "{operation["operationId"]}"\n[operations.parameters]']
            for parameter, values in drawn.items():
                if parameter in ZONES or (fixed and parameter.startswith("path.")):
                    lines_of.append(f'"{parameter}" = {json.dumps(values[0])}')
                    continue
                name = lists.setdefault(json.dumps(values), f"list{len(lists)}")
                lines_of.append(f'"{parameter}" = {{ dictionary = "{name}", probability = {MOSTLY} }}')
            if operation["operationId"] in MAY_LACK:
                lines_of.append("[operations.checks.ensure_resource_availability]\nenabled = false")
            operations.append("\n".join(lines_of))
    lines += [f"[dictionaries.{name}]\nvalues = {values}" for values, name in lists.items()]
    if isinstance(token, str):
        lines.append(f"[auth.openapi.bearer]\nbearer = {json.dumps(token)}")
    if role == "gateway":
        # Every method is an upstream's to have.
        lines.append("[checks.unsupported_method]\nenabled = false")
    # Bodies hold documents of their own, policies for one, whose rules no schema tells.
    lines.append("[checks.positive_data_acceptance]\nenabled = false")
    # What is too long for a line is refused before anybody looks at it (RFC 9110 15.5.15, RFC 6585 5).
    # What was asked of an older state is refused before it is compared with the one that there is (RFC 9110 15.5.13).
    refusals = [400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 428, 429, 431, "5xx"]
    lines.append(f"[checks.negative_data_rejection]\nexpected-statuses = {json.dumps(refusals)}")
    path.write_text("\n".join(lines + operations) + "\n")


def run(role, caller, ids, token, examples, seed, phases, directory):
    path = directory / f"{role}-{caller}.toml"
    settings(role, ids, token, seed, phases == COVERAGE, path)
    here = pathlib.Path(__file__).parent
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(path),
        "run", document_of(role), "--url", ENDPOINTS[role], "--max-examples", str(examples), "--phases", phases,
        "--generation-database", "none", "--no-shrink", "--no-color", "--warnings", "off",
        # Longer than an answer may take on a machine that does ten other things.
        "--request-timeout", "60",
    ]
    environment = {**os.environ, "PYTHONPATH": str(here), "CARACAL_FUZZ_CALLER": caller}
    if isinstance(token, dict):
        environment["CARACAL_FUZZ_MINT"] = json.dumps(token)
    began = time.monotonic()
    ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    print(f"{role} as {caller}, {phases}: {'ok' if ended.returncode == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s")
    print(ended.stdout if ended.returncode else "\n".join(
        line for line in ended.stdout.splitlines() if "generated" in line), ended.stderr, sep="\n", flush=True)
    return ended.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--caller", action="append", help="only this kind of caller")
    parser.add_argument("--quick", action="store_true", help="what is generated at random only")
    served = [role for role in ROLES if role in ENDPOINTS]
    parser.add_argument("roles", nargs="*", choices=[*ROLES, []], default=served)
    asked = parser.parse_args()
    zone, other = (Zone(), Zone()) if "api" in ENDPOINTS else (None, None)
    good = True
    with tempfile.TemporaryDirectory() as directory:
        for role in asked.roles:
            ids, callers, thorough = ROLES[role](zone, other)
            for caller, token in [*callers.items(), ("nobody", None)]:
                if asked.caller and caller not in asked.caller:
                    continue
                runs = [(max(1, asked.examples // FEW), "fuzzing")]
                if caller in thorough and asked.quick:
                    runs = [(asked.examples, "fuzzing")]
                elif caller in thorough:
                    runs = [(asked.examples, COVERAGE), (asked.examples, "fuzzing,stateful")]
                for examples, phases in runs:
                    good &= run(role, caller, ids, token, examples, asked.seed, phases, pathlib.Path(directory))
    sys.exit(not good)


if __name__ == "__main__":
    main()
