//! Where the cases play: two zones in a fresh backend.

use std::sync::Arc;

use caracal_core::{
    World, ZoneId,
    entity::{Application, AuthorityRecord, Session},
};

use crate::{Access, Error, GlobalWork, Page, PageKey, PageRequest, Store, ZoneWork};

use super::{Backend, given::Given};

/// A backend with the zones `a` and `b`.
pub(super) struct Fixture {
    pub(super) backend: Backend,
    pub(super) world: World,
    pub(super) a: InZone,
    pub(super) b: InZone,
}

impl Fixture {
    /// Registers both zones.
    pub(super) async fn new(backend: Backend) -> Self {
        let world = World::for_tests();
        let [a, b] = [Given::new(&world), Given::new(&world)];
        let mut work = backend.store.global(Access::Write).await.unwrap();
        for given in [&a, &b] {
            work.zones().create(&given.zone()).await.unwrap();
        }
        work.commit().await.unwrap();
        let enter = |given: Given| InZone {
            store: backend.store.clone(),
            given,
        };
        Self {
            a: enter(a),
            b: enter(b),
            world,
            backend,
        }
    }

    /// Work over the deployment that may write.
    pub(super) async fn global_write(&self) -> Box<dyn GlobalWork> {
        self.backend.store.global(Access::Write).await.unwrap()
    }

    /// Work over the deployment that only reads.
    pub(super) async fn global_read(&self) -> Box<dyn GlobalWork> {
        self.backend.store.global(Access::Read).await.unwrap()
    }

    /// Restarts the backend and points both zones at the new store.
    pub(super) async fn restart(&mut self) {
        self.backend.restart().await;
        self.a.store = self.backend.store.clone();
        self.b.store = self.backend.store.clone();
    }
}

/// One zone of the fixture. Clones are independent callers of the same store.
#[derive(Clone)]
pub(super) struct InZone {
    pub(super) store: Arc<dyn Store>,
    pub(super) given: Given,
}

impl InZone {
    /// The zone's id.
    pub(super) fn id(&self) -> &ZoneId {
        &self.given.zone_id
    }

    /// Work that may write.
    pub(super) async fn write(&self) -> Box<dyn ZoneWork> {
        self.try_write().await.unwrap()
    }

    /// Work that only reads.
    pub(super) async fn read(&self) -> Box<dyn ZoneWork> {
        self.store.zone(self.id(), Access::Read).await.unwrap()
    }

    /// As [`InZone::write`], for callers that race and retry.
    pub(super) async fn try_write(&self) -> Result<Box<dyn ZoneWork>, Error> {
        self.store.zone(self.id(), Access::Write).await
    }

    /// Commits an application and its root record.
    pub(super) async fn party(&self) -> Party {
        let application = self.given.application();
        let record = self.given.authority_record(&application);
        let mut work = self.write().await;
        work.applications().create(&application).await.unwrap();
        work.authority_records().create(&record).await.unwrap();
        work.commit().await.unwrap();
        Party {
            application,
            record,
            given: self.given.clone(),
        }
    }

    /// Commits the sessions, in order.
    pub(super) async fn start(&self, sessions: &[&Session]) {
        let mut work = self.write().await;
        for session in sessions {
            work.sessions().create(session).await.unwrap();
        }
        work.commit().await.unwrap();
    }

    /// The session as stored now.
    pub(super) async fn session(&self, session: &Session) -> Session {
        self.read()
            .await
            .sessions()
            .get(&session.id)
            .await
            .unwrap()
            .expect("the session is stored")
    }
}

/// An application with a record to anchor sessions on.
pub(super) struct Party {
    pub(super) application: Application,
    pub(super) record: AuthorityRecord,
    given: Given,
}

impl Party {
    /// An active root task of the party, not stored yet.
    pub(super) fn task(&self) -> Session {
        self.given.session(&self.application, &self.record)
    }

    /// An active root service of the party, not stored yet.
    pub(super) fn service(&self) -> Session {
        self.given.service(&self.application, &self.record)
    }
}

/// Reads every page of a listing and returns the concatenation.
pub(super) async fn walk<T>(limit: u32, read: impl AsyncFn(PageRequest) -> Page<T>) -> Vec<T> {
    walk_from(PageRequest::first(limit), read).await
}

/// The same from a first page on, in its order. What a client sends back is the same key.
pub(super) async fn walk_from<T>(first: PageRequest, read: impl AsyncFn(PageRequest) -> Page<T>) -> Vec<T> {
    let limit = first.limit;
    let (mut rows, mut request) = (Vec::new(), first.clone());
    loop {
        let page = read(request).await;
        assert!(
            page.items.len() <= limit as usize,
            "a page holds at most {limit} rows"
        );
        rows.extend(page.items);
        let Some(next) = page.next else { return rows };
        request = PageRequest {
            after: Some(PageKey::from_cursor(&next.to_cursor()).unwrap()),
            ..first.clone()
        };
    }
}

/// A page large enough for everything a case creates.
pub(super) const ALL: PageRequest = PageRequest::first(500);
