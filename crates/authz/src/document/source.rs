//! Plain data as a source that states it.

use std::fmt::Write as _;

use caracal_core::text::is_unprintable;

use super::{PACKAGE, PolicyDocuments};

impl PolicyDocuments {
    /// A source that evaluates to these documents.
    pub fn to_source(&self) -> String {
        let mut source = format!("# caracal:data-document\npackage {PACKAGE}\n\nimport rego.v1\n");
        for (name, value) in self.iter() {
            // Writing to a string cannot fail; JSON is Rego.
            let _ = writeln!(source, "\n{name} := {}", seen(&format!("{value:#}")));
        }
        source
    }
}

/// JSON whose texts are written with characters that can be seen: a source with others is refused.
fn seen(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_unprintable(letter) && letter != '\n' {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        document::{Interrupt, Origins, PolicyVersionSource, evaluate, validate},
        generated::well_formed,
    };

    fn read(content: &str) -> PolicyDocuments {
        let source = PolicyVersionSource {
            version_id: "1",
            content,
        };
        PolicyDocuments {
            origins: Origins::default(),
            ..evaluate(&[source]).unwrap()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_source_says_what_it_was_made_of(documents in well_formed()) {
            // A policy that defines nothing is none.
            prop_assume!(documents != PolicyDocuments::default());
            prop_assert_eq!(read(&documents.to_source()), documents);
        }
    }

    #[test]
    fn texts_that_could_be_read_as_more_than_texts_are_texts() {
        let hostile = "\"]}\n\u{1}#\\ {{`$\u{2028}";
        let documents = PolicyDocuments {
            app_ids: Some(json!({ hostile: hostile })),
            grants: Some(json!({ hostile: { "application": hostile, "roles": { hostile: [hostile] } } })),
            ..PolicyDocuments::default()
        };
        let source = documents.to_source();
        assert_eq!(validate(&source, &Interrupt::default()).err(), None, "{source}");
        assert_eq!(read(&source), documents);
    }
}
