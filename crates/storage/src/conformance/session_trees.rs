//! Trees of sessions: how they end, pause, resume and count their children.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    SessionId, Timestamp,
    entity::{Lifecycle, Session, SessionStatus},
};

use crate::{EndedSession, TreeEnd};

use super::{
    Backend,
    fixture::{Fixture, InZone, Party},
    race::{give_way, race, retry},
};

/// `root` with two children, the first of which is a service with a child of its own.
struct Tree {
    root: Session,
    left: Session,
    right: Session,
    leaf: Session,
}

async fn plant(zone: &InZone, party: &Party) -> Tree {
    let root = party.task();
    let service = party.service();
    let left = Session {
        parent_id: Some(root.id.clone()),
        depth: 1,
        ..service
    };
    let right = zone.given.child_session(&root);
    let leaf = zone.given.child_session(&left);
    zone.start(&[&root, &left, &right, &leaf]).await;
    Tree {
        root,
        left,
        right,
        leaf,
    }
}

fn terminate(at: Timestamp) -> TreeEnd {
    TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: String::from("asked"),
        at,
    }
}

async fn end(zone: &InZone, session: &Session, end: &TreeEnd) -> Vec<EndedSession> {
    let mut work = zone.write().await;
    let ended = work.sessions().end_tree(&session.id, end).await.unwrap();
    work.commit().await.unwrap();
    ended
}

/// Ends the tree under `root` in a unit of work of its own, again while others contend for it.
async fn race_end(zone: &InZone, root: &SessionId) -> Vec<EndedSession> {
    let end = || async {
        let mut work = zone.try_write().await?;
        let at = zone.given.world.now();
        let ended = work.sessions().end_tree(root, &terminate(at)).await?;
        work.commit().await?;
        Ok(ended)
    };
    retry(end).await.unwrap()
}

fn set(ended: &[EndedSession]) -> BTreeSet<SessionId> {
    let distinct: BTreeSet<_> = ended.iter().map(|session| session.id.clone()).collect();
    assert_eq!(distinct.len(), ended.len(), "a session was reported twice");
    distinct
}

fn ids<const N: usize>(sessions: [&Session; N]) -> BTreeSet<SessionId> {
    sessions.into_iter().map(|session| session.id.clone()).collect()
}

pub async fn a_child_is_counted_and_uncounted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let Tree {
        root, left, right, ..
    } = plant(&fixture.a, &party).await;
    assert_eq!(fixture.a.session(&root).await.child_count, 2);
    assert_eq!(fixture.a.session(&left).await.child_count, 1);
    end(&fixture.a, &left, &terminate(fixture.world.now())).await;
    assert_eq!(
        fixture.a.session(&root).await.child_count,
        1,
        "only the direct child is uncounted"
    );
    end(&fixture.a, &left, &terminate(fixture.world.now())).await;
    assert_eq!(
        fixture.a.session(&root).await.child_count,
        1,
        "ending twice uncounts once"
    );
    end(&fixture.a, &right, &terminate(fixture.world.now())).await;
    assert_eq!(fixture.a.session(&root).await.child_count, 0);
}

pub async fn a_dropped_start_counts_no_child(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let root = party.task();
    fixture.a.start(&[&root]).await;
    let mut work = fixture.a.write().await;
    work.sessions()
        .create(&fixture.a.given.child_session(&root))
        .await
        .unwrap();
    drop(work);
    assert_eq!(fixture.a.session(&root).await.child_count, 0);
}

pub async fn children_are_counted_right_under_concurrency(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let root = party.task();
    fixture.a.start(&[&root]).await;
    let children: Vec<_> = (0..8).map(|_| fixture.a.given.child_session(&root)).collect();
    race(8, |runner| {
        let (zone, child) = (fixture.a.clone(), children[runner].clone());
        async move {
            let start = || async {
                let mut work = zone.try_write().await?;
                work.sessions().create(&child).await?;
                work.commit().await
            };
            retry(start).await.unwrap();
        }
    })
    .await;
    assert_eq!(fixture.a.session(&root).await.child_count, 8);
    race(8, |runner| {
        let (zone, child) = (fixture.a.clone(), children[runner / 2].clone());
        async move {
            race_end(&zone, &child.id).await;
        }
    })
    .await;
    assert_eq!(
        fixture.a.session(&root).await.child_count,
        4,
        "four children ended, each asked to twice"
    );
}

pub async fn ending_a_tree_ends_its_descendants_root_first(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let Tree {
        root,
        left,
        right,
        leaf,
    } = plant(&fixture.a, &party).await;
    let bystander = party.task();
    fixture.a.start(&[&bystander]).await;
    let mut work = fixture.a.write().await;
    assert_eq!(
        set(&work
            .sessions()
            .suspend_tree(&leaf.id, fixture.world.now())
            .await
            .unwrap()),
        ids([&leaf])
    );
    work.commit().await.unwrap();

    let at = fixture.world.now().plus(Duration::from_micros(1_234_567));
    let expired = TreeEnd {
        root_status: SessionStatus::Expired,
        reason: String::from("ttl_expired"),
        at,
    };
    let ended = end(&fixture.a, &root, &expired).await;
    assert_eq!(set(&ended), ids([&root, &left, &right, &leaf]));
    assert_eq!(
        ended[0],
        EndedSession {
            id: root.id.clone(),
            application_id: party.application.id.clone(),
            parent_id: None,
            subject_authority_record_id: party.record.id.clone(),
        },
        "the root comes first"
    );
    assert!(
        ended
            .iter()
            .any(|row| row.id == leaf.id && row.parent_id.as_ref() == Some(&left.id))
    );

    let root = fixture.a.session(&root).await;
    assert_eq!(
        (root.status, root.termination_reason.as_deref()),
        (SessionStatus::Expired, Some("ttl_expired"))
    );
    assert_eq!(root.terminated_at, Some(at));
    for descendant in [&left, &right, &leaf] {
        let stored = fixture.a.session(descendant).await;
        assert_eq!(
            stored.status,
            SessionStatus::Terminated,
            "descendants are always terminated"
        );
        assert_eq!(stored.termination_reason.as_deref(), Some("parent_terminated"));
        assert_eq!(stored.terminated_at, Some(at));
    }
    assert_eq!(fixture.a.session(&bystander).await, bystander);
    assert!(
        end(&fixture.a, &root, &terminate(at)).await.is_empty(),
        "what ended does not end again"
    );
    assert_eq!(fixture.a.session(&root).await, root);
}

pub async fn what_ended_before_its_tree_keeps_its_own_reason(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let tree = plant(&fixture.a, &party).await;
    let early = end(&fixture.a, &tree.leaf, &terminate(fixture.world.now())).await;
    assert_eq!(set(&early), ids([&tree.leaf]));
    let leaf = fixture.a.session(&tree.leaf).await;
    fixture.world.manual_clock().advance(Duration::from_secs(5));
    let rest = end(&fixture.a, &tree.root, &terminate(fixture.world.now())).await;
    assert_eq!(set(&rest), ids([&tree.root, &tree.left, &tree.right]));
    assert_eq!(fixture.a.session(&leaf).await, leaf);
}

pub async fn an_end_passes_through_ended_sessions_to_live_ones_below(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let root = party.task();
    let middle = Session {
        status: SessionStatus::Terminated,
        ..fixture.a.given.child_session(&root)
    };
    let orphan = fixture.a.given.child_session(&middle);
    fixture.a.start(&[&root, &middle, &orphan]).await;
    let ended = end(&fixture.a, &root, &terminate(fixture.world.now())).await;
    assert_eq!(set(&ended), ids([&root, &orphan]));
}

pub async fn of_many_ends_of_one_tree_exactly_one_reports_each_session(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let Tree {
        root,
        left,
        right,
        leaf,
    } = plant(&fixture.a, &party).await;
    // Some ask for the root and some for a branch, so that the trees overlap.
    let targets = [root.id.clone(), left.id.clone(), root.id.clone(), leaf.id.clone()];
    let reports = race(8, |runner| {
        let (zone, target) = (fixture.a.clone(), targets[runner % 4].clone());
        async move { race_end(&zone, &target).await }
    })
    .await;
    let all: Vec<_> = reports.into_iter().flatten().collect();
    assert_eq!(set(&all), ids([&root, &left, &right, &leaf]));
}

pub async fn no_child_outlives_a_parent_that_ends_at_the_same_time(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let root = party.task();
    fixture.a.start(&[&root]).await;
    let child = fixture.a.given.child_session(&root);
    let mut starting = fixture.a.write().await;
    assert!(starting.sessions().get_locked(&root.id).await.unwrap().is_some());
    starting.sessions().create(&child).await.unwrap();
    let (zone, id) = (fixture.a.clone(), root.id.clone());
    let ending = tokio::spawn(async move { race_end(&zone, &id).await });
    give_way(&ending).await;
    starting.commit().await.unwrap();
    assert_eq!(
        set(&ending.await.unwrap()),
        ids([&root, &child]),
        "the child was started just in time"
    );
}

pub async fn a_tree_pauses_and_resumes_as_a_whole(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let Tree {
        root,
        left,
        right,
        leaf,
    } = plant(&fixture.a, &party).await;
    end(&fixture.a, &right, &terminate(fixture.world.now())).await;
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    let paused = work.sessions().suspend_tree(&root.id, now).await.unwrap();
    assert_eq!(
        set(&paused),
        ids([&root, &left, &leaf]),
        "ended sessions stay ended"
    );
    assert!(
        work.sessions()
            .suspend_tree(&root.id, now)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.sessions()
            .suspend_tree(&right.id, now)
            .await
            .unwrap()
            .is_empty()
    );
    work.commit().await.unwrap();
    for session in [&root, &left, &leaf] {
        assert_eq!(fixture.a.session(session).await.status, SessionStatus::Suspended);
    }

    fixture.world.manual_clock().advance(Duration::from_mins(1));
    let lease_until = fixture.world.now().plus(Duration::from_secs(30));
    let mut work = fixture.a.write().await;
    let resumed = work
        .sessions()
        .resume_tree(&root.id, lease_until, fixture.world.now())
        .await
        .unwrap();
    assert_eq!(set(&resumed), ids([&root, &left, &leaf]));
    assert!(
        work.sessions()
            .resume_tree(&root.id, lease_until, fixture.world.now())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        work.sessions()
            .resume_tree(&right.id, lease_until, fixture.world.now())
            .await
            .unwrap()
            .is_empty()
    );
    work.commit().await.unwrap();
    for session in [&root, &left, &leaf] {
        let stored = fixture.a.session(session).await;
        assert_eq!(stored.status, SessionStatus::Active);
        let service = stored.lifecycle == Lifecycle::Service;
        assert_eq!(
            stored.heartbeat_deadline_at,
            service.then_some(lease_until),
            "only services get a lease"
        );
    }
    assert_eq!(fixture.a.session(&right).await.status, SessionStatus::Terminated);
    assert_eq!(fixture.a.session(&root).await.child_count, 1);
}

pub async fn pausing_a_branch_leaves_the_rest_running(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let Tree {
        root,
        left,
        right,
        leaf,
    } = plant(&fixture.a, &party).await;
    let mut work = fixture.a.write().await;
    let paused = work
        .sessions()
        .suspend_tree(&left.id, fixture.world.now())
        .await
        .unwrap();
    assert_eq!(set(&paused), ids([&left, &leaf]));
    work.commit().await.unwrap();
    for session in [&root, &right] {
        assert_eq!(fixture.a.session(session).await.status, SessionStatus::Active);
    }
    // Pausing the whole reports only what was still running.
    let mut work = fixture.a.write().await;
    let paused = work
        .sessions()
        .suspend_tree(&root.id, fixture.world.now())
        .await
        .unwrap();
    assert_eq!(set(&paused), ids([&root, &right]));
}

pub async fn ended_sessions_are_forgotten_from_the_leaves_up_once_nothing_refers_to_them(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let tree = plant(&fixture.a, &party).await;
    let (alive, other) = (party.task(), party.task());
    fixture.a.start(&[&alive, &other]).await;
    let delegation = fixture.a.given.delegation(&other, &alive);
    let mut work = fixture.a.write().await;
    work.delegations().create(&delegation).await.unwrap();
    work.commit().await.unwrap();
    let at = fixture.world.now();
    end(&fixture.a, &tree.root, &terminate(at)).await;
    end(&fixture.a, &other, &terminate(at)).await;

    let reap = async |before, limit| {
        let mut work = fixture.a.write().await;
        let gone = work.sessions().reap(before, limit).await.unwrap();
        work.commit().await.unwrap();
        gone
    };
    assert_eq!(reap(at, 100).await, 0, "a microsecond early");
    let before = at.plus(Duration::from_micros(1));
    assert_eq!(reap(before, 1).await, 1, "no more than the limit");
    let mut gone = 1;
    for _ in 0..3 {
        gone += reap(before, 100).await;
    }
    assert_eq!(
        gone, 4,
        "the tree, and neither what lives nor what a delegation names"
    );

    let mut work = fixture.a.write().await;
    work.delegations().revoke_tree(&delegation.id, at).await.unwrap();
    assert_eq!(work.delegations().reap(at, 100).await.unwrap(), 0);
    assert_eq!(work.delegations().reap(before, 100).await.unwrap(), 1);
    work.commit().await.unwrap();
    assert_eq!(reap(before, 100).await, 1);
    let mut work = fixture.a.read().await;
    assert!(work.sessions().get(&alive.id).await.unwrap().is_some());
    for session in [&tree.root, &tree.left, &tree.right, &tree.leaf, &other] {
        assert!(work.sessions().get(&session.id).await.unwrap().is_none());
    }
}
