//! The document of this role.

use std::{fs, path::Path};

use caracal_service::front::{document, unresolved};
use caracal_sts::table;
use serde_json::Value;

use crate::fixture::Fixture;

fn told() -> String {
    document(&table())
}

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/sts.json");
    let document = told();
    if std::env::var_os("CARACAL_REGENERATE").is_some() {
        fs::write(&path, &document).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == document,
        "{} is not what the routes say; run: CARACAL_REGENERATE=1 cargo test -p caracal-sts --test sts openapi",
        path.display()
    );
}

#[test]
fn the_document_tells_every_route_with_its_answer_and_holds_every_type_it_names() {
    let document: Value = serde_json::from_str(&told()).unwrap();
    assert_eq!(unresolved(&document), Vec::<String>::new());
    for route in table() {
        let path = route.path.replace("{*", "{");
        let told = &document["paths"][path][route.method.as_str().to_lowercase()];
        assert_eq!(told["operationId"], route.name);
        assert!(told["summary"].is_string(), "{}", route.name);
        let answers = told["responses"].as_object().unwrap();
        assert!(
            answers.contains_key("default") && answers.len() > 1,
            "{} says nothing of its success",
            route.name
        );
    }
}

#[tokio::test]
async fn anybody_may_read_the_document_and_the_token_endpoint_takes_a_form() {
    let fixture = Fixture::new().await;
    let request = axum::http::Request::get("/openapi.json").body(axum::body::Body::empty());
    let answer = fixture.request(request.unwrap()).await;
    assert_eq!(answer.body, serde_json::from_str::<Value>(&told()).unwrap());
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
