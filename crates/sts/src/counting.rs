//! Turns at counting calls that have a budget.

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_service::turns::{NoTurn, Turn, TurnLimits, Turns};

/// Counted calls wait for each other's rows. So many of a zone hold a connection to the store meanwhile, and so many in
/// all; the others wait here, where they cost nobody else anything.
const AT_ONCE: TurnLimits = TurnLimits {
    in_all: 8,
    of_one: 4,
    waiting: 256,
    waiting_in_all: 2048,
    wait: Duration::from_secs(2),
};

/// Turns at counting calls.
#[derive(Debug, Clone)]
pub struct Counting(Turns);

impl Default for Counting {
    fn default() -> Self {
        Self(Turns::new(AT_ONCE))
    }
}

impl Counting {
    /// A turn of the zone, now or when it is next.
    ///
    /// # Errors
    /// When too many wait already, or none came up in time.
    pub(crate) async fn turn(&self, zone: &ZoneId) -> Result<Turn, NoTurn> {
        self.0.take(zone.as_str()).await
    }
}
