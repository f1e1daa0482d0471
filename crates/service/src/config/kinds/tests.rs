use super::*;

#[test]
fn a_span_is_written_as_it_is_read() {
    for text in ["500ms", "5s", "2m", "1h", "90s", "1500ms"] {
        assert_eq!(HumanDuration::render(&HumanDuration::parse(text).unwrap()), text);
    }
    for text in [
        "",
        "5",
        "s",
        "5 s",
        "-5s",
        "5d",
        "99999999999999999999s",
        "18446744073709551615h",
    ] {
        assert!(HumanDuration::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_secret_is_neither_shown_nor_quoted() {
    let refused = Token::parse("short-and-secret").unwrap_err();
    assert!(!refused.contains("short"), "{refused}");
    assert!(!KeyMaterial::parse("not-hex").unwrap_err().contains("not-hex"));
    let good = "00112233445566778899aabbccddeeff".repeat(2);
    assert_eq!(KeyMaterials::parse(&format!("{good},{good}")).unwrap().len(), 2);
    for bad in [
        String::new(),
        format!("{good},"),
        format!("{good},not-hex"),
        [good.as_str(); 5].join(","),
    ] {
        let refused = KeyMaterials::parse(&bad).unwrap_err();
        assert!(
            !refused.contains("not-hex") && !refused.contains(&good),
            "{refused}"
        );
    }
    assert_eq!(KeyMaterials::render(&Vec::new()), "(secret)");
    assert_eq!(
        SecretText::render(&SecretText::parse("pass").unwrap()),
        "(secret)"
    );
}
