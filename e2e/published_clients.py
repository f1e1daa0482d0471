"""The published Python clients at 1.0.0, unchanged, against the stack.

`caracalai-admin` sets everything up, `caracalai-sdk` calls (application transport, nested sessions with narrowed
authority, delegate and accept), `caracalai-verify` guards an upstream.
"""

import asyncio
import base64
import json
import secrets
import time

import caracalai_admin as provisioning
from caracalai import (
    AccessDenied,
    ApprovalRequired,
    Authority,
    Caracal,
    CaracalError,
    DelegationConstraints,
)
from caracalai_admin import (
    AdminApiError,
    ControlClient,
    ControlClientError,
    GovernedUpstream,
    GovernedUpstreamGrant,
    GovernedUpstreamProvider,
    GovernedUpstreamResource,
    ResourceGrant,
)
from caracalai_revocation import InMemoryRevocationStore
from caracalai_verify import AuthOptions, create_mandate_verifier

from stack import ENDPOINTS, HOME, Upstream, admin, check, unique

API_KEY = "upstream-key-" + secrets.token_hex(16)


def client(zone, application, secret, resources):
    return Caracal.from_client_secret(
        coordinator_url=ENDPOINTS["coordinator"],
        sts_url=ENDPOINTS["sts"],
        gateway_url=ENDPOINTS["gateway"],
        zone_id=zone,
        application_id=application,
        client_secret=secret,
        resources=resources,
    )


def set_up(operator, upstream):
    zone = operator.zones.create({"name": unique("zone")})["id"]
    planner_secret, worker_secret = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
    planner = provisioning.ensure_application(
        operator, zone, name="planner", traits=[], client_secret=planner_secret
    )
    worker = operator.applications.create(zone, {"name": "worker", "registration_method": "managed"})
    worker, worker_secret = worker["id"], worker["client_secret"]

    tickets = "resource://tickets"
    provisioning.ensure_governed_upstreams(
        operator,
        zone,
        upstreams=[
            GovernedUpstream(
                provider=GovernedUpstreamProvider(
                    name="Ticket key",
                    identifier="provider://ticket-key",
                    public_config={"auth_location": "header", "header_name": "X-Api-Key"},
                    api_key=API_KEY,
                ),
                resource=GovernedUpstreamResource(
                    name="Tickets",
                    identifier=tickets,
                    scopes=["tickets:read", "tickets:write"],
                    upstream_url=upstream.url,
                    operation_enforcement="transport_uniform",
                ),
                grants=[
                    GovernedUpstreamGrant(application_id=planner, scopes=["tickets:read", "tickets:write"])
                ],
            )
        ],
    )
    provider = operator.providers.create(
        zone, {"name": "Mandate", "identifier": "provider://mandate", "kind": "caracal_mandate"}
    )
    billing, archive = "resource://billing", "resource://archive"
    for name, identifier in (("Billing", billing), ("Archive", archive)):
        provisioning.ensure_resource(
            operator,
            zone,
            name=name,
            identifier=identifier,
            scopes=["records:read"],
            upstream_url=upstream.url,
            credential_provider_id=provider["id"],
            operation_enforcement="transport_uniform",
        )
    provisioning.ensure_grants(
        operator,
        zone,
        grants=[
            ResourceGrant(planner, tickets, ["tickets:read", "tickets:write"]),
            ResourceGrant(planner, billing, ["records:read"]),
            ResourceGrant(worker, archive, ["records:read"]),
        ],
    )
    return zone, (planner, planner_secret), (worker, worker_secret), tickets, billing, archive


async def application_transport(zone, planner, tickets, upstream):
    print("application transport")
    caracal = client(zone, *planner, [tickets])
    async with caracal.application_transport(
        tickets, scopes=["tickets:read"], base_url=ENDPOINTS["gateway"]
    ) as http:
        before = len(upstream.requests)
        for path in ("/tickets/1?full=yes", "/tickets/2"):
            answer = await http.get(path)
            check(answer.status_code == 200, f"GET {path} answers {answer.status_code}")
            check(API_KEY not in answer.text, "the answer does not contain the upstream's key")
        seen = upstream.requests[before:]
        check([r["path"] for r in seen] == ["/tickets/1?full=yes", "/tickets/2"], "paths and query arrive as sent")
        check(all(r["headers"].get("x-api-key") == API_KEY for r in seen), "the upstream saw the real key")
        check(all("authorization" not in r["headers"] for r in seen), "the mandate stops at the Gateway")
    await caracal.aclose()


async def nested_sessions(zone, planner, tickets, upstream):
    print("nested sessions with narrowed authority")
    caracal = client(zone, *planner, [tickets])
    labels = [planner[0]]
    async with caracal.session(labels=labels, task="plan") as root:
        narrowed = Authority.narrow(["tickets:read"], ttl_seconds=300, resource_id=tickets)
        async with caracal.session(authority=narrowed, labels=labels) as child:
            check(bool(child.delegation_id), "the child holds a delegation of its own")
            answer = await caracal.fetch(tickets, "/tickets/7", scopes=["tickets:read"])
            check(answer.status_code == 200, "the narrowed child reads")
            before = len(upstream.requests)
            try:
                await caracal.fetch(tickets, "/tickets/7", method="POST", scopes=["tickets:write"])
                check(False, "a scope beyond the delegation is refused")
            except AccessDenied as denied:
                check(denied.code == "access_denied", "a scope beyond the delegation is refused")
            check(len(upstream.requests) == before, "and the upstream never heard of it")
            async with caracal.session(authority=Authority.inherit(), labels=labels) as grandchild:
                check(bool(grandchild.delegation_id), "a grandchild inherits")
                answer = await caracal.fetch(tickets, "/tickets/8", scopes=["tickets:read"])
                check(answer.status_code == 200, "and reads")
            ended = child
        try:
            await caracal.fetch(tickets, "/tickets/9", scopes=["tickets:read"], ctx=ended)
            check(False, "an ended session is refused")
        except CaracalError:
            check(True, "an ended session is refused")
        check(root.session_id != ended.session_id, "sessions are distinct")
    await caracal.aclose()


async def holder(receiving, worker, tickets, upstream, session_id, delegation_id, tried, release):
    """The receiving application, in a task of its own as in a process of its own."""
    async with receiving.session(labels=[worker[0]]) as bound:
        session_id.set_result(bound.session_id)
        offered = await delegation_id
        async with receiving.accept_delegation(offered, validate=True) as accepted:
            check(accepted.delegation_id == offered, "the receiver presents the delegation")
            # The resource view belongs to the planner: policy, not the delegation, has the last word.
            before = len(upstream.requests)
            try:
                await receiving.fetch(tickets, "/tickets/1", scopes=["tickets:read"])
                check(False, "a receiver without a grant of its own is refused")
            except AccessDenied:
                check(len(upstream.requests) == before, "a receiver without a grant of its own is refused")
        tried.set()
        await release.wait()


async def delegate_and_accept(zone, planner, worker, tickets, archive, upstream, operator):
    print("delegate and accept")
    issuing, receiving = client(zone, *planner, [tickets]), client(zone, *worker, [archive, tickets])
    loop = asyncio.get_running_loop()
    session_id, delegation_id = loop.create_future(), loop.create_future()
    tried, release = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(
        holder(receiving, worker, tickets, upstream, session_id, delegation_id, tried, release)
    )
    async with issuing.session(labels=[planner[0]]):
        delegation = await issuing.delegate(
            to_session_id=await session_id,
            to_application_id=worker[0],
            scopes=["tickets:read"],
            ttl_seconds=300,
            resource_id=tickets,
            constraints=DelegationConstraints(resources=[tickets]),
        )
        active = operator.delegations.active(zone)
        check(any(d["delegation_id"] == delegation.delegation_id for d in active["items"]), "it is listed as active")
        impact = operator.delegations.impact(zone, delegation.delegation_id)
        check(impact["delegation_id"] == delegation.delegation_id, "its impact is told")
        delegation_id.set_result(delegation.delegation_id)
        await asyncio.wait({holding, asyncio.create_task(tried.wait())}, return_when=asyncio.FIRST_COMPLETED)
        await issuing.revoke_delegation(delegation.delegation_id)
        active = operator.delegations.active(zone)
        check(all(d["delegation_id"] != delegation.delegation_id for d in active["items"]), "and gone once revoked")
        release.set()
        await holding
    async with issuing.session(labels=[planner[0]]):
        async with issuing.session(authority=Authority.none(), labels=[planner[0]]) as peer:
            pass
        async with issuing.session(
            authority=Authority.narrow(["tickets:read"], ttl_seconds=300, resource_id=tickets), labels=[planner[0]]
        ) as held:
            answer = await issuing.fetch(tickets, "/tickets/3", scopes=["tickets:read"])
            check(answer.status_code == 200, "a held delegation calls")
            await issuing.revoke_delegation(held.delegation_id)
            before = len(upstream.requests)
            try:
                await issuing.fetch(tickets, "/tickets/3", scopes=["tickets:read"])
                check(False, "a revoked delegation is refused at once")
            except CaracalError:
                check(len(upstream.requests) == before, "a revoked delegation is refused at once")
        check(bool(peer.session_id), "a peer without authority exists")
    await issuing.aclose()
    await receiving.aclose()


async def verifier(zone, planner, billing, upstream):
    print("an upstream that verifies mandates itself")
    caracal = client(zone, *planner, [billing])
    async with caracal.application_transport(
        billing, scopes=["records:read"], base_url=ENDPOINTS["gateway"]
    ) as http:
        answer = await http.get("/records")
        check(answer.status_code == 200, "the call arrives")
    header = upstream.requests[-1]["headers"]["authorization"]
    store = InMemoryRevocationStore()
    guard = create_mandate_verifier(
        AuthOptions(
            issuer=ENDPOINTS["sts"], audience=billing, expected_zone_id=zone, revocations=store, required_use="resource"
        )
    )
    result = await guard.authorization(header, required_scopes=["records:read"], required_targets=[billing])
    check(result.error is None, "the published verifier accepts the mandate")
    for overrides, code in (
        ({"required_scopes": ["records:write"]}, "insufficient_scope"),
        ({"required_targets": ["resource://other"]}, "invalid_token"),
    ):
        refused = (await guard.authorization(header, **overrides)).error
        check(refused is not None and refused.code == code, f"{overrides} is refused with {code}")
    payload = header.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    store.mark_revoked(claims["agent_session_id"])
    refused = (await guard.authorization(header)).error
    check(refused is not None and refused.code == "session_revoked", "a revoked session is refused")
    await caracal.aclose()


def evidence(operator, zone):
    print("evidence")
    for _ in range(100):
        events = operator.audit.list(zone, {"event_type": "gateway_resource_request", "limit": 200})
        if events:
            break
        time.sleep(0.1)
    check(len(events) > 0, f"{len(events)} governed calls are on record")
    denied = operator.audit.list(zone, {"decision": "deny", "limit": 200})
    check(len(denied) > 0, f"{len(denied)} denials are on record")
    explained = operator.audit.explain(zone, denied[0]["request_id"])
    check(explained["final_decision"] == "deny" and explained["denied"], "a denial can be explained")
    everything = json.dumps([operator.audit.list(zone, {"limit": 1000}), explained, operator.admin_audit.list(zone)])
    check(API_KEY not in everything, "the key is in no record")
    check(len(operator.authority_records.list(zone)) > 0, "authority records are listed")
    sessions = operator.sessions.list(zone)
    check(len(sessions) > 0, "sessions are listed")
    effective = operator.sessions.effective_authority(zone, sessions[0]["session_id"])
    check("inbound_delegations" in effective or "inbound_edges" in effective, "effective authority is told")
    providers = json.dumps(operator.providers.list(zone))
    check(API_KEY not in providers and "api_key" in providers, "providers name their secret, not its value")


def administration(operator, zone):
    print("administration")
    check(any(z["id"] == zone for z in operator.zones.list()), "zones are listed")
    check(len(operator.policy_templates.list()) == 4, "four policy templates")
    good = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\nrestrict := []\n"
    check(operator.policies.validate(good)["valid"], "a good document validates")
    try:
        operator.policies.validate("package elsewhere\nallow := true\n")
        check(False, "a bad document is refused")
    except AdminApiError as refused:
        check(refused.status == 422, "a bad document is refused")
    throwaway = operator.applications.create(zone, {"name": unique("app"), "registration_method": "managed"})
    rotated = operator.applications.rotate_secret(zone, throwaway["id"])
    check(rotated["client_secret"] != throwaway["client_secret"], "a rotated secret is another")
    shown = operator.applications.get_client_secret(zone, throwaway["id"])
    check(shown["client_secret"] == rotated["client_secret"], "and can be shown again")
    print("grants")
    resource = operator.resources.list(zone)[0]
    asked = {
        "application_id": throwaway["id"], "user_id": unique("person"), "resource_id": resource["id"],
        "scopes": resource["scopes"][:1],
    }
    granted = operator.grants.create(zone, asked)
    check(granted["status"] == "active" and granted["scopes"] == asked["scopes"], "a grant is written down")
    check(operator.grants.get(zone, granted["id"])["id"] == granted["id"], "and read back")
    for query in ({"subject_id": asked["user_id"]}, {"user_id": asked["user_id"], "scopes": asked["scopes"]}):
        found = operator.grants.list(zone, query)
        check([g["id"] for g in found] == [granted["id"]], f"and found by {' and '.join(query)}")
    operator.grants.revoke(zone, granted["id"])
    operator.grants.revoke(zone, granted["id"])
    check(operator.grants.get(zone, granted["id"])["status"] == "revoked", "and taken back, twice")
    try:
        operator.grants.create(zone, {**asked, "scopes": ["no:such:scope"]})
        check(False, "what the resource does not declare is not granted")
    except AdminApiError as refused:
        check(refused.code == "grant_scopes_exceed_resource", "what the resource does not declare is not granted")
    operator.applications.delete(zone, throwaway["id"])


def launcher(operator, zone):
    print("workloads")
    made = operator.workloads.create(zone, {"name": unique("nightly")})
    check(made["secret"].startswith("ws_") and made["bindings"] == [], "a workload is made with a secret")
    binding = {"env": "TICKETS_TOKEN", "resource": "resource://tickets", "scopes": ["tickets:read"]}
    optional = {"env": "OTHER_TOKEN", "resource": "resource://other", "optional": True, "on_failure": "warn"}
    bound = operator.workloads.update(zone, made["id"], {"bindings": [binding, optional]})
    check(bound["bindings"] == [binding, optional], "its variables are bound")
    check(operator.workloads.get(zone, made["id"]) == bound, "and read back")
    check(bound in operator.workloads.list(zone), "and listed")
    for body, code in (
        ({"bindings": [{"env": "LD_PRELOAD", "resource": "resource://tickets"}]}, "invalid_credential_env"),
        ({"bindings": [binding, binding]}, "duplicate_credential_env"),
    ):
        try:
            operator.workloads.update(zone, made["id"], body)
            check(False, f"{code} is refused")
        except AdminApiError as refused:
            check(refused.code == code, f"{code} is refused")
    try:
        operator.workloads.create(zone, {"name": made["name"].upper()})
        check(False, "its name is taken")
    except AdminApiError as refused:
        check(refused.status == 409 and refused.code == "workload_name_taken", "its name is taken")
    rotated = operator.workloads.rotate_secret(zone, made["id"])
    check(rotated["secret"] != made["secret"], "a rotated secret is another")
    shown = operator.workloads.get_secret(zone, made["id"])
    check(shown["secret"] == rotated["secret"], "and can be shown again")
    operator.workloads.delete(zone, made["id"])
    check(all(w["id"] != made["id"] for w in operator.workloads.list(zone)), "a deleted workload is gone")

    print("issuers of subjects")
    url = f"https://login.example/{unique('tenant')}"
    body = {"issuer": url, "jwks_url": "https://login.example/keys", "audience": "caracal"}
    trusted = operator.subject_issuers.create(zone, body)
    changed = operator.subject_issuers.patch(zone, trusted["id"], {"audience": "other"})
    check(changed["audience"] == "other" and changed["issuer"] == url, "an issuer is trusted and changed")
    check(operator.subject_issuers.get(zone, trusted["id"]) == changed, "and read back")
    try:
        operator.subject_issuers.create(zone, body)
        check(False, "an issuer is trusted once")
    except AdminApiError as refused:
        check(refused.code == "subject_issuer_exists", "an issuer is trusted once")
    operator.subject_issuers.delete(zone, trusted["id"])
    check(all(i["id"] != trusted["id"] for i in operator.subject_issuers.list(zone)), "and trusted no more")


async def approvals(zone, planner, tickets, upstream, operator):
    print("approvals")
    put_in_force(
        operator,
        zone,
        'risk := [{"scope": "tickets:write", "tier": "high"}]\napproval_tiers := [{"tier": "high", "ttl_seconds": 600}]\n',
    )
    caracal = client(zone, *planner, [tickets])
    labels = [planner[0]]
    scopes = ["tickets:read", "tickets:write"]
    async with caracal.session(labels=labels), caracal.session(
        authority=Authority.narrow(scopes, ttl_seconds=300, resource_id=tickets), labels=labels
    ):
        answer = await caracal.fetch(tickets, "/tickets/1", scopes=["tickets:read"])
        check(answer.status_code == 200, "what is under no tier goes on")
        before = len(upstream.requests)

        async def write(approval_id=None):
            return await caracal.fetch(
                tickets, "/tickets/1", method="POST", scopes=["tickets:write"], approval_id=approval_id
            )

        async def held():
            try:
                await write()
            except ApprovalRequired as required:
                return required
            raise AssertionError("what is under a tier is held")

        required = await held()
        check((await held()).approval_id == required.approval_id, "who asks again waits for the same")
        waiting = operator.approvals.get(zone, required.approval_id)
        check(waiting["state"] == "pending" and waiting["metadata_json"]["resources"] == [tickets], "it is in the inbox")
        check(any(a["id"] == waiting["id"] for a in operator.approvals.list(zone)), "and listed")
        try:
            await caracal.fetch(
                tickets, "/tickets/1", scopes=["tickets:read"], approval_id=required.approval_id
            )
            check(False, "it releases nothing else")
        except CaracalError as refused:
            check(refused.code == "access_denied", "it releases nothing else")
        check(len(upstream.requests) == before, "and the upstream never heard of it")
        waiter = asyncio.create_task(caracal.with_approval(write))
        decided = await asyncio.to_thread(operator.approvals.approve, zone, required.approval_id, "seen")
        check(decided["state"] == "approved", "an operator approves")
        check((await waiter).status_code == 200, "whoever waited goes on")
        check(operator.approvals.get(zone, required.approval_id)["state"] == "consumed", "and it is used up")
        check(len(upstream.requests) == before + 1, "one call arrived")
        try:
            operator.approvals.reject(zone, required.approval_id)
            check(False, "what was used is not decided again")
        except AdminApiError as refused:
            check(refused.code == "approval_not_decidable", "what was used is not decided again")
        another = await held()
        check(another.approval_id != required.approval_id, "the next call waits anew")
        operator.approvals.reject(zone, another.approval_id, "not today")
        for approval_id in (None, another.approval_id):
            try:
                await write(approval_id)
                check(False, "a no is a no")
            except AccessDenied:
                check(len(upstream.requests) == before + 1, "a no is a no")
    await caracal.aclose()


def put_in_force(operator, zone, documents):
    """Puts documents in force, beside all the others of the zone."""
    content = f"# caracal:data-document\npackage caracal.authz\nimport rego.v1\n{documents}"
    operator.policies.create(zone, {"name": unique("policy"), "content": content})
    newest = [operator.policies.get(zone, policy["id"])["versions"][0] for policy in operator.policies.list(zone)]
    sets = operator.policy_sets.list(zone)
    active = next(s for s in sets if s["active_version_id"])
    manifest = [{"policy_version_id": version["id"]} for version in newest]
    version = operator.policy_sets.add_version(zone, active["id"], manifest)
    activation = operator.policy_sets.activate(zone, active["id"], version["version_id"])
    for _ in range(200):
        status = operator.policy_sets.activation_status(
            zone, active["id"], version["version_id"], activation["outbox_id"]
        )
        if status["propagation_status"] == "loaded":
            break
        time.sleep(0.05)
    check(status["propagation_status"] == "loaded", "the documents get into force")


def freeze(operator, zone, planner, tickets, upstream):
    print("freezing a zone")
    put_in_force(operator, zone, 'restrict := ["incident"]\n')
    before = len(upstream.requests)

    async def call():
        caracal = client(zone, *planner, [tickets])
        try:
            async with caracal.application_transport(
        tickets, scopes=["tickets:read"], base_url=ENDPOINTS["gateway"]
    ) as http:
                await http.get("/tickets/1")
            return False
        except CaracalError:
            return True
        finally:
            await caracal.aclose()

    check(asyncio.run(call()), "every call is refused")
    check(len(upstream.requests) == before, "and the upstream never heard of it")


CONTROL_SCOPES = ["control:app:read", "control:app:write", "control:resource:read", "control:resource:write",
                  "control:identity-provider:read", "control:identity-provider:write", "control:policy:read",
                  "control:policy:write", "control:policy-set:read", "control:policy-set:write",
                  "control:session:read", "control:session:delete", "control:audit:read"]


def control_key(operator, zone):
    """A control key, and the resource that stands for the Control API in its zone."""
    operator.resources.create(
        zone, {"name": "Control", "identifier": "caracal-control", "scopes": CONTROL_SCOPES}
    )
    traits = ["control:invoke", "control:max-ttl:120", *(f"control:scope:{scope}" for scope in CONTROL_SCOPES)]
    return operator.applications.create(
        zone, {"name": "robot", "registration_method": "managed", "traits": traits}
    )


def refused(call, status, code):
    try:
        call()
    except ControlClientError as error:
        return (error.status, error.code) == (status, code) or print(error.status, error.code, error.reason)
    return False


def control(operator, zone, upstream):
    print("commands of a control key")
    key = control_key(operator, zone)

    def robot(**more):
        return ControlClient(
            sts_url=ENDPOINTS["sts"],
            control_url=ENDPOINTS["api"],
            audience="caracal-control",
            application_id=key["id"],
            client_secret=key["client_secret"],
            **more,
        )

    client, gate = robot(zone_scope=zone, ttl_seconds=60), HOME / "control.open"
    gate.unlink(missing_ok=True)
    closed = lambda: client.invoke("app", "list", {}, ["control:app:read"])
    check(refused(closed, 503, "control_disabled"), "a closed gate takes no command")
    gate.touch()
    try:
        made = client.invoke("app", "create", {"name": "made by a robot"}, ["control:app:write"])
        listed = client.invoke("app", "list", {}, ["control:app:read"])["items"]
        names = [application["name"] for application in listed]
        check("made by a robot" in names, "a command makes what its route makes")
        check("robot" not in names, "a control key does not see control keys")
        check(
            operator.applications.get(zone, made["id"])["created_by"] == f"control:{key['id']}",
            "what it made is attributed to it",
        )
        beyond = lambda: client.invoke("app", "delete", {"id": made["id"]}, ["control:app:delete"])
        try:
            beyond()
            check(False, "a scope that the key lacks is not minted")
        except ControlClientError as error:
            check((error.stage, error.status) == ("token", 403), "a scope that the key lacks is not minted")
        few = lambda: client.invoke("app", "create", {"name": "x"}, ["control:app:read"])
        check(refused(few, 403, "denied"), "a mandate runs what its scopes name")
        unknown = lambda: client.invoke("zone", "delete", {}, ["control:app:read"])
        check(refused(unknown, 403, "denied"), "there is no other command")
        elsewhere = robot(zone_scope="another-zone")
        other = lambda: elsewhere.invoke("app", "list", {}, ["control:app:read"])
        check(refused(other, 403, "denied"), "another zone is not reached")
        catalog = client.invoke("catalog", "describe", {}, ["control:app:read"])
        check(any(command["command"] == "state" for command in catalog["commands"]), "the catalogue is told")

        provider = {
            "identifier": "provider://robots", "name": "Robots", "kind": "api_key",
            "config": {"header_name": "X-Api-Key", "api_key": API_KEY},
        }
        grants = (
            "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n"
            + "app_ids := " + json.dumps({"robots": made["id"]}) + "\n"
            + "grants := " + json.dumps({"resource://robots": {
                "application": "robots", "roles": {made["id"]: ["robots:read"]}}}) + "\n"
        )
        document = {"objects": [
            {"kind": "policy-set", "spec": {"name": "robots", "policies": ["robots"]}},
            {"kind": "policy", "spec": {"name": "robots", "content": grants}},
            {"kind": "resource", "spec": {
                "identifier": "resource://robots", "name": "Robots", "scopes": ["robots:write", "robots:read"],
                "upstream_url": upstream.url, "credential_provider": "provider://robots",
                "operations": [{"method": "get", "path": "/tickets/1", "scope": "robots:read"}],
            }},
            {"kind": "identity-provider", "spec": provider},
            {"kind": "application", "spec": {"name": "made by a robot", "traits": ["team:robots"]}},
        ]}
        flags = {"document": json.dumps(document)}
        state = lambda verb: client.invoke("state", verb, flags, CONTROL_SCOPES)
        planned = state("plan")
        check(planned["ok"] and planned["drift"] and planned["dryRun"], "a plan tells what would change")
        check(planned["summary"]["created"] == 4 and planned["summary"]["updated"] == 1, str(planned["summary"]))
        applied = state("apply")
        check(applied["ok"] and all(outcome["applied"] for outcome in applied["outcomes"]), str(applied))
        verified = state("verify")
        check(verified["ok"] and not verified["drift"], f"nothing drifts after that: {verified}")
        again = state("apply")
        check(again["summary"]["unchanged"] == 5, "and a second run writes nothing")
        check(operator.policy_sets.list(zone) and any(
            policy_set["name"] == "robots" and policy_set["active_version_id"]
            for policy_set in operator.policy_sets.list(zone)), "the policy set is in force")
        ensured = client.invoke(
            "ensure", "application", {"spec": json.dumps({"name": "ensured"})},
            ["control:app:read", "control:app:write"],
        )
        check(ensured["outcomes"][0]["action"] == "create", "ensure makes what is not there")
        deadline = time.monotonic() + 30
        events = []
        while time.monotonic() < deadline and not any(e["decision"] == "deny" for e in events):
            tail = client.invoke("audit", "tail", {"event-type": "control.invoke"}, ["control:audit:read"])
            events = tail["items"]
        check(any(event["decision"] == "allow" for event in events), "commands are in the ledger")
        check(any(event["decision"] == "deny" for event in events), "and so are those that were refused")
    finally:
        gate.unlink()


async def calls(zone, planner, worker, tickets, billing, archive, upstream, operator):
    await application_transport(zone, planner, tickets, upstream)
    await nested_sessions(zone, planner, tickets, upstream)
    await delegate_and_accept(zone, planner, worker, tickets, archive, upstream, operator)
    await verifier(zone, planner, billing, upstream)
    await approvals(zone, planner, tickets, upstream, operator)


def main():
    upstream, operator = Upstream(), admin()
    zone, planner, worker, tickets, billing, archive = set_up(operator, upstream)
    administration(operator, zone)
    launcher(operator, zone)
    asyncio.run(calls(zone, planner, worker, tickets, billing, archive, upstream, operator))
    evidence(operator, zone)
    freeze(operator, zone, planner, tickets, upstream)
    control(operator, operator.zones.create({"name": unique("robots")})["id"], upstream)
    upstream.close()
    print("published clients: ok")


if __name__ == "__main__":
    main()
