//! `GET /v1/zones/{zoneId}/sessions/{id}/tree`

use std::collections::VecDeque;

use caracal_core::{SessionId, entity::SessionStatus};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::{PageRequest, SessionFilter};
use caracal_wire::control::authority::{SessionNode, SessionTree};

use super::not_found;
use crate::call::ZoneCall;

/// Most sessions of one answer.
const MAX_NODES: usize = 1_000;
/// Most children read at once.
const PAGE: u32 = 500;

/// The session and the live ones below it, nearest first.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<SessionTree>, Refusal> {
    let mut work = call.read().await?;
    let root = work.sessions().get(&id).await?.ok_or_else(not_found)?;
    let mut tree = SessionTree {
        nodes: Vec::new(),
        truncated: false,
    };
    let mut waiting = VecDeque::from([(root, 0)]);
    while let Some((session, depth)) = waiting.pop_front() {
        if tree.nodes.len() >= MAX_NODES {
            tree.truncated = true;
            break;
        }
        let children = SessionFilter {
            parent_id: Some(session.id.clone()),
            ..SessionFilter::default()
        };
        // A session counts its live children; those that ended long ago are not looked for.
        let mut page = (session.child_count > 0).then(|| PageRequest::first(PAGE));
        while let Some(asked) = page.take() {
            let read = work.sessions().list(&children, &asked).await?;
            let live = read
                .items
                .into_iter()
                .filter(|child| matches!(child.status, SessionStatus::Active | SessionStatus::Suspended));
            waiting.extend(live.map(|child| (child, depth + 1)));
            let full = waiting.len() + tree.nodes.len() >= MAX_NODES;
            tree.truncated |= full && read.next.is_some();
            page = read.next.filter(|_| !full).map(|after| PageRequest {
                after: Some(after),
                ..PageRequest::first(PAGE)
            });
        }
        tree.nodes.push(SessionNode::new(session, depth));
    }
    Ok(Answer(tree))
}
