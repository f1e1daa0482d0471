//! The document of this role.

use caracal_coordinator::{document, table};
use caracal_testkit::document::{assert_checked_in, resolved};

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    assert_checked_in("coordinator", &document());
}

#[test]
fn the_document_tells_every_route_and_holds_every_type_it_names() {
    let document = resolved(&document());
    for route in table() {
        let told = &document["paths"][route.path][route.method.to_lowercase()];
        assert_eq!(told["operationId"], route.capability);
        assert!(told["responses"].as_object().unwrap().len() > 1, "{route:?}");
    }
}
