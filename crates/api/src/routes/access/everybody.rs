//! Answers about every application of a zone, where a canary decides for some of them.

use caracal_authz::{
    PolicySnapshot,
    reach::{ReachPage, ReachPart},
};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::PageRequest;

use super::{cursor_of, part_of};

/// Where positions of the canary's part of a listing begin.
const CANARY: usize = 1 << 40;

/// The applications of a zone: first those for which the version in force decides, then those for which a canary does.
pub(in crate::routes) struct Everybody<'z> {
    zone: &'z ZoneState,
    canary: Option<&'z PolicySnapshot>,
    /// Names the policies in cursors: positions mean something in them alone.
    listing: String,
}

impl<'z> Everybody<'z> {
    pub(in crate::routes) fn of(zone: &'z ZoneState) -> Self {
        let canary = zone.canary().filter(|canary| canary.policy.is_some());
        let in_force = &zone.policy_in_force().identity().manifest_sha256;
        Self {
            zone,
            canary: canary.and_then(|canary| canary.policy.as_deref()),
            listing: match canary {
                None => in_force.to_string(),
                Some(canary) => format!("{in_force}:{}", canary.id),
            },
        }
    }

    /// A page of what `look` finds in each policy; `whom` tells the application of a row.
    pub(in crate::routes) fn page<T>(
        &self,
        page: &PageRequest,
        look: impl Fn(&'z PolicySnapshot, ReachPart) -> ReachPage<T>,
        whom: impl Fn(&T) -> &str,
    ) -> Result<ReachPage<T>, Refusal> {
        let mut part = part_of(&self.listing, page)?;
        let of_canary = part.from >= CANARY;
        let policy = match self.canary {
            Some(canary) if of_canary => canary,
            _ => self.zone.policy_in_force(),
        };
        part.from %= CANARY;
        let mut found = look(policy, part);
        found
            .rows
            .retain(|row| std::ptr::eq(self.zone.policy_for(whom(row)).as_ref(), policy));
        found.next = match (found.next, of_canary, self.canary) {
            (Some(next), true, _) => Some(next.saturating_add(CANARY)),
            (None, false, Some(_)) => Some(CANARY),
            (next, _, _) => next,
        };
        Ok(found)
    }

    pub(in crate::routes) fn cursor(&self, next: Option<usize>) -> Option<String> {
        cursor_of(&self.listing, next)
    }
}
