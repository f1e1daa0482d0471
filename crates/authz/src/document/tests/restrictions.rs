//! What narrows authority is never lost on the way: it is there, or the document is refused.

use serde_json::json;

use super::{checked, code, document, evaluated, validate};

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
        .warnings(Some(&crate::document::ZoneNames::default()));
    assert!(
        warned
            .iter()
            .any(|warning| warning.code == "unknown_tier" && warning.line == Some(3))
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
            crate::document::elements(&documents.risk.unwrap()).count(),
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
fn what_an_earlier_build_evaluated_is_asked_again() {
    let documents = evaluated(&[HERE]).unwrap();
    let stored = documents.to_stored();
    assert_eq!(
        crate::document::PolicyDocuments::from_stored(&stored),
        Some(documents)
    );
    assert!(stored.contains("\"form\":4"), "{stored}");
    for earlier in ["\"form\":1", "\"form\":2", "\"form\":3"] {
        let stored = stored.replace("\"form\":4", earlier);
        assert_eq!(crate::document::PolicyDocuments::from_stored(&stored), None);
    }
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
            let kept = crate::document::elements(&restrict).count();
            proptest::prop_assert_eq!(kept, if form == 1 { unique.len() } else { wanted }, "{}", body);
        }
    }
}

#[test]
fn a_condition_that_asks_for_what_is_not_there_is_warned_of_with_its_place() {
    let told = |body: &str| -> Vec<(String, Option<u32>, Option<u32>)> {
        let valid = checked(&document(&format!("{HERE}{body}\n")));
        let warnings = valid.unwrap_or_else(|problems| panic!("{body}: {problems:?}"));
        let warnings = warnings.warnings(None).into_iter();
        warnings
            .map(|warning| (warning.document.into_owned(), warning.line, warning.column))
            .collect()
    };
    let rule = "restrict contains \"y\"\nrestrict contains \"x\" if";
    for (condition, column) in [
        ("grants.gone", 28),
        ("grants[\"gone\"]", 28),
        ("app_ids.gone == \"1\"", 28),
        ("\"1\" == app_ids.gone", 35),
        ("app_ids.gone = \"1\"", 28),
        ("count(grants.gone) > 0", 34),
        ("startswith(app_ids.gone, \"1\")", 39),
        ("\"x\" in grants.here.roles.agnet", 35),
        ("grants[app_ids.gone]", 35),
        ("grants.here.roles.agnet[_] == \"x\"", 28),
        ("data.elsewhere", 28),
    ] {
        assert_eq!(
            told(&format!("{rule} {{ {condition} }}")),
            [("restrict".to_owned(), Some(6), Some(column))],
            "{condition}"
        );
    }
    // In what grants, a mistake is as well worth telling; and inside a body of a body.
    for (body, document) in [
        (
            "confinement := [{\"label_prefix\": \"a\", \"scopes\": [\"x\"]} | app_ids.gone]",
            "confinement",
        ),
        ("risk := [] if { app_ids.gone } else := []", "risk"),
        (
            "restrict contains \"x\" if count([k | some k, _ in app_ids; grants.gone]) == 0",
            "restrict",
        ),
    ] {
        let told = told(body);
        assert!(
            matches!(&told[..], [(of, Some(5), _)] if of == document),
            "{body}: {told:?}"
        );
    }
    for sound in [
        "grants.here",
        "app_ids.a == \"1\"",
        "not grants.gone",
        "some r in grants; r.roles.agnet",
        "object.get(app_ids, \"gone\", \"\") == \"\"",
        "approval_tiers.high",
    ] {
        assert_eq!(told(&format!("{rule} {{ {sound} }}")), [], "{sound}");
    }
}

#[test]
fn a_condition_on_another_policy_of_the_set_is_warned_of_once_all_are_known() {
    let asks = document("restrict contains \"y\"\nrestrict contains \"x\" if grants.gone\n");
    assert_eq!(checked(&asks).unwrap().warnings(None), []);
    let grants = document(HERE);
    let sources = [("one", &grants), ("two", &asks)]
        .map(|(version_id, content)| crate::document::PolicyVersionSource { version_id, content });
    let interrupt = crate::document::Interrupt::default();
    let evaluated = crate::document::evaluate_unless(&sources, &interrupt).unwrap();
    let warnings = evaluated.warnings(None);
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        (&*warnings[0].code, &*warnings[0].document),
        ("condition_never_holds", "restrict")
    );
    assert!(
        warnings[0].message.contains("grants[\"gone\"]"),
        "{}",
        warnings[0].message
    );
}
