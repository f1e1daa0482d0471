//! Packs that are answered: few at once, and of one zone one after the other.

use std::time::Duration;

use caracal_core::ZoneId;
use caracal_service::turns::{NoTurn, Turn, TurnLimits, Turns};

/// Who makes a pack now, and who waits to. Clones share it.
#[derive(Debug, Clone)]
pub struct Packing(Turns);

impl Default for Packing {
    /// Nobody does. Each pack is held whole, and reads as many requests as it has.
    fn default() -> Self {
        Self(Turns::new(TurnLimits {
            in_all: 2,
            of_one: 1,
            waiting: 4,
            waiting_in_all: 32,
            wait: Duration::from_secs(10),
        }))
    }
}

impl Packing {
    /// A turn at making a pack of `zone`.
    ///
    /// # Errors
    /// When too many wait already, or none came up in time.
    pub(crate) async fn turn(&self, zone: &ZoneId) -> Result<Turn, NoTurn> {
        self.0.take(zone.as_str()).await
    }
}
