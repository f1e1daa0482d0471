//! One object of a document, as it is to be.

use caracal_core::{ControlTrait, ZoneId};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use super::{super::flags::invalid, kind::Kind};

/// An object that names itself.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) identity: String,
    /// What the document says of it, besides its identity.
    pub(super) spec: Map<String, Value>,
}

impl Object {
    /// Reads it.
    ///
    /// # Errors
    /// 400 that names what is unknown or missing; 409 for another zone; 403 for traits that only the whole deployment gives.
    pub(super) fn read(
        position: usize,
        kind: &str,
        mut spec: Map<String, Value>,
        zone: &ZoneId,
    ) -> Result<Self, Refusal> {
        let wrong = |rule: String| invalid("document", &format!("objects.{position}: {rule}"));
        let kind = Kind::parse(kind).ok_or_else(|| {
            let kinds = Kind::ALL.map(Kind::as_str).join(", ");
            wrong(format!("kind must be one of {kinds}"))
        })?;
        for member in ["zone_id", "zone"] {
            if spec.remove(member).is_some_and(|named| named != zone.as_str()) {
                return Err(Refusal::new(http::StatusCode::CONFLICT, ErrorCode::ZoneMismatch)
                    .describe(format!("objects.{position} is of another zone than the mandate")));
            }
        }
        // One name is enough, and the longer one is the route's.
        if kind == Kind::Provider
            && let Some(config) = spec.remove("config_json")
            && spec.insert(String::from("config"), config).is_some()
        {
            return Err(wrong(String::from("spec names config and config_json")));
        }
        let field = kind.identity_field();
        let Some(Value::String(identity)) = spec.remove(field) else {
            return Err(wrong(format!("spec.{field} is required, and text")));
        };
        let identity = identity.trim().to_owned();
        if identity.is_empty() {
            return Err(wrong(format!("spec.{field} must not be empty")));
        }
        if let Some(unknown) = spec.keys().find(|name| !kind.fields().contains(&name.as_str())) {
            let unknown = caracal_core::text::excerpt(unknown);
            return Err(wrong(format!(
                "spec.{unknown} is no member of a {}",
                kind.as_str()
            )));
        }
        let traits = spec.get("traits").and_then(Value::as_array).into_iter().flatten();
        let reserved = |name: &str| ControlTrait::is_one(name) || name.starts_with("caracal.sys");
        if kind == Kind::Application && traits.filter_map(Value::as_str).any(reserved) {
            return Err(Refusal::of(ErrorCode::Denied).describe(format!(
                "objects.{position}: only a token of the whole deployment gives such traits"
            )));
        }
        if kind == Kind::Resource
            && spec.contains_key("credential_provider")
            && spec.contains_key("credential_provider_id")
        {
            return Err(wrong(String::from(
                "spec names credential_provider and credential_provider_id",
            )));
        }
        Ok(Self { kind, identity, spec })
    }

    /// What the document says of a member.
    pub(super) fn says(&self, member: &str) -> Option<&Value> {
        self.spec.get(member)
    }

    /// A member that is text.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.says(member).and_then(Value::as_str)
    }
}
