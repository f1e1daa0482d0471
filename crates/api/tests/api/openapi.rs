//! The document of this role, and what it promises of every route.

use caracal_api::{Capability, Reach, table};
use caracal_service::front::document;
use caracal_testkit::document::{assert_checked_in, assert_tells};
use http::Method;
use serde_json::Value;

use crate::stack::{ADMIN, Stack};

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    assert_checked_in("api", &document(&table()));
}

#[test]
fn the_document_tells_every_route_with_its_answer_and_holds_every_type_it_names() {
    let routes = table();
    assert_tells(&document(&routes), routes.iter().map(|route| &**route));
}

#[tokio::test]
async fn anybody_may_read_the_document() {
    let stack = Stack::start().await;
    let reply = stack.call(None, &[], Method::GET, "/openapi.json", None).await;
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.text, document(&table()));
}

/// A body that cannot be read opens no transaction: not even whether the zone exists is asked first.
#[tokio::test]
async fn a_body_is_parsed_before_anything_is_read_for_it() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let mut tried = 0;
    for route in table() {
        let takes = matches!(route.method, Method::POST | Method::PATCH | Method::PUT);
        // Those that take none, and those that a token is refused before.
        let bare = [
            "/rotate-secret",
            "/thaw",
            "/link",
            "/end-sessions",
            "/setup-links",
            "/test",
            "/redeliver",
            "/suspend",
            "/resume",
            "/terminate",
            "/policy-canary/activate",
            "/single-sign-on/begin",
            "/passkey/begin",
        ];
        let bodyless = bare.iter().any(|verb| route.path.ends_with(verb));
        if !takes || bodyless || matches!(route.needs.reach, Reach::Own | Reach::Control | Reach::Home) {
            continue;
        }
        assert!(route.needs.capability != Capability::Reveal);
        let path = route
            .path
            .replace("{zoneId}", zone.strip_prefix("/v1/zones/").unwrap())
            .replace("{id}", "nothing")
            .replace("{versionId}", "nothing");
        let body = Value::from("no object");
        let reply = stack
            .call(Some(ADMIN), &[], route.method.clone(), &path, Some(&body))
            .await;
        assert_eq!(reply.refused(400), route.invalid.as_str(), "{route:?}");
        tried += 1;
    }
    assert!(tried > 15);
}

/// What Schemathesis found the document to be wrong about: it sent null where absent is meant, and an answer was two
/// things at once.
#[test]
fn the_document_tells_absent_from_null_and_one_answer_from_another() {
    let document: Value = serde_json::from_str(&document(&table())).unwrap();
    let schemas = &document["components"]["schemas"];
    let update = &schemas["UpdateZone"];
    assert_eq!(update["properties"]["dcr_enabled"]["type"], "boolean");
    assert_eq!(update.get("required"), None);
    assert_eq!(
        schemas["CreateToken"]["properties"]["capability"]["$ref"],
        "#/components/schemas/TokenCapability"
    );
    assert_eq!(schemas["ZoneUnread"]["additionalProperties"], false);
    let parameters = document["paths"]["/v1/zones"]["get"]["parameters"].as_array();
    let mut parameters = parameters.unwrap().iter();
    let cursor = parameters
        .find(|parameter| parameter["name"] == "cursor")
        .unwrap();
    assert_eq!(cursor["schema"]["minLength"], 1);
}
