use serde_json::{Value, json};

use super::{
    DocumentPreview, Interrupt, MAX_SOURCE_BYTES, PolicyProblem, PolicySource, evaluate, evaluate_unless,
};

const HEAD: &str = "# caracal:data-document\npackage caracal.authz\n";

fn document(body: &str) -> String {
    format!("{HEAD}{body}")
}

fn checked(content: &str) -> Result<super::Valid, Vec<PolicyProblem>> {
    super::validate(content, &Interrupt::default())
}

fn problems(content: &str) -> Vec<PolicyProblem> {
    checked(content).err().unwrap_or_default()
}

fn validate(content: &str) -> Result<DocumentPreview, PolicyProblem> {
    checked(content)
        .map(|valid| valid.preview)
        .map_err(|problems| problems[0].clone())
}

fn code(content: &str) -> String {
    match validate(content) {
        Ok(preview) => panic!("accepted: {preview:?}"),
        Err(problem) => problem.code,
    }
}

fn evaluated(bodies: &[&str]) -> Result<super::PolicyDocuments, PolicyProblem> {
    let contents: Vec<String> = bodies.iter().map(|body| document(body)).collect();
    let ids: Vec<String> = (0..bodies.len())
        .map(|index| format!("version-{index}"))
        .collect();
    let sources: Vec<PolicySource<'_>> = (contents.iter().zip(&ids))
        .map(|(content, id)| PolicySource {
            version_id: id,
            content,
        })
        .collect();
    evaluate(&sources)
}

#[test]
fn every_rule_of_a_document_has_its_own_code() {
    let cases: &[(String, &str)] = &[
        (String::new(), "empty_policy"),
        (" \n\t".into(), "empty_policy"),
        ("x".repeat(MAX_SOURCE_BYTES + 1), "content_too_large"),
        (document("app_ids := {\"a\": \"b}\n"), "unterminated_string"),
        (document("app_ids := {\"a\": `b}\n"), "unterminated_string"),
        (document("app_ids := {\"a\": [\"b\"}\n"), "unbalanced_delimiters"),
        (document("app_ids := {\"a\": \"b\"\n"), "unbalanced_delimiters"),
        (document("app_ids := {}}\n"), "unbalanced_delimiters"),
        (document("risk := []\n\0grants := 1"), "policy_syntax_error"),
        (
            document("default risk := []\ndefault risk := [1]"),
            "data_document_conflict:risk",
        ),
        (document("risk := [count(1)]"), "data_document_failed:risk"),
        ("app_ids := {}\n".into(), "missing_package_declaration"),
        (
            "# package caracal.authz\napp_ids := {}\n".into(),
            "missing_package_declaration",
        ),
        ("package 1x\napp_ids := {}\n".into(), "invalid_package_name"),
        (
            "package caracal[\"authz\"]\napp_ids := {}\n".into(),
            "invalid_package_name",
        ),
        (document("app_ids = = {}\n"), "policy_syntax_error"),
        (
            document("restrict := [1 | http.send({\"url\": \"http://x\"})]\n"),
            "forbidden_builtin:http.send",
        ),
        (
            document("restrict := [time.now_ns()]\n"),
            "forbidden_builtin:time.now_ns",
        ),
        (
            document("restrict := numbers.range(1, 10000000000)\n"),
            "forbidden_builtin:numbers.range",
        ),
        (
            "# caracal:data-document\npackage other\nrisk := []\n".into(),
            "must_use_package_caracal_authz",
        ),
        (
            "# caracal:data-document\npackage caracal.authz.x\nrisk := []\n".into(),
            "must_use_package_caracal_authz",
        ),
        (
            "package caracal.authz\nrisk := []\n".into(),
            "must_be_data_document",
        ),
        (
            "package caracal.authz\nrisk := [] # caracal:data-document\n".into(),
            "must_be_data_document",
        ),
        (
            "package caracal.authz\nrisk := [`\n# caracal:data-document\n`]\n".into(),
            "must_be_data_document",
        ),
        (
            document("result := {\"decision\": \"allow\"}\n"),
            "data_document_must_not_define_result",
        ),
        (
            document("default result := {\"decision\": \"allow\"}\n"),
            "data_document_must_not_define_result",
        ),
        (document(""), "data_document_must_define_data"),
        (document("helper := 1\n"), "data_document_rule_not_allowed:helper"),
        (
            document("allow if true\n"),
            "data_document_rule_not_allowed:allow",
        ),
        (
            document("grants(x) := x\n"),
            "data_document_must_not_define_function:grants",
        ),
        (
            document("grants := {\"a\": grants}\n"),
            "data_document_must_not_read_itself:grants",
        ),
        (
            document("restrict := [1 | input.principal.id == \"x\"]\n"),
            "data_document_must_not_read_input",
        ),
        (
            document("restrict := [r | r := input[_]]\n"),
            "data_document_must_not_read_input",
        ),
        (
            "# caracal:data-document\npackage caracal.authz\nimport input.x\nrisk := []\n".into(),
            "data_document_must_not_read_input",
        ),
        (
            document("restrict := [1 | true with input as {\"a\": 1}]\n"),
            "policy_too_complex",
        ),
        (
            document("restrict := [x | x := data.caracal.authz]\n"),
            "policy_too_complex",
        ),
    ];
    for (content, expected) in cases {
        let excerpt: String = content.chars().take(120).collect();
        assert_eq!(code(content), *expected, "{excerpt}");
    }
}

#[test]
fn malformed_values_are_refused_at_save() {
    for (body, expected) in [
        ("restrict := true", "data_document_malformed:restrict"),
        ("restrict := false", "data_document_malformed:restrict"),
        ("restrict := null", "data_document_malformed:restrict"),
        ("confinement := \"agent\"", "data_document_malformed:confinement"),
        (
            "confinement := [{\"scopes\": [\"a\"]}]",
            "data_document_malformed:confinement",
        ),
        (
            "confinement := [{\"label_prefix\": 1, \"scopes\": []}]",
            "data_document_malformed:confinement",
        ),
        (
            "confinement := [{\"label_prefix\": \"a\"}]",
            "data_document_malformed:confinement",
        ),
        ("grants := []", "data_document_malformed:grants"),
        (
            "grants := {\"r\": {\"roles\": {}}}",
            "data_document_malformed:grants",
        ),
        (
            "grants := {\"r\": {\"application\": \"a\", \"roles\": {\"l\": \"s\"}}}",
            "data_document_malformed:grants",
        ),
        (
            "grants := {\"r\": {\"application\": \"a\", \"roles\": {\"l\": [1]}}}",
            "data_document_malformed:grants",
        ),
        ("app_ids := {\"a\": 1}", "data_document_malformed:app_ids"),
        ("app_ids := {1: \"a\"}", "data_document_malformed:app_ids"),
        ("risk := {\"scope\": \"a\"}", "data_document_malformed:risk"),
        (
            "risk := [{\"scope\": \"\", \"tier\": \"t\"}]",
            "data_document_malformed:risk",
        ),
        (
            "risk := [{\"scope\": \"a\", \"tier\": \"x\"}, {\"scope\": \"a\", \"tier\": \"y\"}]",
            "data_document_conflict:risk",
        ),
        (
            "approval_tiers := [{\"tier\": \"t\", \"approver\": \"nobody\"}]",
            "data_document_malformed:approval_tiers",
        ),
        (
            "approval_tiers := [{\"tier\": \"t\", \"privacy\": \"none\"}]",
            "data_document_malformed:approval_tiers",
        ),
        (
            "approval_tiers := [{\"tier\": \"t\", \"ttl_seconds\": 0}]",
            "data_document_malformed:approval_tiers",
        ),
        (
            "approval_tiers := [{\"tier\": \"t\", \"ttl_seconds\": 1.5}]",
            "data_document_malformed:approval_tiers",
        ),
    ] {
        assert_eq!(code(&document(body)), expected, "{body}");
    }
}

#[test]
fn text_in_strings_and_comments_is_not_code() {
    let content = document(
        "# http.send(input.x) result := {} package other [\n\
         app_ids := {\"result := {\": \"http.send(input.y)\", \"b\": `input.z } ] \\`}\n\
         restrict := {\"time.now_ns()\"}\n",
    );
    let preview = validate(&content).unwrap();
    assert_eq!(preview.rules, ["app_ids", "restrict"]);
    assert!(preview.inputs_referenced.is_empty());
}

#[test]
fn the_preview_names_what_a_document_defines_and_reads() {
    let content = document(
        "import data.shared.labels\n\
         risk := [{\"scope\": s, \"tier\": \"high\", \"decision\": \"deny\"} | some s in [\"a\"]; not data.other[\"list\"][0].scopes]\n\
         restrict contains \"freeze\"\n\
         grants[\"https://a\"] := {\"application\": key, \"roles\": {}} if {\n\
           some key, id in app_ids\n  id == \"app-1\"\n}\n",
    );
    let preview = validate(&content).unwrap();
    assert_eq!(preview.package, "caracal.authz");
    assert_eq!(preview.rules, ["grants", "restrict", "risk"]);
    assert_eq!(preview.decisions, ["deny"]);
    assert_eq!(preview.data_referenced, ["data.other.list", "data.shared.labels"]);
    assert!(!preview.default_result);
}

#[test]
fn every_problem_is_told_with_its_place() {
    let content = "package other\n\nhelper := 1\n  grants := http.send({})\nresult := 2\n";
    let told: Vec<(String, Option<u32>, Option<u32>)> = problems(content)
        .into_iter()
        .map(|problem| (problem.code, problem.line, problem.column))
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(code, line, column)| (code.as_str(), *line, *column))
        .collect();
    assert_eq!(
        told,
        [
            ("forbidden_builtin:http.send", Some(4), Some(13)),
            ("must_use_package_caracal_authz", Some(1), Some(1)),
            ("must_be_data_document", None, None),
            ("data_document_must_not_define_result", Some(5), Some(1)),
            ("data_document_rule_not_allowed:helper", Some(3), Some(1)),
        ]
    );
    let syntax = validate(&document("grants := {\n  \"a\" \"b\"\n}\n")).unwrap_err();
    assert_eq!(
        (syntax.code.as_str(), syntax.line),
        ("policy_syntax_error", Some(4)),
        "{syntax}"
    );
    assert!(
        syntax.message.len() < 200 && !syntax.message.contains('\n'),
        "{}",
        syntax.message
    );
}

#[test]
fn documents_of_several_sources_are_merged_and_sets_become_lists() {
    let documents = evaluated(&[
        "restrict contains \"b\"\nrestrict contains \"a\"\napp_ids[\"x\"] := \"1\"\n",
        "restrict contains \"c\"\napp_ids[\"y\"] := \"2\"\nrisk contains {\"scope\": \"s\", \"tier\": \"low\"}\n",
    ])
    .unwrap();
    assert_eq!(documents.restrict, Some(json!(["a", "b", "c"])));
    assert_eq!(documents.app_ids, Some(json!({ "x": "1", "y": "2" })));
    assert_eq!(documents.risk, Some(json!([{ "scope": "s", "tier": "low" }])));
    assert_eq!(documents.grants, None);
}

#[test]
fn one_document_may_be_derived_from_another() {
    let documents = evaluated(&[
        "app_ids := {\"desk\": \"app-1\"}",
        "grants := {r: {\"application\": k, \"roles\": {\"reader\": [\"read\"]}} | some k, _ in app_ids; some r in [\"a\", \"b\"]}",
    ])
    .unwrap();
    let grant = json!({ "application": "desk", "roles": { "reader": ["read"] } });
    assert_eq!(documents.grants, Some(json!({ "a": grant, "b": grant })));
}

#[test]
fn sources_that_contradict_each_other_are_refused() {
    let conflict = evaluated(&["app_ids := {\"a\": \"1\"}", "app_ids := {\"a\": \"2\"}"]).unwrap_err();
    assert_eq!(conflict.code, "data_document_conflict:app_ids");
    assert!(
        conflict.line.is_some() && conflict.policy_version_id.is_some(),
        "{conflict:?}"
    );
    let members = evaluated(&[
        "grants[\"a\"] := {\"application\": \"x\"}",
        "grants[\"a\"] := {\"application\": \"y\"}",
    ]);
    assert_eq!(members.unwrap_err().code, "data_document_conflict:grants");
    for (one, other) in [
        ("restrict := [\"a\"]", "restrict contains \"b\""),
        ("default restrict := []", "default restrict := [\"a\"]"),
        ("app_ids := {\"a\": \"1\"}", "app_ids := {\"b\": \"2\"}"),
        ("restrict := []", "restrict := [\"a\"]"),
        ("restrict := []", "restrict := {\"a\"}"),
        ("app_ids := {\"a\": \"1\"}", "app_ids[\"b\"] := \"2\""),
    ] {
        for sources in [[one, other], [other, one]] {
            let refused = evaluated(&sources).map_err(|problem| problem.code);
            let (name, _) = one.trim_start_matches("default ").split_once(' ').unwrap();
            assert_eq!(
                refused,
                Err(format!("data_document_conflict:{name}")),
                "{sources:?}"
            );
        }
    }
    let same = evaluated(&["app_ids := {\"a\": \"1\"}", "app_ids := {\"a\": \"1\"}"]).unwrap();
    assert_eq!(same.app_ids, Some(json!({ "a": "1" })));
    let faulty = evaluated(&["risk := []", "nonsense := 1"]).unwrap_err();
    assert_eq!(faulty.policy_version_id.as_deref(), Some("version-1"));
}

#[test]
fn an_empty_set_of_sources_has_no_documents() {
    assert_eq!(evaluated(&[]).unwrap().iter().count(), 0);
}

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
fn problems_serialise_without_absent_members() {
    let problem = PolicyProblem::new("empty_policy", "the policy is empty");
    let value: Value = serde_json::to_value(&problem).unwrap();
    assert_eq!(
        value,
        json!({ "code": "empty_policy", "message": "the policy is empty" })
    );
}

#[test]
fn a_document_that_is_defined_and_has_no_value_is_refused() {
    let gone = "grants[\"resource://gone\"].roles.agent";
    let grants =
        "grants := {\"resource://here\": {\"application\": \"a\", \"roles\": {\"agent\": [\"x\"]}}}\n";
    for (name, body) in [
        (
            "confinement",
            format!("confinement := [{{\"label_prefix\": \"agent\", \"scopes\": {gone}}}]"),
        ),
        (
            "risk",
            format!("risk := [{{\"scope\": {gone}[0], \"tier\": \"high\"}}]"),
        ),
        (
            "risk",
            format!("risk := {{{{\"scope\": \"a\", \"tier\": \"high\"}}, {gone}}}"),
        ),
        (
            "approval_tiers",
            format!("approval_tiers := [{{\"tier\": \"t\"}}, {gone}]"),
        ),
        ("restrict", format!("restrict := {gone}")),
        ("restrict", String::from("restrict := [\"x\"] if false")),
        ("restrict", String::from("restrict := data.elsewhere.reasons")),
        ("app_ids", String::from("app_ids := {\"a\": data.elsewhere.id}")),
    ] {
        let body = format!("{grants}{body}\n");
        let expected = format!("data_document_undefined:{name}");
        assert_eq!(code(&document(&body)), expected, "{body}");
        assert_eq!(evaluated(&[&body]).unwrap_err().code, expected, "{body}");
    }
    // What another source may define is known at activation only.
    let reading =
        "restrict := [k | some k, _ in app_ids]\nrisk := [{\"scope\": app_ids.x, \"tier\": \"low\"}]";
    assert!(validate(&document(reading)).is_ok());
    assert_eq!(
        evaluated(&[reading])
            .map_err(|problem| problem.code.contains("risk") || problem.code.contains("failed")),
        Err(true)
    );
    assert!(evaluated(&[reading, "app_ids := {\"x\": \"scope\"}"]).is_ok());
}

#[test]
fn an_element_that_would_be_left_out_of_a_restriction_is_refused() {
    let grants = "grants := {\"r\": {\"application\": \"a\", \"roles\": {\"agent\": [\"x\"]}}}\n";
    let gone = "grants[\"gone\"].roles.agent";
    for (name, body) in [
        (
            "risk",
            format!("risk contains {{\"scope\": {gone}[0], \"tier\": \"high\"}}"),
        ),
        (
            "risk",
            format!("risk := [{{\"scope\": s, \"tier\": {gone}}} | some s in [\"a\"]]"),
        ),
        ("restrict", format!("restrict contains {gone}")),
        ("restrict", format!("restrict[\"x\"] := {gone}")),
        (
            "restrict",
            format!("restrict := {{k: {gone} | some k in [\"a\"]}}"),
        ),
        ("restrict", format!("default restrict := []\nrestrict := {gone}")),
        ("restrict", format!("restrict := {gone} if true\nelse := []")),
        (
            "approval_tiers",
            format!("approval_tiers contains {{\"tier\": \"t\", \"approver\": {gone}}}"),
        ),
        (
            "confinement",
            format!("confinement contains {{\"label_prefix\": \"a\", \"scopes\": {gone}}}"),
        ),
    ] {
        let body = format!("{grants}{body}\n");
        let expected = format!("data_document_may_be_undefined:{name}");
        assert_eq!(code(&document(&body)), expected, "{body}");
        assert_eq!(evaluated(&[&body]).unwrap_err().code, expected, "{body}");
    }
    let spread = [
        "risk := [{\"scope\": app_ids.gone, \"tier\": \"high\"}]\napp_ids := {\"a\": \"b\"}",
        "risk := []",
    ];
    assert_eq!(
        evaluated(&spread).unwrap_err().code,
        "data_document_may_be_undefined:risk"
    );
    let sound = "risk := [{\"scope\": s, \"tier\": \"high\"} | some r in grants; some s in r.roles.agent]\n";
    assert_eq!(
        evaluated(&[&format!("{grants}{sound}")]).unwrap().risk,
        Some(json!([{ "scope": "x", "tier": "high" }]))
    );
}

#[test]
fn a_misspelt_tier_is_refused() {
    let risk = "risk := [{\"scope\": \"a\", \"tier\": \"critcal\"}]\n";
    let tiers = "approval_tiers := [{\"tier\": \"critical\"}]\n";
    let own = "approval_tiers := [{\"tier\": \"critcal\"}]\n";
    let unknown = "data_document_unknown_tier:risk";
    assert_eq!(code(&document(&format!("{risk}{tiers}"))), unknown);
    assert_eq!(evaluated(&[risk, tiers]).unwrap_err().code, unknown);
    assert_eq!(evaluated(&[risk]).unwrap_err().code, unknown);
    assert!(evaluated(&[risk, own]).is_ok());
    // Alone it may belong to tiers of another source.
    let warned = checked(&document(risk))
        .unwrap()
        .warnings(&super::ZoneNames::default());
    assert!(
        warned
            .iter()
            .any(|warning| warning.code == "unknown_tier" && warning.line == Some(3))
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_policy() {
    let content = format!("\u{feff}{}", document("restrict := [\"x\"]\n"));
    assert_eq!(validate(&content).unwrap().rules, ["restrict"]);
    let source = PolicySource {
        version_id: "v",
        content: &content,
    };
    assert_eq!(evaluate(&[source]).unwrap().restrict, Some(json!(["x"])));
    assert_eq!(
        code(&format!("{}\u{feff}", document("restrict := []"))),
        "policy_syntax_error"
    );
}

#[test]
fn an_evaluation_nobody_waits_for_ends() {
    let interrupt = Interrupt::default();
    interrupt.interrupt();
    let content = document("restrict := []\n");
    let source = PolicySource {
        version_id: "v",
        content: &content,
    };
    assert_eq!(
        evaluate_unless(&[source], &interrupt).unwrap_err().code,
        "policy_evaluation_interrupted"
    );
    assert_eq!(
        super::validate(&content, &interrupt).unwrap_err()[0].code,
        "policy_evaluation_interrupted"
    );
}

#[test]
fn names_that_the_zone_does_not_know_are_warned_of_with_their_place() {
    let names = super::ZoneNames {
        applications: ["app-1".to_owned()].into(),
        resources: [("r:1".to_owned(), caracal_core::ScopeSet::parse("read write"))].into(),
    };
    let content = document(
        "app_ids := {\"desk\": \"app-1\", \"gone\": \"app-2\"}\n\
         grants := {\n\
         \"r:1\": {\"application\": \"desk\", \"roles\": {\"x\": [\"read\", \"wirte\"]}},\n\
         \"r:2\": {\"application\": \"dsk\", \"role\": {\"x\": [\"read\"]}},\n\
         }\n\
         confinement := [{\"label_prefix\": \"x\", \"scopes\": [\"read\", \"sing\"]}]\n",
    );
    let told: Vec<(&str, Option<u32>, Option<u32>)> = checked(&content)
        .unwrap()
        .warnings(&names)
        .iter()
        .map(|warning| (warning.code, warning.line, warning.column))
        .collect();
    assert_eq!(
        told,
        [
            ("unknown_application", Some(3), Some(38)),
            ("unknown_scope", Some(5), Some(56)),
            ("unknown_resource", Some(6), Some(1)),
            ("unknown_member", Some(6), Some(31)),
            ("unknown_key", Some(6), Some(24)),
            ("unknown_scope", Some(8), Some(58)),
        ]
    );
}

const HERE: &str = "grants := {\"here\": {\"application\": \"a\", \"roles\": {\"agent\": [\"x\"]}}}\napp_ids := {\"a\": \"1\"}\n";

#[test]
fn a_lookup_that_a_restriction_binds_and_that_leads_nowhere_is_refused() {
    let rule = "confinement contains {\"label_prefix\": \"agent\", \"scopes\": s} if";
    for (name, body) in [
        (
            "confinement",
            format!("{rule} {{ s := grants[\"gone\"].roles.agent }}"),
        ),
        ("confinement", format!("{rule} {{ s = grants.here.roles.agnet }}")),
        ("confinement", format!("{rule} {{ grants.here.role.agent = s }}")),
        (
            "confinement",
            format!("{rule} {{ k := \"gone\"; s := grants[k].roles.agent }}"),
        ),
        (
            "confinement",
            format!("{rule} {{ g := grants; s := g.gone.roles.agent }}"),
        ),
        (
            "confinement",
            format!("{rule} {{ s := data.caracal.authz.grants.gone.roles.agent }}"),
        ),
        ("confinement", format!("{rule} {{ s := data.elsewhere.scopes }}")),
        (
            "confinement",
            format!("{rule} {{ s := grants.here.roles.agent[9] }}"),
        ),
        (
            "confinement",
            format!("{rule} {{ s := grants[app_ids.gone].roles.agent }}"),
        ),
        (
            "confinement",
            format!("{rule} {{ count(grants) > 0; s := array.reverse(grants.gone.roles.agent) }}"),
        ),
        (
            "risk",
            String::from(
                "risk contains {\"scope\": s, \"tier\": \"high\"} if some s in grants[\"gone\"].roles.agent",
            ),
        ),
        (
            "risk",
            String::from("risk := [{\"scope\": s, \"tier\": \"high\"} | some s in grants.gone.roles.agent]"),
        ),
        (
            "risk",
            String::from("risk := [{\"scope\": s, \"tier\": \"high\"} | s := grants.gone.roles[_][_]]"),
        ),
        (
            "restrict",
            String::from("restrict contains \"x\" if every s in grants.gone.roles.agent { s == \"x\" }"),
        ),
        (
            "restrict",
            String::from("restrict contains \"x\" if count([s | some s in grants.gone.roles.agent]) > 0"),
        ),
        (
            "restrict",
            String::from("restrict := [\"x\"] if { s := app_ids.gone; s != \"\" } else := []"),
        ),
        (
            "approval_tiers",
            String::from(
                "approval_tiers contains {\"tier\": \"t\", \"approver\": w} if { app_ids.a; w := app_ids.gone }",
            ),
        ),
    ] {
        let expected = format!("data_document_binds_nothing:{name}");
        let problem = validate(&document(&format!("{HERE}{body}\n"))).unwrap_err();
        assert_eq!(problem.code, expected, "{body}");
        assert_eq!(problem.line, Some(5), "{body}");
        let refused = evaluated(&[HERE, &body]).unwrap_err();
        assert_eq!(refused.code, expected, "{body}");
        assert!(refused.policy_version_id.is_some(), "{body}");
    }
    let aliased = "import data.caracal.authz.grants as g\n\
                   confinement contains {\"label_prefix\": \"a\", \"scopes\": s} if { s := g.gone.roles.agent }\n";
    assert_eq!(
        evaluated(&[HERE, aliased]).unwrap_err().code,
        "data_document_binds_nothing:confinement"
    );
}

#[test]
fn a_condition_that_does_not_hold_is_no_mistake() {
    let risk = "risk contains {\"scope\": s, \"tier\": \"high\"} if";
    for (body, elements) in [
        (
            format!(
                "{risk} {{ s := \"x\"; grants[\"gone\"] }}\nrisk contains {{\"scope\": \"y\", \"tier\": \"low\"}}"
            ),
            1,
        ),
        (format!("{risk} {{ s := \"x\"; not grants[\"gone\"] }}"), 1),
        (
            format!(
                "{risk} {{ s := \"x\"; app_ids.gone == \"1\" }}\nrisk contains {{\"scope\": \"y\", \"tier\": \"low\"}}"
            ),
            1,
        ),
        (
            format!(
                "{risk} {{ grants[\"gone\"]; some s in grants[\"gone\"].roles.agent }}\nrisk contains {{\"scope\": \"y\", \"tier\": \"low\"}}"
            ),
            1,
        ),
        (
            format!("{risk} {{ grants[\"here\"]; some s in grants[\"here\"].roles.agent }}"),
            1,
        ),
        (
            format!("{risk} {{ some r in grants; some s in r.roles.agent }}"),
            1,
        ),
        (
            format!(
                "{risk} {{ some r in grants; t := r.roles.other; some s in t }}\nrisk contains {{\"scope\": \"y\", \"tier\": \"low\"}}"
            ),
            1,
        ),
        (
            format!("{risk} {{ s := object.get(app_ids, \"gone\", \"y\") }}"),
            1,
        ),
        (format!("{risk} {{ s := grants.here.roles.agent[0] }}"), 1),
    ] {
        assert!(
            validate(&document(&format!("{HERE}{body}\n"))).is_ok(),
            "{body}: {:?}",
            validate(&document(&format!("{HERE}{body}\n")))
        );
        let documents = evaluated(&[HERE, &body]).unwrap_or_else(|problem| panic!("{body}: {problem}"));
        assert_eq!(
            super::elements(&documents.risk.unwrap()).count(),
            elements,
            "{body}"
        );
    }
    // Another policy of the set may define it: told when all are known.
    let alone = "restrict contains s if some s in grants.gone.roles.agent\n";
    assert!(validate(&document(alone)).is_ok());
    assert_eq!(
        evaluated(&[HERE, alone]).unwrap_err().code,
        "data_document_binds_nothing:restrict"
    );
}

#[test]
fn what_was_evaluated_before_bindings_were_asked_about_is_asked_again() {
    let documents = evaluated(&[HERE]).unwrap();
    let stored = documents.to_stored();
    assert_eq!(super::PolicyDocuments::from_stored(&stored), Some(documents));
    assert!(stored.contains("\"form\":2"), "{stored}");
    assert_eq!(
        super::PolicyDocuments::from_stored(&stored.replace("\"form\":2", "\"form\":1")),
        None
    );
}

proptest::proptest! {
    /// A body whose conditions hold keeps its element whatever it binds on the way, or the text is refused; and what a
    /// condition asks for first may be missing.
    #[test]
    fn what_a_body_binds_takes_no_restriction_away(
        terms in proptest::collection::vec(proptest::sample::select(vec![
            "\"a\"", "grants.here.application", "grants[\"gone\"].application", "data.gone.x", "app_ids.a", "app_ids.b",
            "grants.here.roles.agent[0]", "grants.here.roles.agent[9]", "grants[app_ids.b]", "count(grants.gone)",
            "grants[k].application", "g.gone", "g.here.roles",
        ]), 1..4),
        form in 0..2_usize,
    ) {
        let there = |term: &&str| !["gone", "app_ids.b", "[9]", "[k]"].iter().any(|sign| term.contains(sign));
        let mut body = String::from("k := \"gone\"; g := grants");
        for (term, at) in terms.iter().zip('a'..) {
            body.extend(["; x", &at.to_string(), [" := ", " = "][form], term]);
        }
        let rule = format!("restrict contains \"x\" if {{ {body} }}\n");
        let outcome = evaluated(&[HERE, &rule]);
        if terms.iter().all(there) {
            proptest::prop_assert_eq!(outcome.unwrap().restrict, Some(json!(["x"])), "{}", rule);
        } else {
            proptest::prop_assert_eq!(outcome.unwrap_err().code, "data_document_binds_nothing:restrict", "{}", rule);
        }
        let guarded = format!(
            "restrict contains \"y\"\nrestrict contains \"x\" if {{ app_ids.gone; {body} }}\n"
        );
        proptest::prop_assert_eq!(evaluated(&[HERE, &guarded]).unwrap().restrict, Some(json!(["y"])), "{}", guarded);
    }
}

proptest::proptest! {
    /// Whatever is put where, no restriction is lost: the text is refused, or every element is there.
    #[test]
    fn no_restricting_element_is_ever_lost(
        terms in proptest::collection::vec(proptest::sample::select(vec![
            "\"a\"", "grants.r.application", "grants[\"gone\"].application", "data.gone.x", "grants.r.roles.agent[0]",
            "grants.r.roles.agent[9]", "[x | some x in grants.r.roles.agent][7]", "app_ids.k", "null",
        ]), 1..4),
        form in 0..5_usize,
    ) {
        let wanted = terms.len();
        let list = terms.join(", ");
        let body = match form {
            0 => format!("restrict := [{list}]\n"),
            1 => terms.iter().fold(String::new(), |body, term| body + "restrict contains [" + term + "]\n"),
            2 => format!("default restrict := []\nrestrict := [{list}]\n"),
            3 => (terms.iter().zip('a'..)).fold(String::new(), |body, (term, at)| {
                body + "restrict[\"" + &at.to_string() + "\"] := " + term + "\n"
            }),
            _ => format!("restrict := [[x, {list}] | some x in [{}]]\n", vec!["1"; wanted].join(",")),
        };
        let grants = "grants := {\"r\": {\"application\": \"d\", \"roles\": {\"agent\": [\"s\"]}}}\n";
        let unique: std::collections::BTreeSet<_> = terms.iter().collect();
        if let Ok(documents) = evaluated(&[&format!("{grants}{body}"), "app_ids := {\"j\": \"1\"}"]) {
            let restrict = documents.restrict.unwrap();
            let kept = super::elements(&restrict).count();
            proptest::prop_assert_eq!(kept, if form == 1 { unique.len() } else { wanted }, "{}", body);
        }
    }
}
