//! Texts that a caller chooses: checked where they are read.

use std::{borrow::Cow, ops::Deref};

use caracal_core::TextRule;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $least:literal $rule:ident $($trim:ident)?;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct $name<const MAX: usize>(pub String);

        impl<'de, const MAX: usize> Deserialize<'de> for $name<MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $(let text = text.$trim().to_owned();)?
                TextRule::$rule(MAX).check(&text).map_err(D::Error::custom)?;
                Ok(Self(text))
            }
        }

        impl<const MAX: usize> Deref for $name<MAX> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> PartialSchema for $name<MAX> {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                text.min_length(Some($least)).max_length(Some(MAX)).into()
            }
        }

        impl<const MAX: usize> ToSchema for $name<MAX> {
            fn name() -> Cow<'static, str> {
                format!("{}{MAX}", stringify!($name)).into()
            }
        }
    )+ };
}

texts! {
    /// One line of 1 to `MAX` characters, none of them control characters.
    Line 1 line;
    /// As [`Line`], without surrounding blanks.
    Name 1 line trim;
    /// At most `MAX` characters, possibly several lines.
    Prose 0 prose;
}
