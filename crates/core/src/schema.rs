//! How the vocabulary is described in OpenAPI documents (feature `schema`).

use utoipa::openapi::{
    RefOr, Schema,
    schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type},
};

use crate::{JsonObject, ScopeSet, Timestamp};

#[doc(hidden)]
pub use utoipa;

/// A text out of a closed list.
#[doc(hidden)]
pub fn word(words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(words)).into()
}

/// An id.
#[doc(hidden)]
pub fn id() -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.pattern(Some("^[A-Za-z0-9_.:-]{1,128}$")).into()
}

/// Gives a type whose schema is `$schema` to documents, under its own name.
#[doc(hidden)]
#[macro_export]
macro_rules! described {
    ($name:ident, $schema:expr) => {
        impl $crate::schema::utoipa::PartialSchema for $name {
            fn schema() -> $crate::schema::utoipa::openapi::RefOr<$crate::schema::utoipa::openapi::Schema> {
                $schema
            }
        }

        impl $crate::schema::utoipa::ToSchema for $name {}
    };
}

described!(
    Timestamp,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .into()
);

described!(
    ScopeSet,
    ArrayBuilder::new()
        .items(ObjectBuilder::new().schema_type(Type::String))
        .into()
);

described!(JsonObject, ObjectBuilder::new().schema_type(Type::Object).into());
