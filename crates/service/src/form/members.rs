//! The fields of a form as members of a type.

use std::fmt::Display;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};

use super::FormProblem;

/// Fields, each with a value.
pub(super) struct Members<'f, I> {
    fields: I,
    /// The one whose value is next.
    next: Option<(&'f str, &'f str)>,
}

/// The value of a field.
struct Value<'f>(&'f str);

impl<I> Members<'_, I> {
    pub(super) const fn of(fields: I) -> Self {
        Self { fields, next: None }
    }
}

impl<'de, I: Iterator<Item = (&'de str, &'de str)>> Deserializer<'de> for Members<'de, I> {
    type Error = FormProblem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormProblem> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, I: Iterator<Item = (&'de str, &'de str)>> MapAccess<'de> for Members<'de, I> {
    type Error = FormProblem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormProblem> {
        self.next = self.fields.next();
        let Some((name, _)) = self.next else {
            return Ok(None);
        };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, FormProblem> {
        let (name, value) = self.next.take().unwrap_or_default();
        seed.deserialize(Value(value)).map_err(|problem| FormProblem {
            field: name.to_owned(),
            ..problem
        })
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = FormProblem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormProblem> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormProblem> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl std::error::Error for FormProblem {}

impl Display for FormProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for FormProblem {
    fn custom<T: Display>(message: T) -> Self {
        Self::new("", message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(field, "is required")
    }
}
