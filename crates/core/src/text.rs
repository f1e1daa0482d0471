//! What a text that a caller chooses may be: bounds and a rule about characters, the same on every surface
//! and in front of every store.
//!
//! A name travels into signed events, logs, terminals and both databases. PostgreSQL stores no NUL, a terminal
//! obeys escape sequences, a signed field ends at a line end, and a bidirectional override shows a reader
//! something else than what is stored. So those characters are refused where a text enters, once.

use std::borrow::Cow;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark},
};

/// Characters of a foreign value that an answer or a log line shows at most.
const EXCERPT_CHARS: usize = 64;

/// Bounds and characters of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRule {
    min: usize,
    max: usize,
    lines: bool,
}

/// Why a text is not taken. Its `Display` completes "the field …" and never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Too short or too long, counted in characters.
    #[error("must have {min} to {max} characters")]
    Length {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// Holds a character of a kind that no field takes.
    #[error("must not contain control characters")]
    Character,
    /// Nothing but white space where something must be named.
    #[error("must not be blank")]
    Blank,
}

impl TextRule {
    /// One line of 1 to `max` characters: names, labels, identifiers, filters.
    pub const fn line(max: usize) -> Self {
        Self {
            min: 1,
            max,
            lines: false,
        }
    }

    /// Prose of at most `max` characters, possibly empty, where line ends and tabs are text: descriptions.
    pub const fn prose(max: usize) -> Self {
        Self {
            min: 0,
            max,
            lines: true,
        }
    }

    /// Checks `text` as it stands; trimming is the caller's.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(self, text: &str) -> Result<(), TextProblem> {
        let Self { min, max, lines } = self;
        // A character has at most four bytes, so a long text is not walked to be refused.
        if text.len() > max.saturating_mul(4) || !(min..=max).contains(&text.chars().count()) {
            return Err(TextProblem::Length { min, max });
        }
        let allowed = |c: char| !is_unprintable(c) || (lines && matches!(c, '\n' | '\r' | '\t'));
        if !text.chars().all(allowed) {
            return Err(TextProblem::Character);
        }
        if min > 0 && text.chars().all(is_blank) {
            return Err(TextProblem::Blank);
        }
        Ok(())
    }
}

/// What a text must not hold, by the tables of Unicode: control characters (category Cc), line and paragraph separators,
/// format characters (Cf) but for those that are written with the number behind them, and whatever is shown as nothing
/// (`Default_Ignorable_Code_Point`): overrides and isolates of direction, blanks without a width, fillers, tags and variation
/// selectors, in which a text may look like another or be hidden from people and still be read by a model. What joins
/// letters or chooses between sign and picture is part of writing.
pub fn is_unprintable(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    if is_joiner(c) {
        return false;
    }
    let category = match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => {
            true
        }
        GeneralCategory::Format => !CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        _ => false,
    };
    category || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Joins letters, or keeps them apart, or chooses how a sign is drawn; alone it is nothing.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether nothing is seen of it alone. The empty pattern of Braille is a sign that looks like a blank.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_joiner(c) || c == '\u{2800}'
}

/// `text` fit to be shown: at most 64 characters, none of them unprintable. What was cut is marked by `…`.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    let mut count = 0;
    let plain = text.chars().all(|c| {
        count += 1;
        count <= EXCERPT_CHARS && !is_unprintable(c)
    });
    if plain {
        return Cow::Borrowed(text);
    }
    let mut shown: String = text
        .chars()
        .take(EXCERPT_CHARS)
        .map(|c| if is_unprintable(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

/// A parser's message with every quoted value in it cut to an excerpt, so that a refusal names the rule
/// without repeating what somebody typed into the wrong field.
///
/// Parsers quote with `` ` `` or `"`. A value may hold those signs itself; then the pieces between them are cut,
/// each to its excerpt, and the whole to 512 characters.
pub fn without_long_quotes(message: &str) -> String {
    const MOST: usize = 512;
    let mut short = String::with_capacity(message.len().min(MOST));
    let mut rest = message;
    let mut left = MOST;
    while !rest.is_empty() {
        let end = rest.find(['`', '"']).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        let mut shown = excerpt(piece).into_owned();
        let mut signs = tail.chars();
        shown.extend(signs.next());
        rest = signs.as_str();
        for c in shown.chars() {
            if left == 0 {
                short.push('…');
                return short;
            }
            left -= 1;
            short.push(c);
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        let rule = TextRule::line(2);
        assert_eq!(rule.check("ää"), Ok(()));
        assert_eq!(rule.check("\u{10ffff}\u{10ffff}"), Ok(()));
        for wrong in ["", "äää", "abcdefghi"] {
            assert_eq!(rule.check(wrong), Err(TextProblem::Length { min: 1, max: 2 }));
        }
        assert_eq!(TextRule::prose(2).check(""), Ok(()));
    }

    #[test]
    fn what_breaks_a_store_a_terminal_or_a_reader_is_refused_in_every_text() {
        for c in [
            '\0',
            '\u{1b}',
            '\u{7f}',
            '\u{9b}',
            '\u{200b}',
            '\u{2028}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{200e}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{fe00}',
            '\u{e0100}',
            '\u{e01ef}',
        ] {
            for rule in [TextRule::line(8), TextRule::prose(8)] {
                assert_eq!(
                    rule.check(&format!("a{c}b")),
                    Err(TextProblem::Character),
                    "{c:?}"
                );
            }
        }
        for c in ['\n', '\r', '\t'] {
            assert_eq!(
                TextRule::line(8).check(&format!("a{c}b")),
                Err(TextProblem::Character)
            );
            assert_eq!(TextRule::prose(8).check(&format!("a{c}b")), Ok(()));
        }
    }

    #[test]
    fn a_name_is_not_blank_and_prose_may_be() {
        for blank in [
            " ",
            "\u{a0}",
            "\u{3000} ",
            "\u{2800}",
            "\u{200d}",
            "\u{fe0f} \u{200c}",
        ] {
            assert_eq!(
                TextRule::line(8).check(blank),
                Err(TextProblem::Blank),
                "{blank:?}"
            );
            assert_eq!(TextRule::prose(8).check(blank), Ok(()));
        }
        // What joins letters and signs is part of writing.
        for written in [
            "a\u{200d}b\u{200c}",
            "\u{2764}\u{fe0f}",
            "\u{605}7",
            "\u{e9}",
            "\u{5e9}\u{5dc}",
        ] {
            assert_eq!(TextRule::line(8).check(written), Ok(()), "{written:?}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_printable() {
        assert_eq!(excerpt("plain"), "plain");
        assert_eq!(excerpt("a\u{1b}[31m"), "a\u{fffd}[31m");
        let long = excerpt(&"x".repeat(200_000)).into_owned();
        assert_eq!(long.chars().count(), 65);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_message_keeps_its_words_and_loses_long_values() {
        let value = "s3cret".repeat(40_000);
        let message = without_long_quotes(&format!(
            "unknown variant `{value}`, expected `task` or `service`"
        ));
        assert!(message.starts_with("unknown variant `s3crets3cret"), "{message}");
        assert!(message.ends_with("…`, expected `task` or `service`"), "{message}");
        assert!(message.chars().count() < 200);
        let quotes = without_long_quotes(&"`\"".repeat(100_000));
        assert_eq!(quotes.chars().count(), 513);
    }
}
