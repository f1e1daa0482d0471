mod hostile;
mod restrictions;

use serde_json::{Value, json};

use super::{
    DocumentPreview, Interrupt, MAX_SOURCE_BYTES, PolicyProblem, PolicyVersionSource, evaluate,
    evaluate_unless,
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
    let sources: Vec<PolicyVersionSource<'_>> = (contents.iter().zip(&ids))
        .map(|(content, id)| PolicyVersionSource {
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
            document("risk := [] # \u{202e}reversed\u{202c}"),
            "policy_syntax_error",
        ),
        (
            document("app_ids := {\"a\u{200b}\": \"x\"}"),
            "policy_syntax_error",
        ),
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
        (
            "approval_tiers := [{\"tier\": \"t\", \"approvals\": 11}]",
            "data_document_malformed:approval_tiers",
        ),
        (
            "approval_tiers := [{\"tier\": \"t\", \"approver\": \"subject\", \"approvals\": 2}]",
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
fn a_byte_order_mark_is_no_part_of_a_policy() {
    let content = format!("\u{feff}{}", document("restrict := [\"x\"]\n"));
    assert_eq!(validate(&content).unwrap().rules, ["restrict"]);
    let source = PolicyVersionSource {
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
    let warnings = checked(&content).unwrap().warnings(Some(&names));
    let told: Vec<(&str, Option<u32>, Option<u32>)> = warnings
        .iter()
        .map(|warning| (&*warning.code, warning.line, warning.column))
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
