"""Every method of the published admin client, `caracalai-admin` 1.0.0, unchanged, against the stack.

`ROUTES` says which request each method makes. A run compares that with what the client offers, with what it sends and
with what comes back, and fails when anything of the three is left out. `admin_client.py page` prints the handbook's page
of it (docs/src/reference/admin-client.md), which the run compares too.
"""

import asyncio
import inspect
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).parent.parent / "docs/src/reference/admin-client.md"

ZONE, AGENTS = "/v1/zones/{zone}", "/zones/{zone}/agents"

# What each method of a client asks; a second path is asked for what the first leaves open.
ROUTES = {
    "zones.list": "GET /v1/zones",
    "zones.get": f"GET {ZONE}",
    "zones.dcr_status": f"GET {ZONE}/dcr-status",
    "zones.create": "POST /v1/zones",
    "zones.patch": f"PATCH {ZONE}",
    "zones.delete": f"DELETE {ZONE}",
    "applications.list": f"GET {ZONE}/applications",
    "applications.get": f"GET {ZONE}/applications/{{id}}",
    "applications.create": f"POST {ZONE}/applications",
    "applications.patch": f"PATCH {ZONE}/applications/{{id}}",
    "applications.rotate_secret": f"POST {ZONE}/applications/{{id}}/rotate-secret",
    "applications.get_client_secret": f"GET {ZONE}/applications/{{id}}/client-secret",
    "applications.delete": f"DELETE {ZONE}/applications/{{id}}",
    "applications.dcr": f"POST {ZONE}/applications/dcr",
    "resources.list": f"GET {ZONE}/resources",
    "resources.get": f"GET {ZONE}/resources/{{id}}",
    "resources.create": f"POST {ZONE}/resources",
    "resources.patch": f"PATCH {ZONE}/resources/{{id}}",
    "resources.delete": f"DELETE {ZONE}/resources/{{id}}",
    "providers.list": f"GET {ZONE}/providers",
    "providers.get": f"GET {ZONE}/providers/{{id}}",
    "providers.create": f"POST {ZONE}/providers",
    "providers.patch": f"PATCH {ZONE}/providers/{{id}}",
    "providers.delete": f"DELETE {ZONE}/providers/{{id}}",
    "policies.list": f"GET {ZONE}/policies",
    "policies.get": f"GET {ZONE}/policies/{{id}}",
    "policies.create": f"POST {ZONE}/policies",
    "policies.validate": "POST /v1/policies/validate",
    "policies.add_version": f"POST {ZONE}/policies/{{id}}/versions",
    "policies.delete": f"DELETE {ZONE}/policies/{{id}}",
    "policy_templates.list": "GET /v1/policy-templates",
    "policy_templates.get": "GET /v1/policy-templates",
    "policy_sets.list": f"GET {ZONE}/policy-sets",
    "policy_sets.get": f"GET {ZONE}/policy-sets/{{id}}",
    "policy_sets.create": f"POST {ZONE}/policy-sets",
    "policy_sets.add_version": f"POST {ZONE}/policy-sets/{{id}}/versions",
    "policy_sets.list_versions": f"GET {ZONE}/policy-sets/{{id}}/versions",
    "policy_sets.simulate": f"POST {ZONE}/policy-sets/{{id}}/simulate",
    "policy_sets.activate": f"POST {ZONE}/policy-sets/{{id}}/activate",
    "policy_sets.activation_status": f"GET {ZONE}/policy-sets/{{id}}/activation-status",
    "policy_sets.delete": f"DELETE {ZONE}/policy-sets/{{id}}",
    "grants.list": f"GET {ZONE}/grants",
    "grants.get": f"GET {ZONE}/grants/{{id}}",
    "grants.create": f"POST {ZONE}/grants",
    "grants.revoke": f"DELETE {ZONE}/grants/{{id}}",
    "subject_issuers.list": f"GET {ZONE}/subject-issuers",
    "subject_issuers.get": f"GET {ZONE}/subject-issuers/{{id}}",
    "subject_issuers.create": f"POST {ZONE}/subject-issuers",
    "subject_issuers.patch": f"PATCH {ZONE}/subject-issuers/{{id}}",
    "subject_issuers.delete": f"DELETE {ZONE}/subject-issuers/{{id}}",
    "provider_connections.create": f"POST {ZONE}/provider-connections",
    "provider_connections.authorize_oauth": f"POST {ZONE}/provider-connections/oauth/authorize",
    "provider_connections.revoke": f"POST {ZONE}/provider-connections/revoke",
    "workloads.list": f"GET {ZONE}/workloads",
    "workloads.get": f"GET {ZONE}/workloads/{{id}}",
    "workloads.create": f"POST {ZONE}/workloads",
    "workloads.update": f"PUT {ZONE}/workloads/{{id}}",
    "workloads.rotate_secret": f"POST {ZONE}/workloads/{{id}}/rotate-secret",
    "workloads.get_secret": f"GET {ZONE}/workloads/{{id}}/secret",
    "workloads.delete": f"DELETE {ZONE}/workloads/{{id}}",
    "authority_records.list": f"GET {ZONE}/authority-records",
    "subjects.revoke": f"POST {ZONE}/subjects/revoke",
    "sessions.list": f"GET {ZONE}/sessions",
    "sessions.get": f"GET {AGENTS}/{{id}}",
    "sessions.children": f"GET {AGENTS}/{{id}}/children",
    "sessions.suspend": f"PATCH {AGENTS}/{{id}}/suspend",
    "sessions.resume": f"PATCH {AGENTS}/{{id}}/resume",
    "sessions.terminate": f"DELETE {AGENTS}/{{id}}",
    "sessions.effective_authority": f"GET {AGENTS}/{{id}}/effective-authority",
    "delegations.active": "GET /zones/{zone}/delegations/active",
    "delegations.inbound": "GET /zones/{zone}/delegations/inbound/{session}",
    "delegations.outbound": "GET /zones/{zone}/delegations/outbound/{session}",
    "delegations.traverse": "GET /zones/{zone}/delegations/{id}/traverse",
    "delegations.impact": "GET /zones/{zone}/delegations/{id}/impact",
    "delegations.revoke": "PATCH /zones/{zone}/delegations/{id}/revoke",
    "audit.list": f"GET {ZONE}/audit",
    "audit.by_request": f"GET {ZONE}/audit/by-request/{{id}}",
    "audit.explain": f"GET {ZONE}/audit/by-request/{{id}}/explain",
    "admin_audit.list": f"GET {ZONE}/admin-audit",
    "approvals.list": f"GET {ZONE}/approvals",
    "approvals.get": f"GET {ZONE}/approvals/{{id}}",
    "approvals.approve": f"POST {ZONE}/approvals/{{id}}/approve",
    "approvals.reject": f"POST {ZONE}/approvals/{{id}}/reject",
}

# What makes no request of its own: helpers over the methods above, and words.
HELPERS = {
    "with_default_headers": "a client that sends more headers",
    "ensure_application": "makes an application what it is asked to be, and gives it the secret",
    "ensure_api_key_provider": "the same for a provider of API keys",
    "ensure_client_credentials_provider": "the same for a provider that gets tokens for itself",
    "ensure_resource": "the same for a resource",
    "ensure_active_policy_set": "the same for a policy and the set that puts it in force",
    "ensure_grants": "the same for the policy that grants",
    "ensure_governed_upstreams": "the same for providers, resources and grants at once",
    "author_grants_document": "writes the document of grants",
    "is_provider_identifier": "tells whether a text is an identifier of a provider",
    "provider_identifier": "makes one of a text",
    "is_resource_identifier": "tells whether a text is an identifier of a resource",
    "resource_identifier": "makes one of a text",
    "ControlClient.invoke": "sends a command of a control key; published_clients.py has its cases",
}

# Methods that ask and are answered, and cannot make anything of it: the runtime SDKs read the same answer another way.
MISREAD = {
    name: "expects a bare list; the answer is `{items, next_cursor}`, as the runtime SDKs read it. Ask the route itself."
    for name in ("delegations.inbound", "delegations.outbound")
}

# Methods whose route answers 404 here, with the reason. There is none: what the published clients lack a method for
# (the assistant of the console, pages about the product) is none of theirs.
NOT_OFFERED = {}

# Routes that no method of a published client asks and that there are not, with the reason.
ASSISTANT = "of an assistant in the console, which there is not"
ABSENT = {
    "/v1/operator/status": ASSISTANT,
    "/v1/operator/capabilities": ASSISTANT,
    "/v1/operator/ai/status": ASSISTANT,
    f"{ZONE}/operator-conversations": ASSISTANT,
    "/v1/mint-rate-limit": "the limit of the whole deployment is the setting `STS_MINT_RATE_LIMIT_PER_MIN`; a zone lowers its own "
    "with `mint_limit_per_minute`",
}


def page():
    lines = [
        "# The published admin client",
        "",
        "<!-- Made by e2e/admin_client.py page; a test compares it. -->",
        "",
        "Programs that set Caracal up use `caracalai-admin`. Every public method of its release 1.0.0 is run, unchanged, against",
        "both deployments (SQLite and PostgreSQL) by the end-to-end suite, which fails when one of them is missing here, asks",
        "something else than is written here, or is refused.",
        "",
        "Tokens: methods of `sessions` and `delegations` other than `sessions.list` ask the Coordinator, all others the",
        "Control API.",
        "",
        "| Method | Request |",
        "|---|---|",
        *(f"| `{name}` | `{route}` |" for name, route in sorted(ROUTES.items())),
        "",
        "These make no request of their own:",
        "",
        "| Function | What it does |",
        "|---|---|",
        *(f"| `{name}` | {what} |" for name, what in sorted(HELPERS.items())),
        "",
        "## What the client misreads",
        "",
        "| Method | How |",
        "|---|---|",
        *(f"| `{name}` | {how} |" for name, how in sorted(MISREAD.items())),
        "",
        "## What is answered with 404",
        "",
    ]
    if NOT_OFFERED:
        lines += ["| Method | Why |", "|---|---|", *(f"| `{n}` | {why} |" for n, why in sorted(NOT_OFFERED.items()))]
    else:
        lines += [
            "No method: each has its route. These routes are asked by no method of a published client, and answer 404",
            "`route_not_found`; a run asks each.",
            "",
            "| Route | Why |",
            "|---|---|",
            *(f"| `{route}` | {why} |" for route, why in sorted(ABSENT.items())),
        ]
    return "\n".join(lines) + "\n"


def offered(client, module):
    """Every public method of the client, and every public function beside it."""
    names = set()
    for name in dir(client):
        value = getattr(client, name)
        if name.startswith("_"):
            continue
        if callable(value):
            names.add(name)
            continue
        names |= {f"{name}.{member}" for member in dir(value) if not member.startswith("_") and callable(getattr(value, member))}
    names |= {name for name in module.__all__ if inspect.isfunction(getattr(module, name))}
    names |= {f"ControlClient.{member}" for member in dir(module.ControlClient) if not member.startswith("_")}
    return names


class Recorder:
    """Stands before a client, and notes which methods came back with an answer and what each asked."""

    def __init__(self, make):
        import httpx

        self.sent, self.done = [], set()
        hooks = {"response": [lambda response: self.sent.append(response.request)]}
        self.client = make(httpx.Client(event_hooks=hooks))

    def __getattr__(self, group):
        value = getattr(self.client, group)
        return value if callable(value) else _Group(self, group, value)


class _Group:
    def __init__(self, recorder, name, group):
        self._recorder, self._name, self._group = recorder, name, group

    def __getattr__(self, member):
        method, name = getattr(self._group, member), f"{self._name}.{member}"

        def call(*args, **kwargs):
            before = len(self._recorder.sent)
            answer = method(*args, **kwargs)
            asked = self._recorder.sent[before:]
            verb, path = ROUTES[name].split(" ")
            pattern = re.sub(r"\\\{[a-z]+\\\}", "[^/]+", re.escape(path))
            for request in asked:
                as_said = request.method == verb and re.fullmatch(pattern, request.url.path)
                assert as_said, f"{name} asks {request.method} {request.url.path}, not {ROUTES[name]}"
            assert asked, f"{name} asks nothing"
            self._recorder.done.add(name)
            return answer

        return call


def refused(call, code):
    from caracalai_admin import AdminApiError

    try:
        call()
    except AdminApiError as error:
        return error.code == code
    return False


def objects(operator, zone, made):
    """What is made, read, changed, listed and put away."""
    from stack import check, unique

    z = operator.zones
    check(z.get(zone)["id"] == zone and any(each["id"] == zone for each in z.list()), "a zone is read and listed")
    check(z.patch(zone, {"name": "Renamed", "dcr_enabled": True})["name"] == "Renamed", "and changed")
    check(z.dcr_status(zone)["dcr_enabled"], "it registers short-lived applications")
    short = operator.applications.dcr(zone, {"name": unique("short"), "expires_in": 300})
    check(short["registration_method"] == "dcr", "one is registered")
    check(z.dcr_status(zone)["live_dcr_applications"] == 1, "and counted")

    apps = operator.applications
    app = apps.create(zone, {"name": unique("app"), "registration_method": "managed"})
    check(apps.patch(zone, app["id"], {"traits": ["team:a"]})["traits"] == ["team:a"], "an application is changed")
    check(apps.get(zone, app["id"])["traits"] == ["team:a"], "and read back")
    rotated = apps.rotate_secret(zone, app["id"])["client_secret"]
    check(apps.get_client_secret(zone, app["id"])["client_secret"] == rotated != app["client_secret"], "its secret too")
    check({app["id"], short["id"]} <= {each["id"] for each in apps.list(zone)}, "both are listed")

    providers = operator.providers
    body = {"name": unique("key"), "kind": "api_key", "config_json": {"header_name": "X-Key", "api_key": "k-1"}}
    provider = providers.create(zone, body)
    check(providers.patch(zone, provider["id"], {"name": "Other"})["name"] == "Other", "a provider is changed")
    check(providers.get(zone, provider["id"])["name"] == "Other", "and read back")
    check("k-1" not in str(providers.list(zone)), "and listed without its credential")

    resources = operator.resources
    resource = resources.create(
        zone,
        {
            "identifier": f"resource://{unique('r')}", "scopes": ["r:read"], "upstream_url": "https://upstream.example/",
            "credential_provider_id": provider["id"], "operation_enforcement": "transport_uniform",
        },
    )
    check(resources.patch(zone, resource["id"], {"scopes": ["r:read", "r:write"]})["scopes"][1] == "r:write", "a resource changes")
    check(resources.get(zone, resource["id"])["name"] == resource["name"], "and is read back")
    check(any(each["id"] == resource["id"] for each in resources.list(zone)), "and listed")

    grants = operator.grants
    grant = grants.create(
        zone, {"application_id": app["id"], "user_id": "person", "resource_id": resource["id"], "scopes": ["r:read"]}
    )
    check(grants.get(zone, grant["id"])["status"] == "active", "a grant is read")
    check([each["id"] for each in grants.list(zone, {"subject_id": "person"})] == [grant["id"]], "and found")
    grants.revoke(zone, grant["id"])
    check(grants.get(zone, grant["id"])["status"] == "revoked", "and taken back")

    connections = operator.provider_connections
    people = providers.create(
        zone,
        {
            "name": unique("people"), "kind": "oauth2_authorization_code",
            "config_json": {
                "authorization_endpoint": "https://id.example.com/auth", "token_endpoint": "https://id.example.com/token",
                "redirect_uri": "https://app.example.com/back", "client_id": "caracal", "client_secret": "s-1",
            },
        },
    )
    begun = connections.authorize_oauth(zone, {"provider_id": people["id"], "subject_id": "person"})
    check(begun["authorization_url"].startswith("https://id.example.com/auth?"), "somebody is sent to say yes")
    connected = connections.create(zone, {"provider_id": people["id"], "subject_id": "person", "access_token": "t-1"})
    check("t-1" not in str(connected), "a connection is kept, and its token told to nobody")
    check(connections.revoke(zone, {"provider_id": people["id"], "subject_id": "person"}) is not None, "and ended")

    issuers = operator.subject_issuers
    issuer = issuers.create(
        zone, {"issuer": f"https://login.example/{unique('t')}", "jwks_url": "https://login.example/k", "audience": "a"}
    )
    check(issuers.patch(zone, issuer["id"], {"audience": "b"})["audience"] == "b", "an issuer is changed")
    check(issuers.get(zone, issuer["id"]) in issuers.list(zone), "and read back and listed")
    issuers.delete(zone, issuer["id"])
    check(issuers.list(zone) == [], "and trusted no more")

    workloads = operator.workloads
    workload = workloads.create(zone, {"name": unique("job")})
    bound = workloads.update(zone, workload["id"], {"bindings": [{"env": "T", "resource": resource["identifier"]}]})
    check(len(bound["bindings"]) == 1, "a workload is bound")
    check(workloads.get(zone, workload["id"]) in workloads.list(zone), "and read back and listed")
    secret = workloads.rotate_secret(zone, workload["id"])["secret"]
    check(workloads.get_secret(zone, workload["id"])["secret"] == secret != workload["secret"], "its secret is another")
    workloads.delete(zone, workload["id"])
    check(workloads.list(zone) == [], "and it is gone")

    apps.delete(zone, app["id"])
    check(refused(lambda: apps.get(zone, app["id"]), "application_not_found"), "an archived application is gone")
    resources.delete(zone, resource["id"])
    check(refused(lambda: resources.get(zone, resource["id"]), "resource_not_found"), "so is a resource")
    providers.delete(zone, provider["id"])
    check(refused(lambda: providers.get(zone, provider["id"]), "provider_not_found"), "so is a provider")
    made |= {"with_default_headers"}
    named = operator.client.with_default_headers({"x-request-id": unique("named")})
    check(named.zones.get(zone)["id"] == zone, "a client that sends more headers works")


def policies(operator, zone):
    from stack import check, unique

    head = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n"
    templates = operator.policy_templates.list()
    check(operator.policy_templates.get(templates[0]["id"]) == templates[0], "a template is one of the list")
    check(
        refused(lambda: operator.policy_templates.get("none"), "policy_template_not_found"), "and none is none"
    )
    check(operator.policies.validate(f"{head}restrict := []\n")["valid"], "a document validates")
    policy = operator.policies.create(zone, {"name": unique("p"), "content": f"{head}restrict := []\n"})
    added = operator.policies.add_version(zone, policy["id"], f'{head}restrict := ["r"]\n')
    check([each["version"] for each in operator.policies.get(zone, policy["id"])["versions"]] == [2, 1], "two versions")
    check(any(each["id"] == policy["id"] for each in operator.policies.list(zone)), "a policy is listed")
    sets = operator.policy_sets
    made = sets.create(zone, unique("s"), "tried")
    version = sets.add_version(zone, made["id"], [{"policy_version_id": policy["version_id"]}])
    later = sets.add_version(zone, made["id"], [{"policy_version_id": added["version_id"]}])
    check(len(sets.list_versions(zone, made["id"])) == 2, "a set has two versions")
    check(sets.simulate(zone, made["id"], later["version_id"])["dry_run"], "one is simulated")
    check(sets.get(zone, made["id"])["active_version_id"] is None, "none is in force")
    activated = sets.activate(zone, made["id"], version["version_id"])
    check(activated["activated"], "one is put in force")
    status = sets.activation_status(zone, made["id"], version["version_id"], activated["outbox_id"])
    check(status["active"], "and is told to be")
    check(any(each["active_version_id"] == version["version_id"] for each in sets.list(zone)), "and listed so")
    sets.delete(zone, made["id"])
    operator.policies.delete(zone, policy["id"])
    check(refused(lambda: operator.policies.get(zone, policy["id"]), "policy_not_found"), "a policy is put away")


async def running(operator, zone, planner, tickets):
    """What lives while an agent works: sessions, delegations, approvals, and the evidence of them."""
    from caracalai import ApprovalRequired, Authority, CaracalError
    from published_clients import client, put_in_force
    from stack import check

    risk = 'risk := [{"scope": "tickets:write", "tier": "high"}]\napproval_tiers := [{"tier": "high", "ttl_seconds": 600}]\n'
    await asyncio.to_thread(put_in_force, operator, zone, risk)
    caracal = client(zone, *planner, [tickets])
    labels = [planner[0]]
    scopes = ["tickets:read", "tickets:write"]

    def told(root, child):
        s, d = operator.sessions, operator.delegations
        check(s.get(zone, root.session_id)["session_id"] == root.session_id, "a session is read")
        check(any(each["session_id"] == root.session_id for each in s.list(zone)), "and listed")
        children = s.children(zone, root.session_id)
        children = children["items"] if isinstance(children, dict) else children
        check(any(each["session_id"] == child.session_id for each in children), "and its child")
        check(bool(s.effective_authority(zone, child.session_id)), "what the child may do is told")
        delegation = child.delegation_id
        for name, misread in (("inbound", d.inbound(zone, child.session_id)), ("outbound", d.outbound(zone, root.session_id))):
            # The members' names, where the client looked for delegations.
            check(f"delegations.{name}" in MISREAD and "items" in misread, f"{name} is answered, and misread")
        for name, listed in (("active", d.active(zone)), ("traverse", d.traverse(zone, delegation))):
            listed = listed["items"] if isinstance(listed, dict) else listed
            check(any(each["delegation_id"] == delegation for each in listed), f"its delegation is told by {name}")
        check(d.impact(zone, delegation)["delegation_id"] == delegation, "and what taking it back would end")
        s.suspend(zone, child.session_id)
        check(s.get(zone, child.session_id)["status"] == "suspended", "a session is paused")
        s.resume(zone, child.session_id)
        check(s.get(zone, child.session_id)["status"] == "active", "and goes on")

    async def held():
        try:
            await caracal.fetch(tickets, "/tickets/1", method="POST", scopes=["tickets:write"])
        except ApprovalRequired as required:
            return required.approval_id
        raise AssertionError("what is under a tier is held")

    async with caracal.session(labels=labels) as root:
        narrowed = Authority.narrow(scopes, ttl_seconds=300, resource_id=tickets)
        try:
            async with caracal.session(authority=narrowed, labels=labels) as child:
                await asyncio.to_thread(told, root, child)
                first = await held()
                a = operator.approvals
                check((await asyncio.to_thread(a.get, zone, first))["state"] == "pending", "an approval waits")
                listed = await asyncio.to_thread(a.list, zone)
                check(any(each["id"] == first for each in listed), "and is listed")
                check((await asyncio.to_thread(a.approve, zone, first, "seen"))["state"] == "approved", "a yes")
                await caracal.fetch(tickets, "/tickets/1", method="POST", scopes=["tickets:write"], approval_id=first)
                second = await held()
                check((await asyncio.to_thread(a.reject, zone, second, "no"))["state"] == "rejected", "and a no")
                await asyncio.to_thread(operator.delegations.revoke, zone, child.delegation_id)
                await asyncio.to_thread(operator.sessions.terminate, zone, child.session_id)
                ended = child.session_id
        except CaracalError:
            # The client finds its session ended already.
            pass
        live = await asyncio.to_thread(operator.sessions.list, zone)
        check(all(each["session_id"] != ended for each in live if each.get("status") == "active"), "an ended session is gone")
        records = await asyncio.to_thread(operator.authority_records.list, zone)
        check(len(records) > 0, "authority records are listed")
    await caracal.aclose()


def evidence(operator, zone):
    import time

    from stack import check

    deadline = time.monotonic() + 30
    events = []
    while not events and time.monotonic() < deadline:
        events = operator.audit.list(zone, {"decision": "allow", "limit": 200})
        time.sleep(0.05)
    request = events[0]["request_id"]
    check(len(operator.audit.by_request(zone, request)) > 0, "the events of a request are told")
    check(operator.audit.explain(zone, request)["request_id"] == request, "and explained")
    check(len(operator.admin_audit.list(zone)) > 0, "and what administrators did")
    records = operator.authority_records.list(zone)
    subject = next(each["subject_id"] for each in records if each.get("subject_id"))
    check(operator.subjects.revoke(zone, {"subject_id": subject}) is not None, "all that a subject holds is ended")


def helpers(operator, zone, made):
    import caracalai_admin as module
    from stack import check, unique

    client = operator.client
    again = lambda call: [call(), call()]
    secret = "s" * 40
    name = unique("ensured")
    first, second = again(
        lambda: module.ensure_application(client, zone, name=name, traits=["team:a"], client_secret=secret)
    )
    check(first == second, "an application is ensured once")
    key = lambda: module.ensure_api_key_provider(
        client, zone, name="Key", identifier="provider://ensured-key", public_config={"header_name": "X-Key"}, api_key="k"
    )
    provider, same = again(key)
    check(provider == same, "a provider of keys is ensured once")
    token = lambda: module.ensure_client_credentials_provider(
        client, zone, name="Token", identifier="provider://ensured-token",
        public_config={"token_endpoint": "https://id.example.com/token", "client_id": "c", "client_auth_method": "client_secret_post"},
        client_secret="s",
    )
    one, other = again(token)
    check(one == other, "a provider of tokens is ensured once")
    resource = lambda: module.ensure_resource(
        client, zone, name="Ensured", identifier="resource://ensured", scopes=["e:read"],
        upstream_url="https://upstream.example/", credential_provider_id=provider,
        operation_enforcement="transport_uniform",
    )
    one, other = again(resource)
    check(one["id"] == other["id"], "a resource is ensured once")
    document = module.author_grants_document([module.ResourceGrant(first, "resource://ensured", ["e:read"])])
    check(operator.policies.validate(document)["valid"], "the document that is written validates")
    ensured = lambda: module.ensure_active_policy_set(
        client, zone, policy_name="ensured", set_name="ensured", content=document
    )
    again(ensured)
    ensured_set = next(each for each in operator.policy_sets.list(zone) if each["name"] == "ensured")
    check(len(operator.policy_sets.list_versions(zone, ensured_set["id"])) == 1, "a set is ensured once")
    grants = [module.ResourceGrant(first, "resource://ensured", ["e:read"])]
    again(lambda: module.ensure_grants(client, zone, grants=grants, policy_name="granted", set_name="granted"))
    upstream = module.GovernedUpstream(
        provider=module.GovernedUpstreamProvider(
            name="Key", identifier="provider://ensured-key", public_config={"header_name": "X-Key"}, api_key="k"
        ),
        resource=module.GovernedUpstreamResource(
            name="Governed", identifier="resource://governed", scopes=["e:read"], upstream_url="https://upstream.example/",
            operation_enforcement="transport_uniform",
        ),
        grants=[module.GovernedUpstreamGrant(application_id=first, scopes=["e:read"])],
    )
    one, other = again(lambda: module.ensure_governed_upstreams(client, zone, upstreams=[upstream]))
    check([each.provider_id for each in one] == [each.provider_id for each in other], "governed upstreams are ensured once")
    check(module.is_provider_identifier(module.provider_identifier("A key")), "identifiers of providers are made")
    check(module.is_resource_identifier(module.resource_identifier("A thing")), "and of resources")
    made |= {name for name in HELPERS if "." not in name}


def absent(zone):
    import httpx
    from stack import ENDPOINTS, check, secret

    headers = {"authorization": f"Bearer {secret('caracalAdminToken')}"}
    for route in ABSENT:
        for method in ("GET", "PUT", "POST"):
            url = ENDPOINTS["api"] + route.replace("{zone}", zone)
            answer = httpx.request(method, url, headers=headers, trust_env=False)
            told = answer.status_code == 404 and answer.json()["error"] == "route_not_found"
            check(told, f"{method} {route} is not there: {answer.status_code} {answer.text}")


def main():
    import caracalai_admin as module
    from published_clients import control, set_up
    from stack import Upstream, admin_over, check, unique

    operator, made = Recorder(admin_over), set()
    check(PAGE.read_text() == page(), "the handbook's page is this list; make it anew with admin_client.py page")
    missing = offered(operator.client, module) - set(ROUTES) - set(HELPERS) - set(NOT_OFFERED)
    check(not missing, f"every method is listed: {missing}")
    gone = (set(ROUTES) | set(HELPERS)) - offered(operator.client, module)
    check(not gone, f"nothing is listed that there is not: {gone}")
    upstream = Upstream()
    zone = operator.zones.create({"name": unique("zone")})["id"]
    absent(zone)
    print("objects")
    objects(operator, zone, made)
    print("policies")
    policies(operator, zone)
    print("helpers")
    helpers(operator, zone, made)
    print("what runs")
    working, planner, _, tickets, _, _ = set_up(operator.client, upstream)
    asyncio.run(running(operator, working, planner, tickets))
    print("evidence")
    evidence(operator, working)
    control(operator, operator.zones.create({"name": unique("robots")})["id"], upstream)
    made |= {"ControlClient.invoke"}
    operator.zones.delete(zone)
    check(refused(lambda: operator.zones.get(zone), "zone_not_found"), "an archived zone is gone")
    left = (set(ROUTES) | set(HELPERS)) - operator.done - made
    check(not left, f"every method was run: {left}")
    upstream.close()
    print("admin client: ok")


if __name__ == "__main__":
    if sys.argv[1:] == ["page"]:
        print(page(), end="")
    else:
        main()
