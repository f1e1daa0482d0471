//! Finds one text value in a JSON answer without building a document.

/// The value of the first member called `name`, if it is a text without escapes.
///
/// Good enough for answers of known shape whose values are ASCII tokens; never for checking anything.
pub fn text_member<'b>(body: &'b [u8], name: &str) -> Option<&'b str> {
    let name = name.as_bytes();
    let mut from = 0;
    while let Some(quote) = body.get(from..)?.iter().position(|byte| *byte == b'"') {
        let start = from + quote + 1;
        from = start;
        let Some(rest) = body
            .get(start..)?
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(b"\""))
        else {
            continue;
        };
        let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else {
            continue;
        };
        let value = value.trim_ascii_start().strip_prefix(b"\"")?;
        let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if value.get(end) != Some(&b'"') {
            return None;
        }
        return std::str::from_utf8(value.get(..end)?).ok();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_foreign_values_are_not_found() {
        for body in [
            "",
            "{}",
            r#"{"access_token":12}"#,
            r#"{"access_token":"unfinished"#,
            r#"{"access_token":"esc\"aped"}"#,
            r#"{"xaccess_token":"t"}"#,
            r#"{"access_token_":"t"}"#,
        ] {
            assert_eq!(text_member(body.as_bytes(), "access_token"), None, "{body}");
        }
    }

    #[test]
    fn the_member_is_found_wherever_it_stands() {
        for body in [
            r#"{"access_token":"a.b.c","token_type":"Bearer"}"#,
            r#"{ "note" : "access_token", "access_token" : "a.b.c" }"#,
            "{\n\"expires_in\":1,\n\"access_token\":\n\"a.b.c\"}",
        ] {
            assert_eq!(
                text_member(body.as_bytes(), "access_token"),
                Some("a.b.c"),
                "{body}"
            );
        }
    }
}
