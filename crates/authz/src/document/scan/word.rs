//! Words in the text of a policy.

/// Whether it is what may follow `package`.
pub(super) fn is_dotted_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(is_word)
    })
}

/// Whether it may stand in a word.
pub(super) fn is_word(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || ch == '_'
}

/// Foreign text, for a message.
pub(in crate::document) fn excerpt(text: &str) -> String {
    caracal_core::text::excerpt(text).into_owned()
}
