//! Text that would keep an evaluator busy or blow its stack.

use super::{HEAD, Interrupt, MAX_SOURCE_BYTES, PolicyVersionSource, document, evaluate_unless, validate};

/// Texts that would keep a naive evaluator busy for ever, or overflow its stack. Each runs on a small stack, as
/// workers of an async runtime have.
#[test]
fn hostile_text_is_refused_or_read_without_harm() {
    let deep =
        |open: &str, close: &str, levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let chained = (0..11).fold(String::from("1"), |inner, _| {
        format!("({inner}{})", "+1".repeat(30))
    });
    let doubling = |levels: usize| {
        let steps: Vec<String> = (1..levels)
            .map(|n| format!("  a{n} := [a{}, a{}]\n", n - 1, n - 1))
            .collect();
        let steps = steps.concat();
        format!("restrict := a{} if {{\n  a0 := [1]\n{steps}}}\n", levels - 1)
    };
    let range = (0..1000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let loops = format!(
        "restrict := [1 | some a in [{range}]; some b in [{range}]; some c in [{range}]; a + b == c + 5000]"
    );
    let cases = [
        (deep("[", "]", 6), "ok"),
        // Text of the kind that took a second for half a kilobyte.
        (deep("[", "]", 7), "policy_too_complex"),
        (vec![deep("[", "]", 10); 20].join(","), "policy_too_complex"),
        (
            format!("[{}]", vec![deep("[", "]", 10); 20].join(",")),
            "policy_too_complex",
        ),
        (
            format!("[{}]", vec![deep("[", "]", 10); 180].join(",")),
            "policy_too_complex",
        ),
        (
            format!("[{}]", vec![deep("[", "]", 10); 800].join(",")),
            "policy_too_complex",
        ),
        (
            format!(
                "[0,{}]",
                vec![format!("[0,{}]", deep("[", "]", 5)); 2_000].join(",")
            ),
            "policy_too_complex",
        ),
        // Later elements are read once, however deep.
        (deep("[0,", "]", 11), "ok"),
        (deep("[", "]", 50_000), "policy_too_complex"),
        (deep("{", "}", 6), "ok"),
        (deep("{", "}", 7), "policy_too_complex"),
        (deep("{1:", "}", 6), "data_document_malformed:restrict"),
        (deep("(", ")", 11), "data_document_malformed:restrict"),
        (deep("(", ")", 100_000), "policy_too_complex"),
        (deep("[1|", "]", 3), "ok"),
        (deep("{1|", "}", 3), "ok"),
        (deep("[1|", "]", 11), "policy_too_complex"),
        (deep("{1:1|", "}", 3), "data_document_malformed:restrict"),
        (deep("[x|x:=", "]", 3), "policy_too_complex"),
        (vec!["1"; 100_000].join("+"), "policy_too_complex"),
        (vec!["1"; 50_000].join("\n+\n"), "policy_too_complex"),
        (vec!["a"; 100_000].join("."), "policy_too_complex"),
        (format!("a{}", "[0]".repeat(50_000)), "policy_too_complex"),
        (format!("a{}", "\n[0]".repeat(50_000)), "policy_syntax_error"),
        (chained, "data_document_malformed:restrict"),
        ("-".repeat(100_000), "policy_too_complex"),
        ("not ".repeat(50_000), "policy_too_complex"),
        ("1e999999999".into(), "policy_too_complex"),
        ("9".repeat(100_000), "policy_too_complex"),
        ("[1 | a := 2; b := a * a]".into(), "policy_too_complex"),
        (
            vec!["[1] if false"; 1_000].join("\nelse := "),
            "data_document_undefined:restrict",
        ),
        (
            format!("[{}]", format!("{},", deep("[", "]", 9)).repeat(10_000)),
            "policy_too_complex",
        ),
        (
            format!("[r | r := {{\"a\": 1}}[{}]]", "{[".repeat(2)),
            "unbalanced_delimiters",
        ),
        (
            format!("[r | r := {{\"a\": 1}}[{}]]", "{[".repeat(5)),
            "policy_too_complex",
        ),
    ];
    let mut documents: Vec<(String, &str)> = cases
        .into_iter()
        .map(|(value, code)| (document(&format!("restrict := {value}\n")), code))
        .collect();
    documents.push((document(&doubling(60)), "policy_too_complex"));
    documents.push((document(&loops), "policy_too_complex"));
    documents.push((document(&"[".repeat(200_000)), "policy_too_complex"));
    documents.push((document(&"restrict[".repeat(20_000)), "policy_too_complex"));
    let checks = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            for (content, expected) in documents {
                let code = validate(&content).map_or_else(|problem| problem.code, |_| String::from("ok"));
                assert_eq!(
                    code,
                    expected,
                    "{}",
                    content.chars().take(120).collect::<String>()
                );
            }
        });
    checks.unwrap().join().unwrap();
}

#[test]
fn the_largest_document_allowed_is_read() {
    let mut body = String::from("grants := {\n");
    for index in 0_u32.. {
        let entry = format!(
            "\"https://resource-{index}\": {{\"application\": \"a\", \"roles\": {{\"r\": [\"x\", \"y\"]}}}},\n"
        );
        if HEAD.len() + body.len() + entry.len() + 2 > MAX_SOURCE_BYTES {
            break;
        }
        body.push_str(&entry);
    }
    body.push_str("}\n");
    validate(&document(&body)).unwrap();
    // The same on a single line.
    validate(&document(&body.replace('\n', " "))).unwrap();
}

#[test]
fn an_evaluation_nobody_waits_for_ends() {
    let interrupt = Interrupt::default();
    interrupt.interrupt();
    let content = document("restrict := []\n");
    let source = PolicyVersionSource {
        version_id: "v",
        content: &content,
    };
    assert_eq!(
        evaluate_unless(&[source], &interrupt).unwrap_err().code,
        "policy_evaluation_interrupted"
    );
    assert_eq!(
        crate::document::validate(&content, &interrupt).unwrap_err()[0].code,
        "policy_evaluation_interrupted"
    );
}
