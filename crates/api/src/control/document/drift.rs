//! What of an object is not as a document says: only what the document says of it is compared, and in the form in which it
//! would be kept, so that neither an order, a default nor a spelling is a difference.

use std::collections::BTreeSet;

use caracal_core::entity::{ProviderConfig, ProviderKind};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use super::object::Object;

/// Members of an application.
pub(super) fn of_application(object: &Object, item: &Value) -> Vec<&'static str> {
    let said = object.says("traits");
    let differs = said.is_some_and(|said| texts(Some(said)) != texts(item.get("traits")));
    differs.then_some("traits").into_iter().collect()
}

/// Members of a resource, but for a provider that the document knows by its own name.
pub(super) fn of_resource(object: &Object, item: &Value) -> Vec<&'static str> {
    let mut drift = Vec::new();
    let mut compare = |member: &'static str, differs: fn(&Value, Option<&Value>) -> bool| {
        if let Some(said) = object.says(member)
            && differs(said, item.get(member))
        {
            drift.push(member);
        }
    };
    for member in [
        "name",
        "upstream_url",
        "credential_provider_id",
        "operation_enforcement",
        "upstream_timeout_seconds",
        "cookies",
    ] {
        compare(member, |said, found| said != found.unwrap_or(&Value::Null));
    }
    compare("scopes", |said, found| texts(Some(said)) != texts(found));
    compare("operations", |said, found| {
        operations(Some(said)) != operations(found)
    });
    drift
}

/// Members of a provider, and its settings as they would be kept, where the document says them. Secrets are compared
/// elsewhere.
///
/// # Errors
/// 400 for settings that would not be taken.
pub(super) fn of_provider(
    object: &Object,
    item: &Value,
) -> Result<(Vec<&'static str>, Option<ProviderConfig>), Refusal> {
    let found = |member: &str| item.get(member).and_then(Value::as_str).unwrap_or_default();
    let mut drift = Vec::new();
    if object
        .text("name")
        .is_some_and(|said| said.trim() != found("name"))
    {
        drift.push("name");
    }
    let kind = object.text("kind").unwrap_or_else(|| found("kind"));
    let other_kind = kind != found("kind");
    if other_kind {
        drift.push("kind");
    }
    let Some(said) = object.says("config") else {
        return Ok((drift, None));
    };
    let kind = ProviderKind::parse(kind).ok_or_else(|| wrong("kind", "is no kind of provider"))?;
    let said = said
        .as_object()
        .ok_or_else(|| wrong("config", "must be an object"))?;
    let stored = item.get("secret_config_keys").filter(|_| !other_kind);
    let stored: Vec<String> = texts(stored).into_iter().map(str::to_owned).collect();
    let config = ProviderConfig::check(kind, said, &stored)
        .map_err(|problem| wrong(&format!("config.{}", problem.field), &problem.message))?;
    let kept = item.get("config_json").and_then(Value::as_object);
    if config.public() != *kept.unwrap_or(&Map::new()) {
        drift.push("config");
    }
    Ok((drift, Some(config)))
}

fn wrong(member: &str, rule: &str) -> Refusal {
    Refusal::invalid_field(ErrorCode::Invalid, &format!("spec.{member}"), rule)
}

/// The texts of an array, as a set.
pub(super) fn texts(list: Option<&Value>) -> BTreeSet<&str> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

/// Operations as a set: method in capitals, path, scope.
fn operations(list: Option<&Value>) -> BTreeSet<(String, &str, &str)> {
    fn text<'v>(item: &'v Value, member: &str) -> Option<&'v str> {
        item.get(member)?.as_str().map(str::trim)
    }
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .map(|item| {
            (
                text(item, "method").unwrap_or_default().to_uppercase(),
                text(item, "path").unwrap_or_default(),
                text(item, "scope").unwrap_or_default(),
            )
        })
        .collect()
}
