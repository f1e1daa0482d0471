//! What the table of routes declares.

use caracal_sts::table;

#[test]
fn a_route_is_typed_or_says_why_it_takes_requests_as_they_come() {
    let table = table();
    let raw: Vec<_> = table
        .iter()
        .filter(|route| route.raw_because.is_some())
        .map(|route| route.path)
        .collect();
    let expected = [
        "/oauth/2/token",
        "/oauth/2/authorize",
        "/oauth/2/callback",
        "/oauth/2/consent",
    ];
    assert_eq!(raw, expected);
}
