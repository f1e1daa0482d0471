//! No role tells or does anything about another zone: every route of its document, with another zone's ids, as everybody of
//! this one, in every spelling of the path. The Control API has the same over all its routes in `crates/api/tests`.

use std::collections::BTreeSet;

use caracal_e2e::{Agent, Fixture, READ, Reply, Role, Stack, checkout, on_every_deployment, raw};
use serde_json::{Value, json};

on_every_deployment!(
    another_zone_is_refused_as_one_that_there_is_not,
    what_is_another_zones_is_answered_as_what_nobody_has,
    no_spelling_of_a_path_leads_into_another_zone,
    a_token_of_another_zone_is_none_at_the_token_service,
);

/// A route of a document that names a zone.
struct Route {
    role: Role,
    method: String,
    path: String,
}

/// The routes of the documents that name a zone in their path, or are about one object alone.
fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for (role, name) in [
        (Role::Coordinator, "coordinator"),
        (Role::Audit, "audit"),
        (Role::Sts, "sts"),
    ] {
        let text = std::fs::read_to_string(checkout().join(format!("docs/openapi/{name}.json")));
        let document: Value = serde_json::from_str(&text.expect("a document")).expect("JSON");
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in ["get", "post", "put", "patch", "delete"] {
                let operation = &item[method];
                // What anybody may ask tells everybody the same.
                let open = operation["security"][0] == json!({}) && operation["security"][1].is_null();
                if operation.is_object() && path.contains('{') && !open {
                    routes.push(Route {
                        role,
                        method: method.to_uppercase(),
                        path: path.clone(),
                    });
                }
            }
        }
    }
    assert!(routes.len() > 30, "{}", routes.len());
    routes
}

/// What a zone holds.
struct Side<'s> {
    fixture: Fixture<'s>,
    agent: Agent,
}

impl<'s> Side<'s> {
    async fn of(stack: &'s Stack) -> Self {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        Self { fixture, agent }
    }

    fn zone(&self) -> &str {
        &self.fixture.zone.id
    }

    /// Tokens that this zone's people and programs hold.
    async fn tokens(&self, stack: &Stack) -> Vec<(&'static str, String)> {
        let mut tokens = vec![
            ("nobody", String::new()),
            ("a guess", String::from("guess")),
            ("a lifecycle mandate", self.agent.lifecycle.clone()),
            ("a gateway mandate", self.fixture.mandate(&self.agent, READ).await),
            ("a secret", self.fixture.application.secret.clone()),
        ];
        for capability in ["read", "write", "approve"] {
            let body = json!({"name": capability, "scope": "zone", "zone_id": self.zone(), "capability": capability});
            let made = stack
                .admin("POST", "/v1/admin-tokens", Some(body))
                .await
                .expect(201);
            tokens.push(("an admin token of the zone", made.text_of("token")));
        }
        tokens
    }

    /// The path of a route, in `zone` about what this side holds; or about what nobody does.
    fn path(&self, route: &Route, zone: &str, known: bool) -> String {
        let nobody = |id: &str| format!("{}ffffffffffff", &id[..id.len() - 12]);
        let id = |id: &str| if known { id.to_owned() } else { nobody(id) };
        let of_delegation = route.path.contains("/delegations/");
        let object = if of_delegation {
            &self.agent.delegation
        } else {
            &self.agent.session
        };
        route
            .path
            .replace("{zone}", zone)
            .replace("{zone_id}", zone)
            .replace("{id}", &id(object))
            .replace("{session}", &id(&self.agent.session))
            .replace("{event_id}", &id(&self.agent.session))
            .replace("{chain_seq}", "1")
            .replace("{path}", "0/000")
    }
}

async fn ask(stack: &Stack, route: &Route, path: &str, token: &str) -> Reply {
    let request = stack.request(route.role, &route.method, path);
    let request = if token.is_empty() {
        request
    } else {
        request.bearer_auth(token)
    };
    let request = if route.method == "GET" {
        request
    } else {
        request.json(&json!({}))
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

/// What an administrator sees of a zone that ought to stay as it is.
async fn state(side: &Side<'_>) -> Value {
    let mut seen = Vec::new();
    for path in ["/sessions", "/delegations", "/authority-records", "/state"] {
        seen.push(side.fixture.zone.admin("GET", path, None).await.expect(200).json);
    }
    Value::Array(seen)
}

async fn another_zone_is_refused_as_one_that_there_is_not(stack: &Stack) {
    let (here, there) = (Side::of(stack).await, Side::of(stack).await);
    let before = state(&there).await;
    let nowhere = format!("{}ffffffffffff", &there.zone()[..24]);
    for (class, token) in here.tokens(stack).await {
        for route in routes() {
            let known = ask(stack, &route, &there.path(&route, there.zone(), true), &token).await;
            let unknown = ask(stack, &route, &there.path(&route, &nowhere, true), &token).await;
            let what = format!("{} {} as {class}: {known:#?}", route.method, route.path);
            assert!([400, 401, 403, 404].contains(&known.status), "{what}");
            assert_eq!(said(&known), said(&unknown), "{what}");
        }
    }
    assert_eq!(state(&there).await, before, "nothing happened there");
}

async fn what_is_another_zones_is_answered_as_what_nobody_has(stack: &Stack) {
    let (here, there) = (Side::of(stack).await, Side::of(stack).await);
    let before = state(&there).await;
    let operator = stack.secret("caracalCoordinatorToken");
    let mut refusals = BTreeSet::new();
    for route in routes().iter().filter(|route| route.role == Role::Coordinator) {
        for token in [&operator, &here.agent.lifecycle] {
            let foreign = ask(stack, route, &there.path(route, here.zone(), true), token).await;
            let unknown = ask(stack, route, &there.path(route, here.zone(), false), token).await;
            let what = format!("{} {}: {foreign:#?}", route.method, route.path);
            assert_eq!(said(&foreign), said(&unknown), "{what}");
            if there.path(route, "z", true) != there.path(route, "z", false) {
                // A listing of what nobody has is empty.
                let items = foreign.json["items"].as_array().or(foreign.json.as_array());
                let nothing =
                    items.is_some_and(Vec::is_empty) || foreign.json["effective_scopes"] == json!([]);
                assert!(foreign.status >= 400 || nothing, "{what}");
            }
            refusals.insert(foreign.status);
        }
    }
    assert!(refusals.contains(&404), "{refusals:?}");
    assert_eq!(state(&there).await, before, "nothing happened there");
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
        format!("/{head}{there}{rest}"),
        format!("{head}/{there}{rest}"),
        format!("{head}./{there}{rest}"),
        format!("{head}{there}//{}", rest.trim_start_matches('/')),
        format!("{head}{encoded}{rest}"),
        format!("{head}{there}%00{rest}"),
        format!("{head}{there};zone={here}{rest}"),
        format!("{head}{}{rest}", there.to_uppercase()),
        format!("{head}{there}{rest}/"),
        format!("{head}{there}{rest}?zone={here}&zone_id={here}"),
        format!("{head}{there}{rest}#{here}"),
    ]
}

async fn no_spelling_of_a_path_leads_into_another_zone(stack: &Stack) {
    let (here, there) = (Side::of(stack).await, Side::of(stack).await);
    let before = state(&there).await;
    for route in routes().iter().filter(|route| route.path.contains("{zone")) {
        for path in spellings(&there.path(route, there.zone(), true), here.zone(), there.zone()) {
            let request = format!(
                "{} {path} HTTP/1.1\r\nHost: caracal\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
                 Content-Length: 2\r\nConnection: close\r\n\r\n{{}}",
                route.method, here.agent.lifecycle
            );
            let reply = raw(&stack.url(route.role), request.as_bytes()).await;
            let what = format!("{} {path}: {}", route.method, reply.text);
            assert!([400, 401, 403, 404, 405].contains(&reply.status), "{what}");
            let told = [&there.agent.session, &there.agent.delegation];
            let told = told.iter().filter(|id| !path.contains(id.as_str()));
            for id in told {
                assert!(!reply.text.contains(id.as_str()), "{what} tells of {id}");
            }
        }
    }
    // A call names its resource by address too.
    let mandate = here.fixture.mandate(&here.agent, READ).await;
    let own = format!("/r/{}/tickets/tickets", there.zone());
    for path in spellings(&own, here.zone(), there.zone()) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: caracal\r\nAuthorization: Bearer {mandate}\r\nConnection: close\r\n\r\n"
        );
        let reply = raw(&stack.url(Role::Gateway), request.as_bytes()).await;
        assert!(
            [400, 401, 403, 404, 405].contains(&reply.status),
            "{path}: {}",
            reply.text
        );
    }
    there.fixture.upstream.assert_untouched();
    assert_eq!(state(&there).await, before, "nothing happened there");
}

async fn a_token_of_another_zone_is_none_at_the_token_service(stack: &Stack) {
    let (here, there) = (Side::of(stack).await, Side::of(stack).await);
    let mandate = there.fixture.mandate(&there.agent, READ).await;
    let application = &here.fixture.application;
    let form = async |path: &str, token: &str| {
        let fields = [
            ("token", token),
            ("client_id", application.id.as_str()),
            ("client_secret", application.secret.as_str()),
        ];
        Reply::of(stack.request(Role::Sts, "POST", path).form(&fields)).await
    };
    let strange = form("/oauth/2/introspect", "a.b.c").await;
    let known = form("/oauth/2/introspect", &mandate).await;
    assert_eq!((known.status, &known.json), (strange.status, &strange.json));
    assert_ne!(known.json["active"], json!(true));
    let strange = form("/oauth/2/revoke", "a.b.c").await;
    let known = form("/oauth/2/revoke", &mandate).await;
    assert_eq!((known.status, &known.json), (strange.status, &strange.json));
    let passed = there.fixture.call(&mandate).await;
    assert_eq!(passed.status, 200, "nothing was revoked there: {passed:#?}");
    // Sessions and delegations of the other zone are as unknown as any.
    let nobody = |id: &str| format!("{}ffffffffffff", &id[..id.len() - 12]);
    let mint = async |session: &str, delegation: &str| {
        let fields = [
            ("resource", caracal_e2e::TICKETS),
            ("scope", READ),
            ("agent_session_id", session),
            ("delegation_edge_id", delegation),
        ];
        said(&here.fixture.zone.exchange(application, &fields).await)
    };
    let (session, delegation) = (&there.agent.session, &there.agent.delegation);
    assert_eq!(
        mint(session, delegation).await,
        mint(&nobody(session), &nobody(delegation)).await
    );
    assert_eq!(
        mint(&here.agent.session, delegation).await,
        mint(&here.agent.session, &nobody(delegation)).await
    );
}
