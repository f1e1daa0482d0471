//! A change whose fate can be told afterwards.

use caracal_core::{World, entity::Zone};
use caracal_storage::{Access, Error, OutboxMessage, Store, conformance::given::Given};

/// A change as the roles make them: rows, an event to publish and ledger entries in one unit of work each.
pub(crate) struct Change {
    given: Given,
    pub(crate) zone: Zone,
    message: OutboxMessage,
    /// Whether the zone and what is in it were acknowledged.
    told: [bool; 2],
}

impl Change {
    pub(crate) fn new(world: &World) -> Self {
        let given = Given::new(world);
        Self {
            zone: given.zone(),
            message: given.outbox_message(),
            given,
            told: [false; 2],
        }
    }

    async fn try_zone(&self, store: &dyn Store) -> Result<(), Error> {
        let mut work = store.global(Access::Write).await?;
        work.zones().create(&self.zone).await?;
        work.outbox().append(std::slice::from_ref(&self.message)).await?;
        work.commit().await
    }

    async fn try_rest(&self, store: &dyn Store) -> Result<(), Error> {
        let mut work = store.zone(&self.zone.id, Access::Write).await?;
        work.applications().create(&self.given.application()).await?;
        let entries = [self.given.ledger_entry("one"), self.given.ledger_entry("two")];
        work.ledger().append(&entries, self.given.world.now()).await?;
        work.commit().await
    }

    /// Tries it once; what failed stays undone, as with a caller that was answered 503.
    pub(crate) async fn make(&mut self, store: &dyn Store) -> Result<(), Error> {
        self.try_zone(store).await?;
        self.told[0] = true;
        self.try_rest(store).await?;
        self.told[1] = true;
        Ok(())
    }

    /// What is there must be whole, and what was acknowledged must be there.
    pub(crate) async fn check(&self, store: &dyn Store) -> Result<(), Error> {
        let mut work = store.global(Access::Read).await?;
        let zone = work.zones().get(&self.zone.id).await?.is_some();
        let event = work.outbox().status(&self.message.id).await?.is_some();
        drop(work);
        let mut work = store.zone(&self.zone.id, Access::Read).await?;
        let applications = work
            .applications()
            .all_live(self.zone.attribution.created_at)
            .await?
            .len();
        let entries = work.ledger().range(0, 10).await?.len();
        drop(work);
        assert_eq!(zone, event, "a zone and its event are one commit");
        assert_eq!(
            applications * 2,
            entries,
            "an application and its entries are one commit"
        );
        assert!(zone || !self.told[0], "an acknowledged zone is gone");
        assert!(
            entries > 0 || !self.told[1],
            "acknowledged ledger entries are gone"
        );
        Ok(())
    }
}
