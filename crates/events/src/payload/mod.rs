//! Typed payloads and the fields they travel as.
//!
//! A payload can always be read when the ids it needs are there; unknown fields are ignored, so that newer
//! producers do not break older readers.

mod directory;
mod graph;
mod lifecycle;
mod policy;
mod revocation;

pub use self::{
    directory::{DirectoryInvalidated, DirectoryKind},
    graph::{DelegationEvent, DelegationsInvalidated},
    lifecycle::{AgentEvent, AgentLifecycle, InvocationEvent, InvocationLifecycle},
    policy::{KeysInvalidated, PolicyInvalidated},
    revocation::SessionRevoked,
};

use std::str::FromStr;

use crate::{Fields, MalformedFields, Topic};

/// Why an entry is not the payload it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// A field the payload cannot do without.
    #[error("field {0:?} is missing")]
    Missing(&'static str),
    /// A field whose value cannot be read.
    #[error("field {0:?} cannot be read")]
    Invalid(&'static str),
}

/// A payload of one topic.
pub trait Payload: Sized {
    /// The topic it travels on.
    const TOPIC: Topic;

    /// The fields as they travel, without what the bus and the outbox add.
    ///
    /// # Errors
    /// [`MalformedFields`] when free text would break the signed form.
    fn to_fields(&self) -> Result<Fields, MalformedFields>;

    /// Reads the payload.
    ///
    /// # Errors
    /// [`PayloadError`] names the field.
    fn from_fields(fields: &Fields) -> Result<Self, PayloadError>;
}

/// The value of a field that must be there.
fn required<T: FromStr>(fields: &Fields, name: &'static str) -> Result<T, PayloadError> {
    optional(fields, name)?.ok_or(PayloadError::Missing(name))
}

/// The value of a field. Absent, empty and `null`, which some producers write, mean the same.
fn optional<T: FromStr>(fields: &Fields, name: &'static str) -> Result<Option<T>, PayloadError> {
    match fields.get(name) {
        None | Some("" | "null") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| PayloadError::Invalid(name)),
    }
}

/// Free text; empty when absent.
fn free_text(fields: &Fields, name: &str) -> String {
    fields.get(name).unwrap_or_default().to_owned()
}

/// Builds fields, leaving out what is absent.
struct Builder(Fields);

impl Builder {
    const fn new(fields: Fields) -> Self {
        Self(fields)
    }

    fn set(mut self, name: &str, value: &impl ToString) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    fn maybe(self, name: &str, value: Option<&impl ToString>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    fn checked(self, topic: Topic) -> Result<Fields, MalformedFields> {
        self.0.check(topic)?;
        Ok(self.0)
    }
}

/// An enum of words on the wire.
macro_rules! wire_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}
use wire_words;

#[cfg(test)]
mod tests;
