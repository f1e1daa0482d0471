//! Budgets: no further than their limits, by any number of calls at a time, and forgotten with their holders.

use std::time::Duration;

use caracal_core::{
    SessionId,
    entity::{Delegation, HolderId, Session, SessionStatus},
};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    race::{race, retry},
};
use crate::{Charge, Error, TreeEnd};

/// Two sessions with a delegation between them.
async fn agents(zone: &InZone) -> (Session, Session, Delegation) {
    let given = &zone.given;
    let application = given.application();
    let record = given.authority_record(&application);
    let [source, target] = [(); 2].map(|()| given.session(&application, &record));
    let delegation = given.delegation(&source, &target);
    let mut work = zone.write().await;
    work.applications().create(&application).await.unwrap();
    work.authority_records().create(&record).await.unwrap();
    for session in [&source, &target] {
        work.sessions().create(session).await.unwrap();
    }
    work.delegations().create(&delegation).await.unwrap();
    work.commit().await.unwrap();
    (source, target, delegation)
}

async fn charged(zone: &InZone, charge: &Charge<'_>) -> Result<bool, Error> {
    retry(|| async {
        let mut work = zone.try_write().await?;
        let passed = work.budgets().charge(charge).await?;
        work.commit().await?;
        Ok(passed)
    })
    .await
}

async fn used(zone: &InZone, holder: &HolderId) -> Vec<(i64, i64)> {
    let uses = zone.read().await.budgets().used(holder).await.unwrap();
    uses.iter().map(|used| (used.calls, used.amount)).collect()
}

pub async fn what_is_used_up_adds_up_to_its_limits_and_no_further(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (source, target, delegation) = agents(zone).await;
    let (session, edge) = (HolderId::Session(source.id), HolderId::Delegation(delegation.id));
    for holder in [&session, &edge] {
        let charge = zone.given.charge(holder);
        assert_eq!(used(zone, holder).await, []);
        let too_much = Charge {
            amount: 10_000_001,
            ..charge
        };
        assert!(!charged(zone, &too_much).await.unwrap());
        assert!(
            !charged(zone, &Charge { amount: -1, ..charge }).await.unwrap(),
            "nothing is given back"
        );
        assert_eq!(
            used(zone, holder).await,
            [],
            "what is refused leaves nothing behind"
        );
        for calls in 1..=4 {
            assert!(charged(zone, &charge).await.unwrap());
            assert_eq!(used(zone, holder).await, [(calls, calls * 2_500_000)]);
        }
        assert!(!charged(zone, &Charge { amount: 1, ..charge }).await.unwrap());
        assert!(
            charged(zone, &Charge { amount: 0, ..charge }).await.unwrap(),
            "nothing is left, and nothing is asked"
        );
        assert!(
            !charged(
                zone,
                &Charge {
                    amount: 0,
                    max_calls: 5,
                    ..charge
                }
            )
            .await
            .unwrap()
        );
        let raised = Charge {
            max_amount: 20_000_000,
            ..charge
        };
        assert!(
            charged(zone, &raised).await.unwrap(),
            "what was used counts towards another limit"
        );
        let lowered = Charge {
            max_amount: 1,
            amount: 0,
            ..charge
        };
        assert!(!charged(zone, &lowered).await.unwrap());
        let most = Charge {
            amount: i64::MAX,
            max_amount: i64::MAX,
            ..charge
        };
        assert!(!charged(zone, &most).await.unwrap(), "and none runs over");
        assert_eq!(used(zone, holder).await, [(6, 12_500_000)]);
        let other = Charge {
            budget_id: "other",
            argument: None,
            amount: 0,
            ..charge
        };
        assert!(charged(zone, &other).await.unwrap());
        assert_eq!(used(zone, holder).await.len(), 2);
    }
    let all = zone.read().await.budgets().used(&session).await.unwrap();
    let found = all.iter().find(|found| found.argument.is_some()).unwrap();
    let given = zone.given.charge(&session);
    assert_eq!(
        (
            found.budget_id.as_str(),
            found.resource.as_str(),
            found.method.as_str(),
            found.path.as_str()
        ),
        (given.budget_id, given.resource, given.method, given.path)
    );
    assert_eq!(found.argument.as_deref(), given.argument);
    let mut work = zone.read().await;
    let one = work.budgets().used_of(&session, given.budget_id).await.unwrap();
    assert_eq!(one.as_ref(), Some(found));
    assert_eq!(work.budgets().used_of(&session, "unknown").await.unwrap(), None);
    drop(work);
    assert_eq!(
        used(zone, &HolderId::Session(target.id)).await,
        [],
        "its neighbour used nothing"
    );
    assert_eq!(
        used(&fixture.b, &session).await,
        [],
        "nor has another zone such a holder"
    );

    let nobody = HolderId::Session(SessionId::generate(&fixture.world));
    let missing = charged(zone, &zone.given.charge(&nobody)).await;
    assert!(matches!(missing, Err(Error::MissingReference)), "{missing:?}");
    let foreign = charged(&fixture.b, &zone.given.charge(&session)).await;
    assert!(matches!(foreign, Err(Error::MissingReference)), "{foreign:?}");
}

pub async fn of_many_calls_as_many_pass_as_there_is_room_for(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (source, ..) = agents(zone).await;
    let passed = race(16, |caller| {
        let (zone, holder) = (zone.clone(), HolderId::Session(source.id.clone()));
        async move {
            let charge = zone.given.charge(&holder);
            // Either limit lets five through.
            let charge = if caller % 2 == 0 {
                Charge {
                    amount: 0,
                    max_calls: 5,
                    ..charge
                }
            } else {
                Charge {
                    budget_id: "sum",
                    amount: 2_000_000,
                    max_calls: 100,
                    ..charge
                }
            };
            charged(&zone, &charge).await.unwrap()
        }
    })
    .await;
    assert_eq!(passed.iter().filter(|passed| **passed).count(), 10);
    let mut counts = used(zone, &HolderId::Session(source.id)).await;
    counts.sort_unstable();
    assert_eq!(counts, [(5, 0), (5, 10_000_000)]);
}

pub async fn what_a_holder_used_goes_with_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (source, _, delegation) = agents(zone).await;
    let (session, edge) = (
        HolderId::Session(source.id.clone()),
        HolderId::Delegation(delegation.id.clone()),
    );
    for holder in [&session, &edge] {
        assert!(charged(zone, &zone.given.charge(holder)).await.unwrap());
    }
    let now = fixture.world.now();
    let end = TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: String::from("asked"),
        at: now,
    };
    let mut work = zone.write().await;
    work.delegations().revoke_tree(&delegation.id, now).await.unwrap();
    work.sessions().end_tree(&source.id, &end).await.unwrap();
    let after = now.plus(Duration::from_secs(1));
    assert!(work.delegations().reap(after, 100).await.unwrap() > 0);
    assert!(work.sessions().reap(after, 100).await.unwrap() > 0);
    work.commit().await.unwrap();
    for holder in [&session, &edge] {
        assert_eq!(used(zone, holder).await, [], "{holder:?}");
    }
}
