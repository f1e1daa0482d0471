//! `POST /v1/policies/validate`

use caracal_authz::{
    document::{DocumentPreview, SCHEMA_VERSION},
    input::INPUT_SCHEMA_VERSION,
};
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_storage::Access;
use caracal_wire::control::policies::{OutputContract, PolicyPreview, PolicySource, PolicyValid};

use super::source;
use crate::{call::Call, zone_names::zone_names};

pub(crate) async fn handle(
    call: Call,
    Body(body): Body<PolicySource>,
) -> Result<Answer<PolicyValid>, Refusal> {
    let valid = source::check(&call, body.content)
        .await
        .map_err(|refusal| refusal.with("valid", false))?;
    // A token of the deployment asks about no zone, so there are no names to compare.
    let names = match call.caller.home_zone() {
        Some(zone) => {
            let mut work = call.role.store.zone(zone, Access::Read).await?;
            Some(zone_names(work.as_mut(), call.now()).await?)
        }
        None => None,
    };
    let warnings = valid.warnings(names.as_ref());
    Ok(Answer(PolicyValid {
        valid: true,
        schema_version: SCHEMA_VERSION.into(),
        input_schema_version: INPUT_SCHEMA_VERSION.into(),
        output_contract: OutputContract {
            package: "caracal.authz".into(),
            rule: "result".into(),
            decision: vec!["allow".into(), "deny".into()],
            evaluation_status: vec!["complete".into()],
        },
        preview: preview(valid.preview),
        warnings,
    }))
}

fn preview(preview: DocumentPreview) -> PolicyPreview {
    PolicyPreview {
        package: preview.package,
        rules: preview.rules,
        default_result: preview.default_result,
        decisions: preview.decisions,
        inputs_referenced: preview.inputs_referenced,
        data_referenced: preview.data_referenced,
    }
}
