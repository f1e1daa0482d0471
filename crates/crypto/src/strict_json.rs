//! JSON without surprises: no repeated member, bounded depth and size.
//!
//! Two parsers that disagree on which of two members wins are an attack (one checks, the other acts), so a
//! repeated member is refused wherever it stands, also inside members nobody reads.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Deepest nesting of arrays and objects.
pub(crate) const MAX_DEPTH: u8 = 16;
/// Most members of one object. Keeps the search for repeats cheap.
pub(crate) const MAX_MEMBERS: usize = 128;

/// Checks that `text` is one JSON value without repeated members, within the bounds.
///
/// # Errors
/// The parser's, with line and column.
pub(crate) fn check(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    Strict { depth: MAX_DEPTH }.deserialize(&mut parser)?;
    parser.end()
}

/// Walks a value, building nothing.
pub(crate) struct Strict {
    /// Levels still allowed below.
    pub(crate) depth: u8,
}

impl Strict {
    fn below<E: Error>(&self) -> Result<u8, E> {
        self.depth
            .checked_sub(1)
            .ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        while items.next_element_seed(Strict { depth })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        let mut seen = Names::default();
        while let Some(name) = members.next_key_seed(Name)? {
            seen.insert(name)?;
            members.next_value_seed(Strict { depth })?;
        }
        Ok(())
    }
}

/// Names of members met so far in one object.
#[derive(Default)]
pub(crate) struct Names<'de>(Vec<Cow<'de, str>>);

impl<'de> Names<'de> {
    /// Adds `name`.
    ///
    /// # Errors
    /// When it is there already, or the object grows past [`MAX_MEMBERS`].
    pub(crate) fn insert<E: Error>(&mut self, name: Cow<'de, str>) -> Result<(), E> {
        if self.0.contains(&name) {
            return Err(E::custom("repeated member"));
        }
        if self.0.len() >= MAX_MEMBERS {
            return Err(E::custom("too many members"));
        }
        self.0.push(name);
        Ok(())
    }
}

/// Reads a member name, borrowing it when it holds no escape.
pub(crate) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// Skips a value that [`check`] has already walked.
pub(crate) type Skipped = IgnoredAny;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_refused_at_every_level_and_in_every_spelling() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"a":1,"b":2,"a":3}]}"#,
        ] {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(check(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}],"A":null}"#).is_ok());
    }

    #[test]
    fn what_is_not_json_or_out_of_bounds_is_refused() {
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        let wide = format!(
            "[{{{}}}]",
            (0..129)
                .map(|n| format!("\"m{n}\":0"))
                .collect::<Vec<_>>()
                .join(",")
        );
        for bad in [
            "",
            "{",
            "{}x",
            "{} {}",
            "NaN",
            "{\"a\":Infinity}",
            "\u{feff}{}",
            "{'a':1}",
            "1e999",
            &deep,
            &wide,
        ] {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(check(&[b'"', 0xff, b'"']).is_err());
        assert!(check(format!("{}{}", "[".repeat(16), "]".repeat(16)).as_bytes()).is_ok());
    }
}
