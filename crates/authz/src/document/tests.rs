use serde_json::{Value, json};

use super::{MAX_SOURCE_BYTES, PolicyProblem, PolicySource, evaluate, problems, validate};

const HEAD: &str = "# caracal:data-document\npackage caracal.authz\n";

fn document(body: &str) -> String {
    format!("{HEAD}{body}")
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
         risk := [{\"scope\": s, \"tier\": \"high\", \"decision\": \"deny\"} | some s in data.other[\"list\"][_].scopes]\n\
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
        "restrict contains \"c\"\napp_ids[\"y\"] := \"2\"\nrisk contains {\"scope\": \"s\", \"tier\": \"t\"}\n",
    ])
    .unwrap();
    assert_eq!(documents.restrict, Some(json!(["a", "b", "c"])));
    assert_eq!(documents.app_ids, Some(json!({ "x": "1", "y": "2" })));
    assert_eq!(documents.risk, Some(json!([{ "scope": "s", "tier": "t" }])));
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
        (deep("[", "]", 11), "ok"),
        (deep("[", "]", 50_000), "policy_too_complex"),
        (deep("{", "}", 11), "ok"),
        (deep("{1:", "}", 11), "data_document_malformed:restrict"),
        (deep("(", ")", 11), "data_document_malformed:restrict"),
        (deep("(", ")", 100_000), "policy_too_complex"),
        (deep("[1|", "]", 11), "ok"),
        (deep("{1|", "}", 11), "ok"),
        (deep("{1:1|", "}", 11), "data_document_malformed:restrict"),
        (deep("[x|x:=", "]", 11), "policy_too_complex"),
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
        (vec!["[1] if false"; 1_000].join("\nelse := "), "ok"),
        (
            format!("[{}]", format!("{},", deep("[", "]", 9)).repeat(10_000)),
            "policy_too_complex",
        ),
        (
            format!("[r | r := {{\"a\": 1}}[{}]]", "{[".repeat(5)),
            "unbalanced_delimiters",
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
