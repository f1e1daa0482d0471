//! `POST /access/v1/evaluation`

use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::authzen::{AccessEvaluation, Decision};

use super::question::answer;
use crate::{
    call::{InHomeZone, NamesZone},
    routes::access,
};

pub(crate) async fn handle(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<AccessEvaluation>,
) -> Result<Answer<Decision>, Refusal> {
    let zone = access::state(&call).await?;
    let question = (&asked.subject, &asked.action, &asked.resource);
    Ok(Answer(answer(&call, &zone, question).await?))
}
