//! `POST /v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/least-privilege`

use std::sync::Arc;

use caracal_authz::{
    document::MAX_SOURCE_BYTES,
    usage::{Unneeded, Usage},
};
use caracal_service::{
    Refusal,
    front::{Answer, Body, Path},
};
use caracal_wire::{
    ErrorCode,
    control::replay::{AskLeastPrivilege, LeastPrivilege, UnneededGrant},
};

use super::{bundle, versions::Version};
use crate::{
    call::ZoneCall,
    evidence_window::{EventVisitor, Window, WindowQuery},
};

/// A window of which nothing is said, in hours.
const HOURS: u32 = 30 * 24;
/// Most parts of a policy that an answer names.
const MOST: usize = 1000;

/// What is needed is chosen over all of the window, so threads unpack it and one adds it up.
impl EventVisitor for Usage {
    type Part = Vec<String>;

    fn event(&self, body: &str, part: &mut Vec<String>) {
        part.push(body.to_owned());
    }

    fn take(&mut self, part: Vec<String>) {
        for body in part {
            Self::event(self, &body);
        }
    }
}

/// Tells what of a version nothing needs. Changes nothing.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<Version>,
    Body(body): Body<AskLeastPrivilege>,
) -> Result<Answer<LeastPrivilege>, Refusal> {
    let turn = call.role.policy_work.long.begin(&call.share()).await?;
    let mut window = Window::open(
        &call,
        WindowQuery {
            hours: body.hours,
            since: body.since,
            until: body.until,
            cursor: None,
            otherwise: HOURS,
        },
    )
    .await?;
    let (version, documents) = bundle::of_version(&call, &asked.id, &asked.version).await?;
    let usage = Usage::new(Arc::new(documents), call.zone.as_str(), window.within.clone());
    let usage = window.show(&call, &turn, u64::MAX, usage).await?;
    let complete = window.entries_left() == 0 && !usage.overflowed;
    let (allowed, denied, undecidable) = (usage.allowed, usage.denied, usage.undecidable);
    let tightened = if complete {
        let summed_up = tokio::task::spawn_blocking(move || {
            let tightened = usage.finish();
            drop(turn);
            let content = tightened.documents.to_source();
            (tightened, (content.len() <= MAX_SOURCE_BYTES).then_some(content))
        });
        let summed_up = summed_up.await.map_err(|error| {
            tracing::error!(%error, "summing up evidence did not finish");
            Refusal::of(ErrorCode::PolicyVerificationUnavailable)
        })?;
        Some(summed_up)
    } else {
        None
    };
    let (unneeded, unneeded_keys, content) = match tightened {
        Some((tightened, content)) => (tightened.unneeded, tightened.unneeded_keys, content),
        None => (Vec::new(), Vec::new(), None),
    };
    Ok(Answer(LeastPrivilege {
        policy_set_id: asked.id,
        version_id: asked.version,
        manifest_sha256: version.manifest_sha256,
        since: window.within.start,
        until: window.within.end,
        allowed,
        denied,
        undecidable,
        complete,
        entries_left: window.entries_left(),
        unneeded_count: unneeded.len() as u64,
        unneeded: unneeded.into_iter().take(MOST).map(part).collect(),
        unneeded_keys: unneeded_keys.into_iter().take(MOST).collect(),
        content,
    }))
}

fn part(unneeded: Unneeded) -> UnneededGrant {
    UnneededGrant {
        resource: unneeded.resource,
        application: unneeded.application,
        label: unneeded.label,
        scope: unneeded.scope,
    }
}
