//! The handbook's pages that are made from this crate.

use std::{fmt::Write as _, fs, path::Path};

use caracal_wire::{
    ErrorCode,
    code::Area,
    events::{
        AgentLifecycle, ApprovalDecided, AuditFrame, DelegationsInvalidated, DirectoryInvalidated,
        InvocationLifecycle, KeysInvalidated, Payload, PolicyInvalidated, SessionRevoked, Topic,
    },
    gateway::Reason,
    sts::DenialReason,
};
use utoipa::ToSchema;

/// The page on error codes.
fn error_codes() -> String {
    let mut page = String::from(
        "# Error codes\n\n\
         Every error answer is a JSON object with the members `error` (one of these codes), `requestId` and\n\
         `request_id` (the same id under both names), and often `error_description`, `reason` and `details`. A program\n\
         acts on the code, and on `reason` where there is one; descriptions are for people and change.\n\
         Answers with status 429 and 503 carry `Retry-After`.\n",
    );
    for area in Area::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| Code | Status | Meaning |\n|---|---|---|\n",
            area.heading()
        );
        for code in ErrorCode::ALL.iter().filter(|code| code.area() == area) {
            let _ = writeln!(page, "| `{code}` | {} | {} |", code.status(), code.sentence());
        }
    }
    page.push_str(
        "\n## Reasons of the STS\n\n\
         The member `reason` of its denials, which the Gateway passes on, and the status in their evidence.\n\n\
         | Reason | Meaning |\n|---|---|\n",
    );
    for reason in DenialReason::ALL {
        let _ = writeln!(page, "| `{}` | {} |", reason.as_str(), reason.sentence());
    }
    page.push_str(
        "\n## Reasons of the Gateway\n\n\
         The member `reason` of its refusals, the label of its metrics and the status in its evidence.\n\n\
         | Reason | Meaning |\n|---|---|\n",
    );
    for reason in Reason::ALL {
        let _ = writeln!(page, "| `{}` | {} |", reason.as_str(), reason.sentence());
    }
    page
}

/// The page on events.
fn events() -> String {
    let mut page = String::from(
        "# Events\n\n\
         What services tell each other, as entries of Redis Streams. Fields are flat text; an absent one is left out.\n\
         Entries also carry what the outbox and the bus add: `outbox_id`, `dedupe_key` and, but for audit events,\n\
         `_sig`. A reader ignores fields that it does not know.\n",
    );
    // Exhaustive: a topic without a section does not compile.
    for topic in Topic::ALL {
        match topic {
            Topic::AuditEvents => event::<AuditFrame>(&mut page),
            Topic::PolicyInvalidate => event::<PolicyInvalidated>(&mut page),
            Topic::SessionsRevoke => event::<SessionRevoked>(&mut page),
            Topic::KeysInvalidate => event::<KeysInvalidated>(&mut page),
            Topic::AgentsLifecycle => event::<AgentLifecycle>(&mut page),
            Topic::InvocationsLifecycle => event::<InvocationLifecycle>(&mut page),
            Topic::DelegationsInvalidate => event::<DelegationsInvalidated>(&mut page),
            Topic::DirectoryInvalidate => event::<DirectoryInvalidated>(&mut page),
            Topic::ApprovalsDecided => event::<ApprovalDecided>(&mut page),
        }
    }
    page
}

/// The section on one payload.
fn event<P: Payload + ToSchema>(page: &mut String) {
    let schema = json(&P::schema());
    let mut named = Vec::new();
    P::schemas(&mut named);
    let _ = write!(
        page,
        "\n## {}\n\n{} Dead letters go to `{}`.\n\n| Field | | Meaning |\n|---|---|---|\n",
        P::TOPIC,
        text(&schema["description"]),
        P::TOPIC.dead_letter_stream()
    );
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        // An optional field of a named type is that type or null.
        let field = field["oneOf"].get(0).unwrap_or(field);
        let kind = text(&field["$ref"]);
        let words: Vec<String> = named
            .iter()
            .filter(|(name, _)| kind.ends_with(&format!("/{name}")))
            .flat_map(|(_, schema)| json(schema)["enum"].as_array().cloned().unwrap_or_default())
            .map(|word| format!(" `{}`", text(&word)))
            .collect();
        let words = words.join(",");
        let always = if required.iter().any(|field| field == name) {
            "always"
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "| `{name}` | {always} | {}{words} |",
            text(&field["description"])
        );
    }
}

fn json(schema: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(schema).expect("a schema is JSON")
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Compares a page with what is checked in; `CARACAL_REGENERATE=1` writes it instead.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/src/reference")
        .join(name);
    if std::env::var_os("CARACAL_REGENERATE").is_some() {
        fs::write(&path, page).expect("the handbook is writable");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "{} is not what the code says; run: CARACAL_REGENERATE=1 cargo test -p caracal-wire --test handbook",
        path.display()
    );
}

#[test]
fn the_page_on_error_codes_says_what_the_code_says() {
    check("error-codes.md", &error_codes());
}

#[test]
fn the_page_on_events_says_what_the_code_says() {
    check("events.md", &events());
}
