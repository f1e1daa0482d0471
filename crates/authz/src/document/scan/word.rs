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

/// At most 64 characters of foreign text, for a message.
pub(in crate::document) fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}
