//! `POST /v1/policies/validate`

use caracal_authz::{document::SCHEMA_VERSION, input::INPUT_SCHEMA_VERSION};
use caracal_service::Refusal;
use caracal_storage::Access;
use serde::Deserialize;
use serde_json::json;

use super::{CODE, source};
use crate::{answer::Answer, call::Call, zone_names::zone_names};

#[derive(Debug, Deserialize)]
pub(super) struct Content {
    pub(super) content: String,
}

impl Content {
    pub(super) fn checked(self) -> Result<String, Refusal> {
        if self.content.is_empty() {
            return Err(Refusal::invalid_field(CODE, "content", "must not be empty"));
        }
        Ok(self.content)
    }
}

pub(crate) async fn handle(call: Call) -> Result<Answer, Refusal> {
    let content = call.body::<Content>(CODE)?.checked()?;
    let valid = source::check(&call, content)
        .await
        .map_err(|refusal| refusal.with("valid", false))?;
    // A token of the deployment asks about no zone.
    let warnings = match call.caller.home_zone() {
        Some(zone) => {
            let mut work = call.role.store.zone(zone, Access::Read).await?;
            valid.warnings(&zone_names(work.as_mut()).await?)
        }
        None => Vec::new(),
    };
    Answer::ok(&json!({
        "valid": true,
        "schema_version": SCHEMA_VERSION,
        "input_schema_version": INPUT_SCHEMA_VERSION,
        "output_contract": {
            "package": "caracal.authz",
            "rule": "result",
            "decision": ["allow", "deny"],
            "evaluation_status": ["complete"],
        },
        "preview": valid.preview,
        "warnings": warnings,
    }))
}
