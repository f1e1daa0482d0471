//! The decision contract as a Rego module, for owners who test their documents offline.
//!
//! Put the module next to the documents and run `opa test`: it defines `data.caracal.authz.result`. Decisions in
//! production are made by [`crate::decide`]; a property test holds both equal.

/// The module's text.
pub const DECISION_CONTRACT_REGO: &str = include_str!("../rego/contract.rego");

/// Version of the contract; it changes when a decision could change.
pub const DECISION_CONTRACT_VERSION: &str = "2026-11-29";

/// Lower-case hex SHA-256 of [`DECISION_CONTRACT_REGO`].
pub const DECISION_CONTRACT_SHA256: &str = "f37bf97316a9000f66271d4dc26ca6846edc9638d8c96689bf373758e9df8ac9";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_digest_is_that_of_the_module() {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, DECISION_CONTRACT_REGO.as_bytes());
        let hex = digest
            .as_ref()
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(DECISION_CONTRACT_SHA256, hex);
    }

    #[test]
    fn the_module_says_its_version() {
        assert!(DECISION_CONTRACT_REGO.contains(&format!("# Version {DECISION_CONTRACT_VERSION}.")));
    }
}
