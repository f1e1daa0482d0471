//! Ids of applications in the sources of policies, by the names that documents have for them.

use std::collections::HashMap;

use caracal_core::{ApplicationId, entity::Application};

/// What stands before a name.
const OPEN: &str = "${application:";
/// What stands behind it.
const CLOSE: char = '}';

/// Which application has which name.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By name, its case folded.
    ids: HashMap<String, ApplicationId>,
    /// What each id is called, where that can stand in a source.
    shown: HashMap<String, String>,
}

/// Whether a name can stand in a text of Rego and ends where it seems to.
fn can_stand(name: &str) -> bool {
    !name.contains(['"', '`', '\\', CLOSE])
}

impl Names {
    pub(super) fn of<'a>(applications: impl IntoIterator<Item = &'a Application>) -> Self {
        let mut names = Self::default();
        for application in applications {
            names.add(&application.name, application.id.clone());
        }
        names
    }

    /// Adds an application that there will be.
    pub(super) fn add(&mut self, name: &str, id: ApplicationId) {
        if can_stand(name) {
            self.shown.insert(id.as_str().to_owned(), name.to_owned());
        }
        self.ids.insert(name.to_lowercase(), id);
    }

    /// Takes away an application that there will not be.
    pub(super) fn remove(&mut self, name: &str) {
        if let Some(id) = self.ids.remove(&name.to_lowercase()) {
            self.shown.remove(id.as_str());
        }
    }

    /// Ids of all of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ApplicationId> {
        self.ids.values()
    }

    /// The source with names in the place of ids.
    pub(super) fn shown(&self, source: &str) -> String {
        let mut shown = String::with_capacity(source.len());
        let mut rest = source;
        // Ids of applications are words; whatever is longer than one of them is none.
        while let Some(start) = rest.find(is_word) {
            let (before, word) = rest.split_at(start);
            let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            shown.push_str(before);
            match self.shown.get(word) {
                Some(name) => {
                    shown.push_str(OPEN);
                    shown.push_str(name);
                    shown.push(CLOSE);
                }
                None => shown.push_str(word),
            }
            rest = after;
        }
        shown.push_str(rest);
        shown
    }

    /// The source with ids in the place of names.
    ///
    /// # Errors
    /// The first name that no application has.
    pub(super) fn resolved(&self, source: &str) -> Result<String, String> {
        let mut resolved = String::with_capacity(source.len());
        let mut rest = source;
        while let Some((before, named)) = rest.split_once(OPEN) {
            let Some((name, after)) = named.split_once(CLOSE) else {
                break;
            };
            let id = self
                .ids
                .get(&name.to_lowercase())
                .ok_or_else(|| name.to_owned())?;
            resolved.push_str(before);
            resolved.push_str(id.as_str());
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for (name, id) in [
            ("CRM", "0198-a"),
            ("odd } name", "0198-b"),
            ("B \u{e4}", "0198-c"),
        ] {
            names.add(name, ApplicationId::parse(id).unwrap());
        }
        names
    }

    #[test]
    fn what_is_shown_reads_back() {
        let names = names();
        let source =
            "app_ids := {\"crm\": \"0198-a\", \"b\": \"0198-c\", \"x\": \"0198-b\", \"y\": \"0198-a-b\"}";
        let shown = names.shown(source);
        assert_eq!(
            shown,
            "app_ids := {\"crm\": \"${application:CRM}\", \"b\": \"${application:B \u{e4}}\", \"x\": \"0198-b\", \"y\": \
             \"0198-a-b\"}"
        );
        assert_eq!(names.resolved(&shown).as_deref(), Ok(source));
    }

    #[test]
    fn a_name_that_nobody_has_is_told() {
        let names = names();
        assert_eq!(
            names.resolved("\"${application:crm}\"").as_deref(),
            Ok("\"0198-a\"")
        );
        assert_eq!(names.resolved("${application:gone}"), Err(String::from("gone")));
        assert_eq!(
            names.resolved("${application:open").as_deref(),
            Ok("${application:open")
        );
    }
}
