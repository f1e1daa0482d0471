//! Forms, as strictly as a trust boundary should read them.

mod members;

use std::borrow::Cow;

use caracal_core::{id::InvalidId, text::is_unprintable};
use caracal_wire::ErrorCode;
use serde::de::DeserializeOwned;

use crate::Refusal;
use members::Members;

/// The media type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// Most fields of one form.
const MAX_FIELDS: usize = 128;

/// What is wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormProblem {
    /// The field; empty for the whole.
    pub field: String,
    /// The rule.
    pub message: String,
}

impl FormProblem {
    fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }

    /// The refusal of it, with `code`.
    pub fn refusal(self, code: ErrorCode) -> Refusal {
        let refusal = Refusal::invalid_field(code, &self.field, self.message);
        if self.field.is_empty() {
            refusal.without_details()
        } else {
            refusal
        }
    }
}

/// With the code that clients of the token endpoint know for malformed input.
impl From<FormProblem> for Refusal {
    fn from(problem: FormProblem) -> Self {
        problem.refusal(ErrorCode::InvalidToken)
    }
}

/// A form. Unknown fields are ignored but may not repeat, so that two readers cannot disagree.
#[derive(Debug, Default)]
pub struct FormFields<'f>(Vec<(Cow<'f, str>, Cow<'f, str>)>);

impl<'f> FormFields<'f> {
    /// Reads a body; only fields that are `repeatable` may stand in it more than once.
    ///
    /// # Errors
    /// [`FormProblem`] names the field.
    pub fn parse(body: &'f [u8], repeatable: &[&str]) -> Result<Self, FormProblem> {
        if std::str::from_utf8(body).is_err() {
            return Err(FormProblem::new("", "the form is not UTF-8"));
        }
        let fields: Vec<_> = form_urlencoded::parse(body).take(MAX_FIELDS + 1).collect();
        if fields.len() > MAX_FIELDS {
            return Err(FormProblem::new(
                "",
                format!("more than {MAX_FIELDS} form fields"),
            ));
        }
        for (index, (name, value)) in fields.iter().enumerate() {
            // What cannot be seen has no place in any field and confuses logs, readers and signed forms.
            if name.chars().chain(value.chars()).any(is_unprintable) {
                return Err(FormProblem::new(&printable(name), "contains a control character"));
            }
            let repeated = fields.iter().take(index).any(|(other, _)| other == name);
            if repeated && !repeatable.contains(&name.as_ref()) {
                return Err(FormProblem::new(name, format!("duplicate form field: {name}")));
            }
        }
        Ok(Self(fields))
    }

    /// All fields, in the order in which they stand.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value)
    }

    /// Without white space around it; absent when nothing is left.
    pub fn trimmed(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// An id.
    ///
    /// # Errors
    /// [`FormProblem`] names the field.
    pub fn id<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, InvalidId>,
    ) -> Result<Option<T>, FormProblem> {
        let id = self.trimmed(name).map(parse).transpose();
        id.map_err(|error| FormProblem::new(name, error.to_string()))
    }

    /// What the fields say as a `T`, whose members are texts. A field without a value is as good as absent (RFC 6749 §3.2).
    ///
    /// # Errors
    /// [`FormProblem`] names the field.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, FormProblem> {
        let given = self.iter().filter(|(_, value)| !value.trim().is_empty());
        T::deserialize(Members::of(given))
    }
}

fn printable(name: &str) -> String {
    name.chars().filter(|c| !is_unprintable(*c)).take(64).collect()
}

#[cfg(test)]
mod tests {
    use caracal_core::ZoneId;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Asked {
        token: String,
        #[serde(default, deserialize_with = "caracal_wire::form::trimmed_if_any")]
        zone_id: Option<ZoneId>,
        hint: Option<String>,
    }

    fn read(body: &str) -> Result<Asked, (String, String)> {
        let fields = FormFields::parse(body.as_bytes(), &[]);
        let read = fields.and_then(|fields| fields.read());
        read.map_err(|problem| (problem.field, problem.message))
    }

    #[test]
    fn a_form_that_is_wrong_is_refused_with_the_field_named() {
        for (body, field, rule) in [
            ("", "token", "is required"),
            ("token=+", "token", "is required"),
            ("token=t&token=t", "token", "duplicate"),
            ("token=t&other=1&other=2", "other", "duplicate"),
            ("token=a%00b", "token", "control character"),
            ("token=t&zone_id=a/b", "zone_id", "an id is"),
        ] {
            let (named, message) = read(body).unwrap_err();
            assert_eq!(named, field, "{body}");
            assert!(message.contains(rule), "{body}: {message}");
        }
        let many = "a=1&".repeat(MAX_FIELDS + 1);
        assert_eq!(read(&many).unwrap_err().0, "");
    }

    #[test]
    fn a_field_without_a_value_is_absent_and_an_unknown_one_is_nobodys() {
        let asked = read("token=+t+&zone_id=+z+&hint=&other=x").unwrap();
        let expected = Asked {
            token: String::from(" t "),
            zone_id: Some(ZoneId::parse("z").unwrap()),
            hint: None,
        };
        assert_eq!(asked, expected);
    }
}
