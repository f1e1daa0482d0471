//! Typed ids. A session id cannot travel where a delegation id is expected.
//!
//! On the wire every id is a UUIDv7 in text (RFC 9562 §5.7). Foreign ids are accepted when they match
//! `[A-Za-z0-9_.:-]{1,128}`, so that an id is always safe in a path, a header and a signed stream field.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to 128 characters of A-Z a-z 0-9 _ . : -")]
pub struct InvalidId;

/// Longest id accepted, in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// Whether `text` may be used as an id: `[A-Za-z0-9_.:-]{1,128}`.
pub fn is_valid(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-'))
}

/// Whether `text` is an id as this system makes them: a UUID (RFC 9562 §4) in its hyphenated form.
fn is_generated(text: &str) -> bool {
    const HYPHENATED: usize = 36;
    text.len() == HYPHENATED && uuid::Uuid::try_parse(text).is_ok()
}

/// What evidence keeps of an id that a refused request names, and nobody found: the id where it could be one of ours, otherwise
/// that it is none and how long. It may be a secret in the wrong place, and evidence is never cleaned.
pub fn claimed(text: &str) -> Cow<'_, str> {
    if is_generated(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("invalid_id:{}", text.len()))
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses an id received from outside.
            ///
            /// # Errors
            /// [`InvalidId`] unless it matches `[A-Za-z0-9_.:-]{1,128}`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_valid(text) { Ok(Self(text.into())) } else { Err(InvalidId) }
            }

            /// A fresh UUIDv7 id, ordered by creation time.
            pub fn generate(world: &crate::World) -> Self {
                Self(world.uuid_v7().to_string().into())
            }

            /// As [`claimed`]: what evidence keeps of it where nobody found it.
            #[must_use]
            pub fn claimed(&self) -> Self {
                match claimed(&self.0) {
                    Cow::Borrowed(_) => self.clone(),
                    Cow::Owned(shape) => Self(shape.into()),
                }
            }

            /// The id as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        #[cfg(feature = "schema")]
        crate::described!($name, crate::schema::id());

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// A tenant: the boundary no query, key or event crosses.
    ZoneId
);
typed_id!(
    /// A registered client of the STS.
    ApplicationId
);
typed_id!(
    /// Where the credential of an upstream comes from.
    ProviderId
);
typed_id!(
    /// A protected upstream, by row. Clients name it by its identifier (a URI).
    ResourceId
);
typed_id!(
    /// A program that the launcher starts with credentials.
    WorkloadId
);
typed_id!(
    /// An identity provider whose users a zone takes as subjects.
    SubjectIssuerId
);
typed_id!(
    /// A policy, whose content lives in its versions.
    PolicyId
);
typed_id!(
    /// One immutable version of a policy.
    PolicyVersionId
);
typed_id!(
    /// A named set of policy versions.
    PolicySetId
);
typed_id!(
    /// One immutable manifest of a policy set.
    PolicySetVersionId
);
typed_id!(
    /// A version that decides for some of a zone's applications, from its begin to its end.
    CanaryId
);
typed_id!(
    /// The record a mandate is anchored on (JWT `sid`; stream and form field `session_id`).
    AuthorityRecordId
);
typed_id!(
    /// One run of an agent, from spawn to end (wire `agent_session_id`).
    SessionId
);
typed_id!(
    /// Authority handed by one session to another (wire `delegation_edge_id`).
    DelegationId
);
typed_id!(
    /// A human-approval hold (wire `approval_id`).
    ApprovalId
);
typed_id!(
    /// Where a zone's notifications are sent.
    NotificationSinkId
);
typed_id!(
    /// One notification on its way to one sink.
    NotificationDeliveryId
);
typed_id!(
    /// An account at an upstream's OAuth server that is used for a subject.
    ConnectionId
);
typed_id!(
    /// What a person agreed to let an application do at a resource.
    GrantId
);
typed_id!(
    /// A signing key of a zone (JOSE `kid`).
    KeyId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_break_a_path_or_a_signed_field_are_refused() {
        for bad in ["", "a/b", "a b", "a\nb", "ü", &"x".repeat(129)] {
            assert_eq!(ZoneId::parse(bad), Err(InvalidId), "{bad:?}");
        }
        assert!(ZoneId::parse("zone-1.a:b_C").is_ok());
    }

    #[test]
    fn of_what_no_id_of_ours_can_be_evidence_keeps_a_shape() {
        let uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
        let simple = uuid.replace('-', "");
        for secret in [
            "a-key-of-another-service-0123456789abcde",
            "s",
            simple.as_str(),
            &format!("{uuid}1"),
        ] {
            let kept = SessionId::parse(secret).unwrap().claimed();
            assert_eq!(kept.as_str(), format!("invalid_id:{}", secret.len()));
            assert!(is_valid(kept.as_str()), "and travels as an id does");
        }
        assert_eq!(SessionId::parse(uuid).unwrap().claimed().as_str(), uuid);
        let made = SessionId::generate(&crate::World::for_tests());
        assert_eq!(made.claimed(), made);
    }

    #[test]
    fn generated_ids_are_ordered_by_time() {
        let world = crate::World::for_tests();
        let first = SessionId::generate(&world);
        world.manual_clock().advance(std::time::Duration::from_millis(2));
        assert!(first < SessionId::generate(&world));
    }
}
