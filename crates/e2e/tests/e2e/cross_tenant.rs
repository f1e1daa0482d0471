//! No role tells or does anything about another zone: every route of its document with another zone's ids, as everybody of
//! this one, in every spelling of the path, straight and through the console. The Control API has the same over all its
//! routes in `crates/api/tests`.

use std::collections::BTreeSet;

use caracal_core::{Secret, entity::AccountRole, json};
use caracal_crypto::tokens::ConsoleToken;
use caracal_e2e::{
    Agent, Deployment, Fixture, KEY_HEADER, READ, RawReply, Reply, Role, Stack, TICKETS,
    account::{invite, use_link},
    checkout, raw,
};
use caracal_wire::control::{
    Name,
    admin_tokens::{CreateToken, TokenCapability, TokenScope},
    resources::CreateResource,
};
use serde_json::{Value, json};

/// Whoever asks as often as this does is somebody else's test.
const UNLIMITED: [(&str, &str); 3] = [
    ("ADMIN_AUTH_FAIL_LIMIT_PER_MIN", "0"),
    ("COORDINATOR_UNAUTHENTICATED_RATE_LIMIT_PER_MIN", "0"),
    ("STS_STRANGER_LIMIT_PER_MIN", "0"),
];
const PASSWORD: &str = "correct horse battery staple";

/// A route of a document that names a zone in its path.
struct Route {
    role: Role,
    method: String,
    path: String,
}

/// The routes of a role's document, which is made from the declarations, that name a zone in their path.
fn routes_of(role: Role) -> Vec<Route> {
    let text = std::fs::read_to_string(checkout().join(format!("docs/openapi/{}.json", role.name())));
    let document: Value = serde_json::from_str(&text.expect("a document")).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            let operation = &item[method];
            // What anybody may ask tells everybody the same.
            let open = operation["security"][0] == json!({}) && operation["security"][1].is_null();
            if operation.is_object() && path.contains("{zone") && !open {
                routes.push(Route {
                    role,
                    method: method.to_uppercase(),
                    path: path.clone(),
                });
            }
        }
    }
    routes
}

fn routes() -> Vec<Route> {
    let roles = [Role::Coordinator, Role::Audit, Role::Sts];
    let routes: Vec<Route> = roles.into_iter().flat_map(routes_of).collect();
    assert!(routes.len() > 30, "{}", routes.len());
    routes
}

/// An id of the same form that nobody has.
fn nobodys(id: &str) -> String {
    format!("{}ffffffffffff", &id[..id.len() - 12])
}

/// What a zone holds.
struct Side<'s> {
    fixture: Fixture<'s>,
    agent: Agent,
    /// An event of its ledger.
    event: String,
}

impl<'s> Side<'s> {
    async fn of(stack: &'s Stack) -> Self {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        // Called at its address, which names the zone.
        let provider = fixture.zone.api_key(KEY_HEADER, "a-key-of-the-address").await;
        let address = format!("{}/r/{}/tickets", stack.url(Role::Gateway), fixture.zone.id);
        let operations = [("GET", "/tickets", READ)];
        let addressed = CreateResource::forwarding(address, fixture.upstream.url(), provider, &operations);
        fixture.zone.resource(&addressed).await;
        let events = fixture.zone.ledger_once(|events| !events.is_empty()).await;
        let event = events[0]["id"].as_str().expect("an id").to_owned();
        Self {
            fixture,
            agent,
            event,
        }
    }

    fn zone(&self) -> &str {
        &self.fixture.zone.id
    }

    /// The path of a route in `zone`, about what this side holds; or about what nobody does.
    fn path(&self, route: &Route, zone: &str, known: bool) -> String {
        let id = |id: &str| if known { id.to_owned() } else { nobodys(id) };
        let object = if route.path.contains("/delegations/") {
            &self.agent.delegation
        } else {
            &self.agent.session
        };
        route
            .path
            .replace("{zone}", zone)
            .replace("{zone_id}", zone)
            .replace("{zoneId}", zone)
            .replace("{id}", &id(object))
            .replace("{session}", &id(&self.agent.session))
            .replace("{event_id}", &id(&self.event))
            .replace("{requestId}", "of-nobody")
            .replace("{versionId}", &nobodys(zone))
            .replace("{deliveryId}", &nobodys(zone))
            .replace("{chain_seq}", "1")
            .replace("{path}", "0/000")
    }

    /// What a route is sent that makes something in the zone of `here` out of what this side holds.
    fn body(&self, route: &Route, here: &Self, known: bool) -> Value {
        let id = |id: &str| if known { id.to_owned() } else { nobodys(id) };
        match (route.method.as_str(), route.path.as_str()) {
            ("POST", "/zones/{zone}/agents") => json!({
                "application_id": here.fixture.application.id, "parent_id": id(&self.agent.session), "ttl_seconds": 60,
            }),
            ("POST", "/zones/{zone}/delegations") => json!({
                "issuer_application_id": here.fixture.application.id,
                "receiver_application_id": id(&self.fixture.application.id),
                "source_session_id": here.agent.source, "target_session_id": id(&self.agent.session),
                "parent_edge_id": id(&self.agent.delegation), "scopes": [READ],
                "constraints": {"resources": [TICKETS]}, "ttl_seconds": 60,
            }),
            _ => json!({}),
        }
    }

    /// What an administrator sees of it that ought to stay as it is.
    async fn state(&self) -> Value {
        let mut seen = Vec::new();
        for path in ["/sessions", "/delegations", "/authority-records", "/state"] {
            seen.push(self.fixture.zone.admin("GET", path, None).await.expect(200).json);
        }
        Value::Array(seen)
    }
}

/// Somebody with a password at the console, who reaches `zone` alone: the session they are signed in with.
async fn person(stack: &Stack, zone: &str, role: AccountRole) -> String {
    let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
    let zones = Some(vec![zone.parse().expect("an id")]);
    let made = invite(stack, &email, role, zones).await;
    let used = stack.request(Role::Api, "POST", "/v1/console/links/use");
    let used = Reply::of(used.json(&use_link(&made.link.link, PASSWORD))).await;
    used.expect(201).text_of("token")
}

/// A token that somebody of a zone holds.
struct Bearer {
    class: String,
    token: String,
}

/// Every class of them.
async fn bearers(stack: &Stack, side: &Side<'_>) -> Vec<Bearer> {
    let mut all: Vec<(String, String)> = [
        ("nobody", String::new()),
        ("a guess", String::from("guess")),
        ("a lifecycle mandate", side.agent.lifecycle.clone()),
        ("a gateway mandate", side.fixture.mandate(&side.agent, READ).await),
        ("a secret", side.fixture.application.secret.clone()),
    ]
    .map(|(class, token)| (class.to_owned(), token))
    .into();
    let token = |capability: TokenCapability, reveals: Option<bool>| CreateToken {
        name: Name(capability.as_str().to_owned()),
        scope: TokenScope::Zone,
        zone_id: Some(side.zone().parse().expect("an id")),
        capability: Some(capability),
        reveals,
        expires_at: None,
    };
    for capability in [
        TokenCapability::Read,
        TokenCapability::Write,
        TokenCapability::Approve,
    ] {
        let body = json::tree(&token(capability, None));
        let made = stack.admin("POST", "/v1/admin-tokens", Some(body)).await;
        let text = made.expect(201).text_of("token");
        all.push((format!("an admin token that may {}", capability.as_str()), text));
    }
    // What a token reveals is said apart.
    let body = json::tree(&token(TokenCapability::Read, Some(true)));
    let made = stack.admin("POST", "/v1/admin-tokens", Some(body)).await;
    all.push((
        String::from("an admin token that reveals"),
        made.expect(201).text_of("token"),
    ));
    let admin = Secret::new(stack.admin_token());
    for class in ConsoleToken::ALL {
        let token = class.derive(&admin).expose().to_owned();
        all.push((format!("the console's own {class:?}"), token));
    }
    for role in [
        AccountRole::Admin,
        AccountRole::Operator,
        AccountRole::Approver,
        AccountRole::Auditor,
        AccountRole::Viewer,
    ] {
        all.push((
            format!("a person as {}", role.as_str()),
            person(stack, side.zone(), role).await,
        ));
    }
    all.into_iter()
        .map(|(class, token)| Bearer { class, token })
        .collect()
}

async fn ask(stack: &Stack, route: &Route, path: &str, token: &str, body: &Value) -> Reply {
    let request = stack.request(route.role, &route.method, path);
    let request = if token.is_empty() {
        request
    } else {
        request.bearer_auth(token)
    };
    let request = if route.method == "GET" {
        request
    } else {
        request.json(body)
    };
    Reply::of(request).await
}

fn said(reply: &Reply) -> (u16, Value, Value) {
    (
        reply.status,
        reply.json["error"].clone(),
        reply.json["reason"].clone(),
    )
}

/// In the other zone everybody of this one is refused as in one that there is not.
async fn another_zone(stack: &Stack, here: &Side<'_>, there: &Side<'_>) {
    let nowhere = nobodys(there.zone());
    for Bearer { class, token } in bearers(stack, here).await {
        for route in routes() {
            let (known, unknown) = (
                there.path(&route, there.zone(), true),
                there.path(&route, &nowhere, true),
            );
            let body = there.body(&route, there, true);
            let known = ask(stack, &route, &known, &token, &body).await;
            let unknown = ask(stack, &route, &unknown, &token, &body).await;
            let what = format!("{} {} as {class}: {known:#?}", route.method, route.path);
            assert!([401, 403, 404].contains(&known.status), "{what}");
            assert_eq!(said(&known), said(&unknown), "{what}");
        }
    }
}

/// In this zone the other's ids are as those that nobody has, for whoever may do everything here.
async fn ids_of_another_zone(stack: &Stack, here: &Side<'_>, there: &Side<'_>) {
    let mut refusals = BTreeSet::new();
    let coordinator = stack.secret("caracalCoordinatorToken");
    let audit = stack.secret("auditAdminToken");
    let operator = person(stack, here.zone(), AccountRole::Operator).await;
    for route in routes() {
        let tokens: &[&str] = match route.role {
            Role::Coordinator => &[&coordinator, &here.agent.lifecycle, &operator],
            Role::Audit => &[&audit, &operator],
            // Of its routes none is about an object of a zone.
            _ => &[],
        };
        for token in tokens {
            let paths = [true, false].map(|known| there.path(&route, here.zone(), known));
            let bodies = [true, false].map(|known| there.body(&route, here, known));
            let foreign = ask(stack, &route, &paths[0], token, &bodies[0]).await;
            let unknown = ask(stack, &route, &paths[1], token, &bodies[1]).await;
            let what = format!("{} {}: {foreign:#?}", route.method, route.path);
            assert_eq!(said(&foreign), said(&unknown), "{what}");
            if paths[0] != paths[1] || bodies[0] != bodies[1] {
                // A listing of what nobody has is empty.
                let listed = foreign.json["items"].as_array().or(foreign.json.as_array());
                let empty =
                    listed.is_some_and(Vec::is_empty) || foreign.json["effective_scopes"] == json!([]);
                assert!(foreign.status >= 400 || empty, "{what}");
                refusals.insert(foreign.status);
            }
        }
    }
    assert!(refusals.contains(&404), "{refusals:?}");
}

/// Ways to write a path into zone `there` for somebody who may be in `here`.
fn spellings(path: &str, here: &str, there: &str) -> Vec<String> {
    let (head, rest) = path.split_once(there).expect("the zone");
    let encoded = format!("%{:02x}{}", there.as_bytes()[0], &there[1..]);
    let slashes = format!("{there}{}", rest.replace('/', "%2F"));
    vec![
        format!("{head}{here}/../{there}{rest}"),
        format!("{head}{here}/%2e%2e/{there}{rest}"),
        format!("{head}{here}%2F..%2F{there}{rest}"),
        format!("{head}{here}/..%2f{slashes}"),
        format!("{head}{here}%252F..%252F{there}{rest}"),
        format!("{head}{here}/%252e%252e/{there}{rest}"),
        format!("{head}{here}%5C..%5C{there}{rest}"),
        format!("/{head}{there}{rest}"),
        format!("{head}/{there}{rest}"),
        format!("{head}./{there}{rest}"),
        format!("{head}{there}//{}", rest.trim_start_matches('/')),
        format!("{head}{encoded}{rest}"),
        format!("{head}{there}%00{rest}"),
        format!("{head}{there}%20{rest}"),
        format!("{head}{there};zone={here}{rest}"),
        format!("{head}{}{rest}", there.to_uppercase()),
        format!("{head}{there}{rest}/"),
        format!("{head}{there}{rest}?zone={here}&zone_id={here}&zoneId={here}"),
        format!("{head}{there}{rest}#{here}"),
    ]
}

/// Sends what no client would write.
async fn written(url: &str, method: &str, path: &str, headers: &str) -> RawReply {
    let host = url.strip_prefix("http://").expect("an http URL");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/json\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\n{{}}"
    );
    raw(url, request.as_bytes()).await
}

/// Refused, without a word of what is there.
fn assert_refused(reply: &RawReply, asked: &str, there: &Side<'_>) {
    let what = format!("{asked}: {}", reply.text);
    assert!([400, 401, 403, 404, 405].contains(&reply.status), "{what}");
    for id in [&there.agent.session, &there.agent.delegation, &there.event] {
        let told = reply.text.contains(id.as_str()) && !asked.contains(id.as_str());
        assert!(!told, "{what} tells of {id}");
    }
}

async fn spelled_in_every_way(stack: &Stack, here: &Side<'_>, there: &Side<'_>) {
    let person = person(stack, here.zone(), AccountRole::Admin).await;
    for route in routes() {
        let path = there.path(&route, there.zone(), true);
        let token = if route.role == Role::Coordinator {
            &here.agent.lifecycle
        } else {
            &person
        };
        let headers = format!("Authorization: Bearer {token}\r\n");
        let url = stack.url(route.role);
        for path in spellings(&path, here.zone(), there.zone()) {
            let reply = written(&url, &route.method, &path, &headers).await;
            assert_refused(&reply, &format!("{} {path}", route.method), there);
        }
    }
    // A call names its resource by its address too.
    let address = format!("/r/{}/tickets/tickets", there.zone());
    let gateway = stack.url(Role::Gateway);
    for named in ["", "X-Caracal-Resource: resource://tickets\r\n"] {
        for path in spellings(&address, here.zone(), there.zone()) {
            let mandate = here.fixture.mandate(&here.agent, READ).await;
            let headers = format!("Authorization: Bearer {mandate}\r\n{named}");
            let reply = written(&gateway, "GET", &path, &headers).await;
            assert_refused(&reply, &path, there);
        }
    }
    there.fixture.upstream.assert_untouched();
}

/// What the console sends on for a person is what they may ask themselves, however the path is written.
async fn through_the_console(stack: &Stack, here: &Side<'_>, there: &Side<'_>) {
    let endpoints = std::fs::read_to_string(stack.home().join("endpoints.json")).unwrap_or_default();
    let endpoints: Value = serde_json::from_str(&endpoints).unwrap_or_default();
    // In production it is served elsewhere.
    let Some(web) = endpoints["web"].as_str() else {
        assert_eq!(stack.deployment(), Deployment::Production);
        return;
    };
    let session = person(stack, here.zone(), AccountRole::Admin).await;
    let headers = format!(
        "Cookie: caracal-session={session}\r\nOrigin: {web}\r\nSec-Fetch-Site: same-origin\r\nX-Caracal-Console: 1\r\n"
    );
    let own = format!("/api/control/v1/zones/{}", here.zone());
    let reply = written(web, "GET", &own, &headers).await;
    assert_eq!(reply.status, 200, "their own zone is served: {}", reply.text);
    let roles = [Role::Api, Role::Coordinator, Role::Audit];
    for route in roles.into_iter().flat_map(routes_of) {
        let prefix = match route.role {
            Role::Api => "/api/control",
            Role::Coordinator => "/api/coordinator",
            _ => "",
        };
        let straight = there.path(&route, there.zone(), true);
        let mut paths = spellings(&straight, here.zone(), there.zone());
        paths.push(straight);
        for path in paths {
            let path = format!("{prefix}{path}");
            let reply = written(web, &route.method, &path, &headers).await;
            // What is no path of a role is the console's own page, the same for everybody.
            let page = reply.status == 200 && reply.text.contains("content-type: text/html");
            if !(page && route.method == "GET") {
                assert_refused(&reply, &format!("{} {path}", route.method), there);
            }
        }
    }
}

/// A token of another zone is none at the token service.
async fn tokens_of_another_zone(here: &Side<'_>, there: &Side<'_>) {
    let mandate = there.fixture.mandate(&there.agent, READ).await;
    let (zone, application) = (&here.fixture.zone, &here.fixture.application);
    let form = async |path: &str, token: &str| {
        let fields = [
            ("token", token),
            ("zone_id", zone.id.as_str()),
            ("application_id", application.id.as_str()),
            ("client_secret", application.secret.as_str()),
        ];
        Reply::of(zone.stack.request(Role::Sts, "POST", path).form(&fields)).await
    };
    for path in ["/oauth/2/introspect", "/oauth/2/revoke"] {
        let (strange, known) = (form(path, "a.b.c").await, form(path, &mandate).await);
        assert_eq!(known.status, 200, "{path}: {known:#?}");
        assert_eq!(
            (known.status, &known.json),
            (strange.status, &strange.json),
            "{path}"
        );
        assert_ne!(known.json["active"], json!(true), "{path}");
    }
    let passed = there.fixture.call(&mandate).await;
    assert_eq!(passed.status, 200, "nothing was revoked there: {passed:#?}");
    // As whom somebody acts is proved by this zone alone.
    for token in [&there.agent.lifecycle, &mandate] {
        let fields = [
            ("resource", TICKETS),
            ("scope", "agent:lifecycle"),
            ("subject_token", token.as_str()),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
        ];
        let refused = zone.exchange(application, &fields).await;
        assert!([400, 401, 403].contains(&refused.status), "{refused:#?}");
    }
    // Its sessions and delegations are as unknown as any.
    let mint = async |session: &str, delegation: &str| {
        let fields = [
            ("resource", TICKETS),
            ("scope", READ),
            ("agent_session_id", session),
            ("delegation_edge_id", delegation),
        ];
        said(&zone.exchange(application, &fields).await)
    };
    let (session, delegation) = (&there.agent.session, &there.agent.delegation);
    assert_eq!(
        mint(session, delegation).await,
        mint(&nobodys(session), &nobodys(delegation)).await
    );
    assert_eq!(
        mint(&here.agent.session, delegation).await,
        mint(&here.agent.session, &nobodys(delegation)).await
    );
}

async fn on(deployment: Deployment) {
    let stack = Stack::with(deployment, &UNLIMITED).await;
    let (here, there) = (Side::of(&stack).await, Side::of(&stack).await);
    let before = there.state().await;
    another_zone(&stack, &here, &there).await;
    ids_of_another_zone(&stack, &here, &there).await;
    spelled_in_every_way(&stack, &here, &there).await;
    through_the_console(&stack, &here, &there).await;
    assert_eq!(there.state().await, before, "nothing happened there");
    tokens_of_another_zone(&here, &there).await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_tells_or_does_anything_about_another_zone() {
    on(Deployment::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_tells_or_does_anything_about_another_zone_over_postgresql() {
    on(Deployment::Production).await;
}
