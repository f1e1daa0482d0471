//! The fields of a form, as strictly as a trust boundary should read them.

use std::borrow::Cow;

use caracal_core::{id::InvalidId, text::is_unprintable};
use caracal_service::Refusal;

use crate::malformed::malformed;

/// Most fields of one form.
const MAX_FIELDS: usize = 128;

/// A form. Unknown fields are ignored but may not repeat, so that two readers cannot disagree.
#[derive(Default)]
pub(crate) struct Fields<'f>(Vec<(Cow<'f, str>, Cow<'f, str>)>);

impl<'f> Fields<'f> {
    /// Reads a body; only fields that are `repeatable` may stand in it more than once.
    ///
    /// # Errors
    /// 400 `invalid_token` naming the field.
    pub(crate) fn parse(body: &'f [u8], repeatable: &[&str]) -> Result<Self, Refusal> {
        if std::str::from_utf8(body).is_err() {
            return Err(malformed("", "the form is not UTF-8"));
        }
        let fields: Vec<_> = form_urlencoded::parse(body).take(MAX_FIELDS + 1).collect();
        if fields.len() > MAX_FIELDS {
            return Err(malformed("", format!("more than {MAX_FIELDS} form fields")));
        }
        for (index, (name, value)) in fields.iter().enumerate() {
            // What cannot be seen has no place in any field and confuses logs, readers and signed forms.
            if name.chars().chain(value.chars()).any(is_unprintable) {
                return Err(malformed(&printable(name), "contains a control character"));
            }
            let repeated = fields.iter().take(index).any(|(other, _)| other == name);
            if repeated && !repeatable.contains(&name.as_ref()) {
                return Err(malformed(name, format!("duplicate form field: {name}")));
            }
        }
        Ok(Self(fields))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value)
    }

    /// Without white space around it; absent when nothing is left.
    pub(crate) fn trimmed(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// An id.
    ///
    /// # Errors
    /// 400 naming the field.
    pub(crate) fn id<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, InvalidId>,
    ) -> Result<Option<T>, Refusal> {
        let id = self.trimmed(name).map(parse).transpose();
        id.map_err(|error| malformed(name, error))
    }
}

fn printable(name: &str) -> String {
    name.chars().filter(|c| !is_unprintable(*c)).take(64).collect()
}
