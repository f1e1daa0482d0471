//! JSON that every reader takes for the same, or for none.

use std::{cell::Cell, collections::HashSet, fmt};

use caracal_core::operation::folded;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Deepest nesting of a message; servers that read recursively end somewhere too.
pub(super) const MAX_DEPTH: u8 = 64;

/// Whether `text` is one value of JSON with nothing in it that readers differ about.
///
/// # Errors
/// What is wrong with it.
pub(super) fn strict(text: &str) -> Result<(), &'static str> {
    let problem = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        left: MAX_DEPTH,
        problem: &problem,
    };
    let read = strict.deserialize(&mut reader).and_then(|_| reader.end());
    read.map_err(|_| problem.get().unwrap_or("the body is no JSON"))
}

/// What a problem is said with, since the reader wraps what it is told.
pub(super) type Problem<'p> = &'p Cell<Option<&'static str>>;

fn refuse<E: serde::de::Error>(problem: Problem<'_>, why: &'static str) -> E {
    problem.set(Some(why));
    E::custom(why)
}

/// Names of members seen in one object.
pub(super) struct Members<'p> {
    seen: HashSet<String>,
    problem: Problem<'p>,
}

impl<'p> Members<'p> {
    pub(super) fn of(problem: Problem<'p>) -> Self {
        Self {
            seen: HashSet::new(),
            problem,
        }
    }

    /// Notes a member that no other of the object is equal to.
    fn note<E: serde::de::Error>(&mut self, name: &str) -> Result<(), E> {
        if name.contains('\0') {
            return Err(refuse(self.problem, "the body contains a NUL"));
        }
        if self.seen.insert(name.to_owned()) {
            Ok(())
        } else {
            Err(refuse(self.problem, "an object has two members of one name"))
        }
    }

    /// The same for an object whose `decisive` members decide: none may come in a spelling that some reader folds.
    pub(super) fn note_decisive<E: serde::de::Error>(
        &mut self,
        name: &str,
        decisive: &[&str],
    ) -> Result<(), E> {
        self.note(name)?;
        if !decisive.contains(&name) && decisive.iter().any(|exact| folded(name) == folded(exact)) {
            return Err(refuse(
                self.problem,
                "a member differs from a known one in its letters' case alone",
            ));
        }
        Ok(())
    }
}

/// What a value was.
pub(super) enum Value {
    Text(String),
    Number,
    Other,
}

impl Value {
    pub(super) const fn is_id(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Number)
    }
}

/// Any value, with nothing in it that readers differ about.
pub(super) struct Strict<'p> {
    /// Levels that may still open.
    pub(super) left: u8,
    pub(super) problem: Problem<'p>,
}

impl Strict<'_> {
    fn below<E: serde::de::Error>(&self) -> Result<Self, E> {
        let left = self.left.checked_sub(1);
        left.map(|left| Strict { left, ..*self })
            .ok_or_else(|| refuse(self.problem, "the body is nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        if text.contains('\0') {
            return Err(refuse(self.problem, "the body contains a NUL"));
        }
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        while items.next_element_seed(self.below()?)?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Members::of(self.problem);
        while let Some(name) = map.next_key::<String>()? {
            members.note(&name)?;
            map.next_value_seed(self.below()?)?;
        }
        Ok(Value::Other)
    }
}
