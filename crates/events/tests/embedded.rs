//! The embedded bus and the in-process short-lived store keep every promise of the suites.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::World;
use caracal_events::{
    Bus, EmbeddedBus, EmbeddedOptions, ShortLived, StreamSigner,
    conformance::{bus::BusBackend, shortlived::ShortLivedBackend},
    shortlived::{MemoryOptions, MemoryShortLived},
};

struct Embedded(EmbeddedBus);

impl Embedded {
    fn new() -> Self {
        let options = EmbeddedOptions {
            capacity: 256,
            ..EmbeddedOptions::default()
        };
        Self(EmbeddedBus::open(World::for_tests(), StreamSigner::default(), options).expect("a backend"))
    }
}

impl BusBackend for Embedded {
    fn bus(&self, signer: StreamSigner) -> Arc<dyn Bus> {
        Arc::new(self.0.with_signer(signer))
    }
}

struct Memory {
    world: World,
    store: Arc<MemoryShortLived>,
    _dir: tempfile::TempDir,
}

impl Memory {
    fn new() -> Self {
        let (world, dir) = (World::for_tests(), tempfile::tempdir().expect("a backend"));
        let options = MemoryOptions {
            replay_dir: Some(dir.path().to_owned()),
            ..MemoryOptions::default()
        };
        let store = Arc::new(MemoryShortLived::open(world.clone(), options).expect("a backend"));
        Self {
            world,
            store,
            _dir: dir,
        }
    }
}

#[async_trait]
impl ShortLivedBackend for Memory {
    fn store(&self) -> Arc<dyn ShortLived> {
        self.store.clone()
    }

    fn world(&self) -> &World {
        &self.world
    }

    async fn pass(&self, span: Duration) {
        self.world.manual_clock().advance(span);
    }
}

caracal_events::bus_conformance!(embedded_bus, Embedded::new());
caracal_events::shortlived_conformance!(memory_short_lived, Memory::new());
