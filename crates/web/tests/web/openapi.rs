//! The document of this role.

use caracal_testkit::document::{assert_checked_in, assert_tells};
use caracal_web::{document, table};

/// Compares with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
#[test]
fn the_document_that_is_checked_in_is_what_the_routes_say() {
    assert_checked_in("web", &document());
}

#[test]
fn the_document_tells_every_route_with_its_answer_and_holds_every_type_it_names() {
    assert_tells(&document(), &table());
}
