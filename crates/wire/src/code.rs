//! The closed list of error codes.

mod table;

use std::{borrow::Cow, fmt, str::FromStr};

pub use table::ErrorCode;

/// Whose answers a code is found in; a section of the handbook's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Any service: what is wrong with a request as such, and what every service depends on.
    Everywhere,
    /// The STS and the Gateway.
    Mandates,
    /// The Coordinator.
    Coordinator,
    /// The Control API.
    Control,
    /// The Audit service.
    Audit,
}

impl Area {
    /// All of them, in the order of the handbook.
    pub const ALL: [Self; 5] = [
        Self::Everywhere,
        Self::Mandates,
        Self::Coordinator,
        Self::Control,
        Self::Audit,
    ];

    /// The heading of its section in the handbook.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Everywhere => "Every service",
            Self::Mandates => "STS and Gateway",
            Self::Coordinator => "Coordinator",
            Self::Control => "Control API",
            Self::Audit => "Audit",
        }
    }
}

/// A text that is no error code of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an error code")
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for ErrorCode {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        let mut all = Self::ALL.iter().copied();
        all.find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<ErrorCode> for Cow<'static, str> {
    fn from(code: ErrorCode) -> Self {
        Self::Borrowed(code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_unique_and_has_a_sentence_and_a_status_of_an_error() {
        let mut seen = HashSet::new();
        for code in ErrorCode::ALL.iter().copied() {
            let wire = code.as_str();
            assert!(seen.insert(wire), "{wire} stands twice");
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(wire.bytes().all(plain), "{wire}");
            let sentence = code.sentence();
            assert!(
                sentence.ends_with('.') && sentence.len() > 10,
                "{wire}: {sentence}"
            );
            assert!(
                sentence.starts_with(|first: char| first.is_ascii_uppercase() || first == '`'),
                "{wire}: {sentence}"
            );
            assert!((400..600).contains(&code.status()), "{wire}");
            assert!(Area::ALL.contains(&code.area()), "{wire}");
        }
    }

    #[test]
    fn every_code_reads_back_as_itself_and_nothing_else_does() {
        for code in ErrorCode::ALL.iter().copied() {
            assert_eq!(code.as_str().parse(), Ok(code));
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
        for foreign in ["", "Access_Denied", "access_denied ", "teapot"] {
            assert!(foreign.parse::<ErrorCode>().is_err(), "{foreign:?}");
            assert!(serde_json::from_str::<ErrorCode>(&format!("{foreign:?}")).is_err());
        }
    }

    #[test]
    fn the_schema_lists_every_code() {
        let schema = serde_json::to_value(<ErrorCode as utoipa::PartialSchema>::schema()).unwrap();
        let listed = serde_json::from_value::<Vec<ErrorCode>>(schema["enum"].clone()).unwrap();
        assert_eq!(listed, ErrorCode::ALL);
    }
}
