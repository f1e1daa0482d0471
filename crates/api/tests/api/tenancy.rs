//! Zones do not see each other: every route with what belongs to another zone, as everybody of this one, and in every
//! spelling of the path.

use caracal_api::{ApiConfig, ApiDeps, Capability, Reach, table};
use caracal_crypto::tokens::ConsoleToken;
use caracal_service::front::Route;
use caracal_testkit::{client::Answer, parts::Backends};
use http::Method;
use serde_json::{Value, json};

use crate::{
    control::{Control, EVERYTHING},
    evidence::Made,
    stack::{ADMIN, Stack},
};

/// The routes of a zone.
fn of_zones() -> impl Iterator<Item = Route<ApiDeps>> {
    table()
        .into_iter()
        .filter(|route| route.needs.reach == Reach::Zone)
}

/// An id of the same form that nobody has.
fn nobodys(id: &str) -> String {
    let kept = id.len() - 12;
    format!("{}ffffffffffff", &id[..kept])
}

/// `text` with every id of `made` exchanged.
fn exchanged(text: &str, made: &Made, other: impl Fn(&str) -> String) -> String {
    let ids = made.ids().into_iter();
    ids.fold(text.to_owned(), |text, id| text.replace(id, &other(id)))
}

/// What an answer says, whatever the ids, the request and the moment.
fn said(answer: &Answer, made: &Made) -> (u16, Value, Value) {
    let said = |member: &str| {
        let text = answer.body[member].to_string();
        let text = exchanged(&text, made, |_| String::from("ID"));
        let text = made
            .ids()
            .iter()
            .fold(text, |text, id| text.replace(&nobodys(id), "ID"));
        json!(text)
    };
    (answer.status.as_u16(), said("error"), said("details"))
}

/// A request of a route.
struct Asked {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Asked {
    /// In `here`, about what is `there`; about what nobody has where `known` is false.
    fn about(route: &Route<ApiDeps>, here: &Made, there: &Made, known: bool) -> Self {
        let change = |text: &str| {
            let text = text.replace(&there.zone, &here.zone);
            if known {
                text
            } else {
                exchanged(&text, there, nobodys)
            }
        };
        let body = there.body(route.name).map(|body| change(&body.to_string()));
        Self {
            method: route.method.clone(),
            path: change(&there.path(route)),
            body: body.map(|body| serde_json::from_str(&body).unwrap()),
        }
    }

    async fn send(&self, stack: &Stack, token: &str, headers: &[(&str, &str)]) -> Answer {
        let body = self.body.as_ref();
        stack
            .call(Some(token), headers, self.method.clone(), &self.path, body)
            .await
    }
}

fn config() -> ApiConfig {
    ApiConfig {
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    }
}

#[tokio::test]
async fn what_is_another_zones_is_answered_as_what_nobody_has() {
    foreign_ids_are_nobodys(Backends::Embedded).await;
}

#[tokio::test]
async fn what_is_another_zones_is_answered_as_what_nobody_has_over_postgresql() {
    foreign_ids_are_nobodys(Backends::Production).await;
}

async fn foreign_ids_are_nobodys(backends: Backends) {
    let stack = Stack::over(backends, config()).await;
    let there = Made::of(&stack).await;
    // Two zones that are asked the same: one about what is there, one about nothing.
    let (here, beside) = (Made::of(&stack).await, Made::of(&stack).await);
    let before = stack
        .admin_audit(&format!("/v1/zones/{}", there.zone))
        .await
        .len();
    let mut asked = 0;
    for route in of_zones() {
        let foreign = Asked::about(&route, &here, &there, true);
        let unknown = Asked::about(&route, &beside, &there, false);
        // A route that names nothing but its zone has nothing of another to name.
        let same_zone = |text: &str| text.replace(&beside.zone, &here.zone);
        if same_zone(&unknown.path) == foreign.path && unknown.body == foreign.body {
            continue;
        }
        let capability = match route.needs.capability {
            Capability::Decide => "approve",
            _ => "write",
        };
        for zone_token in [false, true] {
            let token = async |zone: &str| {
                if zone_token {
                    return stack.token("zone", Some(zone), capability).await;
                }
                match route.needs.capability {
                    Capability::Decide => stack.token("global", None, capability).await,
                    _ => ADMIN.to_owned(),
                }
            };
            let foreign = foreign.send(&stack, &token(&here.zone).await, &[]).await;
            let unknown = unknown.send(&stack, &token(&beside.zone).await, &[]).await;
            assert_eq!(
                said(&foreign, &there),
                said(&unknown, &there),
                "{} {}: {} {}",
                route.name,
                zone_token,
                foreign.text,
                unknown.text
            );
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked}");
    let after = stack
        .admin_audit(&format!("/v1/zones/{}", there.zone))
        .await
        .len();
    assert_eq!(before, after, "nothing was tried there");
}

/// Every class of token that somebody may hold who reaches one zone at most: its name, itself, and the assertion that goes
/// with it.
async fn classes(control: &Control, here: &Made) -> Vec<(String, String, Option<String>)> {
    let stack = &control.stack;
    let mut tokens = Vec::new();
    for capability in ["read", "write", "approve"] {
        let token = stack.token("zone", Some(&here.zone), capability).await;
        tokens.push((capability.to_owned(), token, None));
    }
    // What tokens reveal is said apart.
    for (capability, reveals) in [("read", true), ("write", false)] {
        let body = json!({
            "name": capability, "scope": "zone", "zone_id": here.zone, "capability": capability, "reveals": reveals,
        });
        let made = stack.post("/v1/admin-tokens", body).await.expect(201);
        tokens.push((
            format!("{capability}, reveals {reveals}"),
            made.text("token"),
            None,
        ));
    }
    for class in ConsoleToken::ALL {
        let (token, assertion) = stack.console(class, "alice");
        tokens.push((format!("console {class:?}"), token, Some(assertion)));
    }
    // People who are signed in and reach this zone alone. An owner reaches all.
    for role in ["admin", "operator", "approver", "auditor", "viewer"] {
        let email = format!("{role}@{}.example.com", &here.zone[24..]);
        let token = stack.account(&email, role, Some(vec![&here.zone])).await;
        tokens.push((format!("a person as {role}"), token, None));
    }
    // A control key may do everything in its zone, by commands alone.
    let mandate = control.token(&control.claims(EVERYTHING));
    tokens.push((String::from("a control key's mandate"), mandate, None));
    for (name, secret) in [
        ("nobody", ""),
        ("a guess", "cat_guess"),
        ("a secret", "ws_secret"),
        ("a mandate", "a.b.c"),
    ] {
        tokens.push((name.to_owned(), secret.to_owned(), None));
    }
    tokens
}

async fn another_zone_is_refused(backends: Backends) {
    let control = Control::over(backends, config()).await;
    let stack = &control.stack;
    let (here, there) = (Made::of(stack).await, Made::of(stack).await);
    let tokens = classes(&control, &here).await;
    let before = stack
        .admin_audit(&format!("/v1/zones/{}", there.zone))
        .await
        .len();
    for route in of_zones() {
        let body = there.body(route.name);
        let known = Asked {
            method: route.method.clone(),
            path: there.path(&route),
            body: body.clone(),
        };
        let unknown = Asked {
            path: known.path.replace(&there.zone, &nobodys(&there.zone)),
            method: route.method.clone(),
            body,
        };
        for (class, token, assertion) in &tokens {
            let headers: Vec<_> = assertion
                .iter()
                .map(|assertion| ("x-caracal-account", assertion.as_str()))
                .collect();
            let known = known.send(stack, token, &headers).await;
            let unknown = unknown.send(stack, token, &headers).await;
            let what = format!("{} as {class}: {}", route.name, known.text);
            assert!([401, 403].contains(&known.status.as_u16()), "{what}");
            assert_eq!(said(&known, &there), said(&unknown, &there), "{what}");
        }
    }
    let after = stack
        .admin_audit(&format!("/v1/zones/{}", there.zone))
        .await
        .len();
    assert_eq!(before, after, "nothing was tried there");
}

#[tokio::test]
async fn another_zone_is_refused_to_every_class_of_token_as_one_that_there_is_not() {
    Box::pin(another_zone_is_refused(Backends::Embedded)).await;
}

#[tokio::test]
async fn another_zone_is_refused_to_every_class_of_token_as_one_that_there_is_not_over_postgresql() {
    Box::pin(another_zone_is_refused(Backends::Production)).await;
}

/// Ways to write a path into zone `there` for somebody who may be in `here`.
fn spellings(path: &str, here: &str, there: &str) -> Vec<String> {
    let rest = path.strip_prefix(&format!("/v1/zones/{there}")).unwrap();
    let first = there.as_bytes()[0];
    let encoded = format!("%{first:02X}{}", &there[1..]);
    let slashes = rest.replace('/', "%2F");
    vec![
        format!("/v1/zones/{here}/../{there}{rest}"),
        format!("/v1/zones/{here}/%2e%2e/{there}{rest}"),
        format!("/v1/zones/{here}/%2E%2E%2F{there}{rest}"),
        format!("/v1/zones/{here}%2F..%2F{there}{rest}"),
        format!("/v1/zones/{here}%252F..%252F{there}{rest}"),
        format!("/v1/zones/{here}/%252e%252e/{there}{rest}"),
        format!("/v1/zones/{here}/applications/..%2F..%2F{there}{slashes}"),
        format!("/v1/zones/{here}/applications/..%252F..%252F{there}{slashes}"),
        format!("/v1/zones/{here}%5C..%5C{there}{rest}"),
        format!("//v1/zones/{there}{rest}"),
        format!("/v1//zones/{there}{rest}"),
        format!("/v1/zones//{there}{rest}"),
        format!("/v1/zones/{here}//../{there}{rest}"),
        format!("/v1/zones/{there}/{rest}"),
        format!("/v1/zones/./{there}{rest}"),
        format!("/v1/zones/{there}/.{rest}"),
        format!("/v1/./zones/%2e/{there}{rest}"),
        format!("/v1/zones/{encoded}{rest}"),
        format!("/v1/zones/{there}%00{rest}"),
        format!("/v1/zones/{there}%20{rest}"),
        format!("/v1/zones/{there};zoneId={here}{rest}"),
        format!("/v1/zones/{there},{here}{rest}"),
        format!("/v1/zones/{}{rest}", there.to_uppercase()),
        format!("/V1/ZONES/{there}{rest}"),
        format!("/v1/zones/{there}{rest}/"),
        format!("/v1/zones/{there}{rest}%2F"),
        format!("/v1/zones/{there}{rest}?zoneId={here}&zone_id={here}"),
    ]
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_into_another_zone() {
    let stack = Stack::with(config()).await;
    let (here, there) = (Made::of(&stack).await, Made::of(&stack).await);
    let write = stack.token("zone", Some(&here.zone), "write").await;
    let approve = stack.token("zone", Some(&here.zone), "approve").await;
    let zone = format!("/v1/zones/{}", there.zone);
    let before = stack.admin_audit(&zone).await.len();
    let state = stack.get(&format!("{zone}/state")).await.expect(200).body;
    for route in of_zones() {
        let token = match route.needs.capability {
            Capability::Decide => &approve,
            _ => &write,
        };
        let body = there.body(route.name);
        for path in spellings(&there.path(&route), &here.zone, &there.zone) {
            let answer = stack
                .call(Some(token), &[], route.method.clone(), &path, body.as_ref())
                .await;
            assert!(
                [400, 403, 404, 405].contains(&answer.status.as_u16()),
                "{} {path}: {} {}",
                route.method,
                answer.status,
                answer.text
            );
            for id in there.ids().iter().filter(|id| !path.contains(**id)) {
                assert!(!answer.text.contains(id), "{path} tells of {id}");
            }
        }
    }
    let after = stack.admin_audit(&zone).await.len();
    assert_eq!(before, after, "nothing was tried there");
    assert_eq!(stack.get(&format!("{zone}/state")).await.expect(200).body, state);
}
