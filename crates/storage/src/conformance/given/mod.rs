//! Entities with sensible defaults, for tests of storage and of everything above it.
//!
//! Fields are public, so a test names only what it is about:
//! `Session { ttl_seconds: Some(5), ..given.session(&application, &record) }`.

mod agents;
mod connections;
mod directory;
mod evidence;
mod policy;

use caracal_core::{World, ZoneId, entity::Attribution};

/// Makes entities of one zone. Clones share the clock and the generator.
#[derive(Debug, Clone)]
pub struct Given {
    /// Clock and generator: every instant below is its `now()`, every id comes from it.
    pub world: World,
    /// The zone of every entity made here.
    pub zone_id: ZoneId,
}

impl Given {
    /// Entities of a fresh zone in `world`.
    pub fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            zone_id: ZoneId::generate(world),
        }
    }

    /// Entities of the zone `zone_id`.
    pub fn in_zone(world: &World, zone_id: &ZoneId) -> Self {
        Self {
            world: world.clone(),
            zone_id: zone_id.clone(),
        }
    }

    /// Made now by an administrator, never changed.
    pub fn attribution(&self) -> Attribution {
        Attribution::made(Some(String::from("admin:given")), self.world.now())
    }

    /// A word no other call returns, for names and slugs.
    pub fn unique(&self, stem: &str) -> String {
        format!("{stem}-{:016x}", u64::from_be_bytes(self.world.random_bytes()))
    }

    /// 64 lower-case hex digits, in place of a real SHA-256.
    pub fn sha256_hex(&self) -> String {
        let [high, low] = [0; 2].map(|_: u8| u128::from_be_bytes(self.world.random_bytes()));
        format!("{high:032x}{low:032x}")
    }
}
