//! The document of this role.

use std::{fs, path::Path};

use caracal_audit::table;
use caracal_service::front::{document, unresolved};
use serde_json::Value;

fn told() -> String {
    document(&table())
}

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/audit.json");
    let document = told();
    if std::env::var_os("CARACAL_REGENERATE").is_some() {
        fs::write(&path, &document).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == document,
        "{} is not what the routes say; run: CARACAL_REGENERATE=1 cargo test -p caracal-audit --test audit openapi",
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
