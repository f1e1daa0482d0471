//! `GET /v1/zones/{zoneId}/policy-sets/{id}`

use caracal_service::Refusal;

use super::{not_found, row};
use crate::{answer::Answer, call::ZoneCall};

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let set = call
        .read()
        .await?
        .policy_sets()
        .get(&call.id("id")?)
        .await?
        .ok_or_else(not_found)?;
    Answer::ok(&row(&set))
}
