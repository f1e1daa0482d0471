//! The document of this role.

use caracal_service::front::document;
use caracal_sts::table;
use caracal_testkit::document::{assert_checked_in, assert_tells};
use serde_json::Value;

use crate::fixture::Fixture;

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    assert_checked_in("sts", &document(&table()));
}

#[test]
fn the_document_tells_every_route_with_its_answer_and_holds_every_type_it_names() {
    let routes = table();
    assert_tells(&document(&routes), routes.iter().map(|route| &**route));
}

#[tokio::test]
async fn anybody_may_read_the_document_and_the_token_endpoint_takes_a_form() {
    let fixture = Fixture::new().await;
    let request = axum::http::Request::get("/openapi.json").body(axum::body::Body::empty());
    let answer = fixture.request(request.unwrap()).await;
    assert_eq!(
        answer.body,
        serde_json::from_str::<Value>(&document(&table())).unwrap()
    );
    let token = &answer.body["paths"]["/oauth/2/token"]["post"];
    let form = &token["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    assert_eq!(form["$ref"], "#/components/schemas/TokenForm");
    assert_eq!(
        token["responses"]["default"]["$ref"],
        "#/components/responses/Otherwise"
    );
    let refused =
        &answer.body["components"]["responses"]["Otherwise"]["content"]["application/json"]["schema"];
    assert_eq!(refused["$ref"], "#/components/schemas/OAuthError");
    assert!(answer.body["paths"].get("//oauth/2/token").is_none());
}
