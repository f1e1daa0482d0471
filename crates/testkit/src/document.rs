//! What every role's OpenAPI document is held to.

use std::{fs, path::Path};

use caracal_service::front::{Declaration, unresolved};
use serde_json::Value;

/// Compares the document of `role` with the one in `docs/openapi`; `CARACAL_REGENERATE=1` writes it there instead.
///
/// # Panics
/// When they differ.
#[track_caller]
pub fn assert_checked_in(role: &str, document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/openapi/{role}.json"));
    if std::env::var_os("CARACAL_REGENERATE").is_some() {
        fs::write(&path, document).expect("docs/openapi can be written");
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == document,
        "{} is not what the routes say; run: CARACAL_REGENERATE=1 cargo test -p caracal-{role} --test {role} openapi",
        path.display()
    );
}

/// The document as JSON, which holds every type that it names.
///
/// # Panics
/// When it names one that it does not hold, or is no JSON.
#[track_caller]
pub fn resolved(document: &str) -> Value {
    let document = serde_json::from_str(document).expect("a document is JSON");
    assert_eq!(unresolved(&document), Vec::<String>::new());
    document
}

/// The document tells every one of `routes` with its name, a summary, its success and its refusals, and holds every
/// type that it names.
///
/// # Panics
/// When it does not.
#[track_caller]
pub fn assert_tells<'r, N: 'r>(document: &str, routes: impl IntoIterator<Item = &'r Declaration<N>>) {
    let document = resolved(document);
    for route in routes {
        let path = route.path.replace("{*", "{");
        let operation = &document["paths"][path][route.method.as_str().to_lowercase()];
        assert_eq!(operation["operationId"], route.name);
        assert!(operation["summary"].is_string(), "{}", route.name);
        let answers = operation["responses"]
            .as_object()
            .expect("an operation has responses");
        assert!(
            answers.contains_key("default") && answers.len() > 1,
            "{} says nothing of its success",
            route.name
        );
    }
}
