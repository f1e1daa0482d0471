//! What a `caracald` of one machine is told: the same for end-to-end tests, drills and benches.

use std::{collections::BTreeMap, path::Path};

/// Roles that have an address of their own.
const ROLES: [&str; 6] = ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT", "WEB"];

/// Mode dev, state in `home`, and a free port of this machine for each role.
pub fn environment(home: &Path) -> BTreeMap<String, String> {
    let own = [
        ("CARACAL_HOME", home.display().to_string()),
        ("CARACAL_MODE", String::from("dev")),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    let listen = ROLES.map(|role| (format!("CARACAL_{role}_LISTEN"), String::from("127.0.0.1:0")));
    own.into_iter().chain(listen).collect()
}
