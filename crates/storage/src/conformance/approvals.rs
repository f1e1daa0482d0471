//! Approvals: opened once, decided while open, used once.

use std::{collections::HashMap, time::Duration};

use caracal_core::{
    HeldCall, Shown,
    entity::{Approval, ApprovalState, ApproverClass},
};

use crate::{ApprovalFilter, Error, Precedents, Verdict};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone},
    given::Given,
    race::{race, retry},
};

/// What an operator of this name says.
fn verdict(given: &Given, approve: bool, name: &str) -> Verdict {
    Verdict {
        approve,
        approver_id: name.to_owned(),
        approver_record_id: None,
        class: ApproverClass::Operator,
        reason: Some(String::from("seen \"it\"")),
        at: given.world.now(),
    }
}

async fn open(zone: &InZone, approval: &Approval) -> (Approval, bool) {
    let mut work = zone.write().await;
    let opened = work.approvals().open(approval).await.unwrap();
    work.commit().await.unwrap();
    opened
}

async fn decide(zone: &InZone, approval: &Approval, verdict: &Verdict) -> bool {
    let mut work = zone.write().await;
    let decided = work.approvals().decide(&approval.id, verdict).await.unwrap();
    work.commit().await.unwrap();
    decided
}

pub async fn an_approval_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let party = zone.party().await;
    let mut approval = zone.given.approval(&party.application);
    approval.authority_record_id = Some(party.record.id.clone());
    approval.subject_anchor = Some(String::from("ännä"));
    approval.call = Some(HeldCall {
        method: String::from("POST"),
        path: String::from("/ä"),
        protocol: None,
        call: None,
        digest: "ab".repeat(32),
        shown: Shown::Whole,
        query: Some(String::from("a=1")),
        media_type: None,
        arguments: Some(serde_json::json!({"b": [1, null], "a": "\"é\""})),
        text: None,
        bytes: None,
    });
    assert_eq!(open(zone, &approval).await, (approval.clone(), true));
    let now = fixture.world.now();
    let yes = verdict(&zone.given, true, "admin:1");
    assert!(decide(zone, &approval, &yes).await);
    let mut work = zone.write().await;
    let record = &party.record.id;
    assert!(
        work.approvals()
            .consume(&approval.id, Some(record), now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    approval.satisfied_at = Some(now);
    approval.approvals_given = 1;
    approval.approver_subject_id = Some(yes.approver_id);
    approval.decision_reason = yes.reason;
    approval.consumed_at = Some(now);
    approval.consumed_record_id = Some(record.clone());
    let mut work = zone.read().await;
    assert_eq!(
        work.approvals().get(&approval.id).await.unwrap(),
        Some(approval.clone())
    );

    let found = async |filter: ApprovalFilter| {
        let mut work = zone.read().await;
        work.approvals().list(&filter, &ALL).await.unwrap().items.len()
    };
    let all = ApprovalFilter::default;
    let state = |state| ApprovalFilter {
        state: Some((state, now)),
        ..all()
    };
    let of = |tier: &str, principal: &str| ApprovalFilter {
        tier: Some(tier.to_owned()),
        principal_id: Some(principal.to_owned()),
        ..all()
    };
    let between = |since, until| ApprovalFilter {
        since: Some(since),
        until: Some(until),
        ..all()
    };
    let (before, after) = (
        now.minus(Duration::from_secs(1)),
        now.plus(Duration::from_secs(1)),
    );
    for (filter, expected) in [
        (all(), 1),
        (state(ApprovalState::Consumed), 1),
        (state(ApprovalState::Approved), 0),
        (of(&approval.tier, &approval.principal_id), 1),
        (of(&approval.tier, "another"), 0),
        (of("low", &approval.principal_id), 0),
        (between(now, now), 1),
        (between(after, after), 0),
        (between(before, before), 0),
    ] {
        assert_eq!(found(filter.clone()).await, expected, "{filter:?}");
    }
    let counted = work.approvals().count(now).await.unwrap();
    assert_eq!(counted, HashMap::from([(ApprovalState::Consumed, 1)]));
    let precedents = work
        .approvals()
        .precedents(&[approval.binding, [7; 32]])
        .await
        .unwrap();
    let approved = Precedents {
        approved: 1,
        rejected: 0,
    };
    assert_eq!(precedents, HashMap::from([(approval.binding, approved)]));
}

pub async fn who_asks_the_same_again_gets_the_same_until_it_ends_or_is_used(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let first = zone.given.approval(&application);
    let again = || Approval {
        binding: first.binding,
        ..zone.given.approval(&application)
    };
    assert!(open(zone, &first).await.1);
    assert_eq!(open(zone, &again()).await, (first.clone(), false));
    // Whatever else is asked is another.
    let mut other = again();
    other.principal_id = String::from("another");
    assert!(open(zone, &other).await.1);
    assert!(open(zone, &zone.given.approval(&application)).await.1);
    let pending = async || {
        let (mut work, now) = (zone.read().await, fixture.world.now());
        work.approvals()
            .pending_of(application.id.as_str(), now)
            .await
            .unwrap()
    };
    assert_eq!(pending().await, 2, "another's is not counted");
    // A no stays one.
    assert!(decide(zone, &first, &verdict(&zone.given, false, "admin:1")).await);
    assert_eq!(pending().await, 1);
    let (same, opened) = open(zone, &again()).await;
    assert_eq!((same.id, opened), (first.id.clone(), false));
    assert!(same.rejected_at.is_some());
    // Until its end.
    fixture.world.manual_clock().advance(Duration::from_hours(1));
    let (second, opened) = open(zone, &again()).await;
    assert!(opened && second.id != first.id);
    assert_eq!(zone.read().await.approvals().get(&first.id).await.unwrap(), None);
    // What was used is asked anew, and stays.
    assert!(decide(zone, &second, &verdict(&zone.given, true, "admin:1")).await);
    let mut work = zone.write().await;
    assert!(
        work.approvals()
            .consume(&second.id, None, fixture.world.now())
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    assert!(open(zone, &again()).await.1);
    assert!(
        zone.read()
            .await
            .approvals()
            .get(&second.id)
            .await
            .unwrap()
            .is_some()
    );
}

pub async fn of_many_who_ask_the_same_exactly_one_opens_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let application = fixture.a.party().await.application;
    let first = fixture.a.given.approval(&application);
    let asked = race(8, |_| {
        let (zone, approval) = (
            fixture.a.clone(),
            Approval {
                id: caracal_core::ApprovalId::generate(&fixture.world),
                ..first.clone()
            },
        );
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let opened = work.approvals().open(&approval).await?;
                work.commit().await?;
                Ok(opened)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(asked.iter().filter(|(_, opened)| *opened).count(), 1);
    assert!(asked.iter().all(|(approval, _)| approval.id == asked[0].0.id));
}

pub async fn a_decision_counts_once_and_while_it_is_open_to_it(backend: Backend) {
    use ApproverClass::{Any, Operator, Subject};
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let given = &zone.given;
    let of = |class, approver_class| {
        (
            Approval {
                approver_class,
                ..given.approval(&application)
            },
            Verdict {
                class,
                ..verdict(given, true, "someone")
            },
        )
    };
    for (class, approver_class, may) in [
        (Operator, Operator, true),
        (Operator, Any, true),
        (Operator, Subject, false),
        (Subject, Subject, true),
        (Subject, Any, true),
        (Subject, Operator, false),
    ] {
        let (approval, yes) = of(class, approver_class);
        open(zone, &approval).await;
        assert_eq!(
            decide(zone, &approval, &yes).await,
            may,
            "{class} {approver_class}"
        );
        if may {
            let no = Verdict {
                approve: false,
                ..yes
            };
            assert!(!decide(zone, &approval, &no).await, "it is decided");
        }
    }
    let (late, yes) = of(Operator, Operator);
    open(zone, &late).await;
    let yes = Verdict {
        at: late.expires_at,
        ..yes
    };
    assert!(!decide(zone, &late, &yes).await, "it has ended");
    let unknown = given.approval(&application);
    assert!(!decide(zone, &unknown, &yes).await);
    // Nothing is used that nobody approved, or that has ended.
    let mut work = zone.write().await;
    let now = fixture.world.now();
    assert!(!work.approvals().consume(&late.id, None, now).await.unwrap());
    let approved = of(Operator, Operator).0;
    work.approvals().open(&approved).await.unwrap();
    assert!(
        work.approvals()
            .decide(&approved.id, &verdict(given, true, "x"))
            .await
            .unwrap()
    );
    assert!(
        !work
            .approvals()
            .consume(&approved.id, None, approved.expires_at)
            .await
            .unwrap()
    );
    assert!(work.approvals().consume(&approved.id, None, now).await.unwrap());
}

pub async fn as_many_as_required_say_yes_and_one_no_is_enough(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let two = || Approval {
        approvals_required: 2,
        ..zone.given.approval(&application)
    };
    let (agreed, refused) = (two(), two());
    open(zone, &agreed).await;
    open(zone, &refused).await;
    let say = async |approval: &Approval, approve, name| {
        decide(zone, approval, &verdict(&zone.given, approve, name)).await
    };
    assert!(say(&agreed, true, "admin:1").await);
    assert!(!say(&agreed, true, "admin:1").await, "nobody counts twice");
    assert!(!say(&agreed, false, "admin:1").await, "nor has a second thought");
    let now = fixture.world.now();
    let state = async |approval: &Approval| {
        let found = zone
            .read()
            .await
            .approvals()
            .get(&approval.id)
            .await
            .unwrap()
            .unwrap();
        (found.state(now), found.approvals_given)
    };
    assert_eq!(state(&agreed).await, (ApprovalState::Pending, 1));
    assert!(say(&agreed, true, "admin:2").await);
    assert_eq!(state(&agreed).await, (ApprovalState::Approved, 2));
    assert!(say(&refused, true, "admin:1").await);
    assert!(say(&refused, false, "admin:2").await);
    assert_eq!(state(&refused).await, (ApprovalState::Rejected, 1));
    // Two who say yes at once are two.
    let racing = two();
    open(zone, &racing).await;
    let said = race(2, |runner| {
        let (zone, id) = (zone.clone(), racing.id.clone());
        let yes = verdict(&zone.given, true, &format!("admin:{runner}"));
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let decided = work.approvals().decide(&id, &yes).await?;
                work.commit().await?;
                Ok(decided)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(said, [true, true]);
    assert_eq!(state(&racing).await, (ApprovalState::Approved, 2));
}

pub async fn whatever_a_caller_asked_for_ends_with_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let now = fixture.world.now();
    let (caller, other) = (zone.party().await.application, zone.party().await.application);
    let asked = || zone.given.approval(&caller);
    let pending = Approval {
        approver_class: ApproverClass::Subject,
        ..asked()
    };
    let (approved, used, refused) = (asked(), asked(), asked());
    let ended = Approval {
        created_at: now.minus(Duration::from_secs(2)),
        expires_at: now,
        ..asked()
    };
    let others = zone.given.approval(&other);
    for approval in [&pending, &approved, &used, &refused, &ended, &others] {
        open(zone, approval).await;
    }
    for (approval, approve) in [(&approved, true), (&used, true), (&refused, false)] {
        assert!(decide(zone, approval, &verdict(&zone.given, approve, "admin:1")).await);
    }
    let mut work = zone.write().await;
    assert!(work.approvals().consume(&used.id, None, now).await.unwrap());
    work.commit().await.unwrap();

    let by = verdict(&zone.given, false, "admin:2");
    let mut elsewhere = fixture.b.write().await;
    let none = elsewhere.approvals().end_of_caller(caller.id.as_str(), &by).await;
    assert!(none.unwrap().is_empty(), "another zone's");
    elsewhere.commit().await.unwrap();
    let mut work = zone.write().await;
    let said = work
        .approvals()
        .end_of_caller(caller.id.as_str(), &by)
        .await
        .unwrap();
    let mut told: Vec<_> = said
        .iter()
        .map(|approval| (&approval.id, approval.state(now), approval.withdrawn_at))
        .collect();
    told.sort_by_key(|(id, ..)| *id);
    let mut expected = [
        (&pending.id, ApprovalState::Rejected, None),
        (&approved.id, ApprovalState::Rejected, Some(now)),
    ];
    expected.sort_by_key(|(id, ..)| *id);
    assert_eq!(told, expected);
    let again = work.approvals().end_of_caller(caller.id.as_str(), &by).await;
    assert!(again.unwrap().is_empty(), "once");
    work.commit().await.unwrap();
    let mut work = zone.read().await;
    for (approval, state) in [
        (&pending, ApprovalState::Rejected),
        (&approved, ApprovalState::Rejected),
        (&used, ApprovalState::Consumed),
        (&refused, ApprovalState::Rejected),
        (&ended, ApprovalState::Expired),
        (&others, ApprovalState::Pending),
    ] {
        let found = work.approvals().get(&approval.id).await.unwrap().unwrap();
        assert_eq!(found.state(now), state, "{}", approval.id);
        let here = [&pending.id, &approved.id].contains(&&approval.id);
        assert_eq!(found.approver_subject_id.as_deref() == Some("admin:2"), here);
    }
}

pub async fn of_many_who_use_an_approval_exactly_one_does(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let approval = zone.given.approval(&application);
    open(zone, &approval).await;
    assert!(decide(zone, &approval, &verdict(&zone.given, true, "admin:1")).await);
    let now = fixture.world.now();
    let used = race(8, |_| {
        let (zone, id) = (zone.clone(), approval.id.clone());
        let record = zone.given.authority_record(&application);
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let used = work.approvals().consume(&id, Some(&record.id), now).await?;
                if used {
                    work.authority_records().create(&record).await?;
                }
                work.commit().await?;
                Ok(used.then(|| record.id.clone()))
            })
            .await
            .unwrap()
        }
    })
    .await;
    let used: Vec<_> = used.into_iter().flatten().collect();
    assert_eq!(used.len(), 1);
    let found = zone
        .read()
        .await
        .approvals()
        .get(&approval.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.consumed_record_id, used.into_iter().next());
}

pub async fn a_yes_is_taken_back_until_it_is_used_or_ends(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let now = fixture.world.now();
    let no = verdict(&zone.given, false, "admin:2");
    let yes = verdict(&zone.given, true, "admin:1");
    let withdraw = async |approval: &Approval, verdict: &Verdict| {
        let mut work = zone.write().await;
        let withdrawn = work.approvals().withdraw(&approval.id, verdict).await.unwrap();
        work.commit().await.unwrap();
        withdrawn
    };
    let consume = async |approval: &Approval| {
        let mut work = zone.write().await;
        let used = work.approvals().consume(&approval.id, None, now).await.unwrap();
        work.commit().await.unwrap();
        used
    };
    let approved = async || {
        let approval = zone.given.approval(&application);
        open(zone, &approval).await;
        assert!(decide(zone, &approval, &yes).await);
        approval
    };
    let pending = zone.given.approval(&application);
    open(zone, &pending).await;
    assert!(!withdraw(&pending, &no).await, "nobody said yes");
    let mut taken = approved().await;
    assert!(withdraw(&taken, &no).await);
    assert!(!withdraw(&taken, &no).await && !consume(&taken).await);
    assert!(!decide(zone, &taken, &yes).await, "it stays a no");
    taken.approvals_given = 1;
    taken.rejected_at = Some(now);
    taken.withdrawn_at = Some(now);
    taken.approver_subject_id = Some(no.approver_id.clone());
    taken.decision_reason.clone_from(&no.reason);
    assert_eq!(taken.state(now), ApprovalState::Rejected);
    let read = async |id| zone.read().await.approvals().get(id).await.unwrap();
    assert_eq!(read(&taken.id).await, Some(taken.clone()));
    let used = approved().await;
    assert!(consume(&used).await);
    assert!(!withdraw(&used, &no).await, "it was used");
    let late = approved().await;
    let after = Verdict {
        at: late.expires_at,
        ..no.clone()
    };
    assert!(!withdraw(&late, &after).await, "it has ended");
    let elsewhere = approved().await;
    let mut work = fixture.b.write().await;
    assert!(!work.approvals().withdraw(&elsewhere.id, &no).await.unwrap());
    drop(work);
    // Of a use and a taking back at once exactly one is so.
    let racing = approved().await;
    let outcomes = race(8, |runner| {
        let (zone, id, no) = (zone.clone(), racing.id.clone(), no.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let done = if runner % 2 == 0 {
                    work.approvals().consume(&id, None, now).await?
                } else {
                    work.approvals().withdraw(&id, &no).await?
                };
                work.commit().await?;
                Ok(done)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
}

pub async fn what_nobody_has_decided_is_given_up_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let now = fixture.world.now();
    let asker = verdict(&zone.given, false, "asker");
    let yes = verdict(&zone.given, true, "admin:1");
    let give_up = async |approval: &Approval, verdict: &Verdict| {
        let mut work = zone.write().await;
        let given_up = work.approvals().give_up(&approval.id, verdict).await.unwrap();
        work.commit().await.unwrap();
        given_up
    };
    // The person alone may decide it, and whoever asked may give it up all the same.
    let mut pending = Approval {
        approver_class: ApproverClass::Subject,
        ..zone.given.approval(&application)
    };
    open(zone, &pending).await;
    let late = Verdict {
        at: pending.expires_at,
        ..asker.clone()
    };
    assert!(!give_up(&pending, &late).await, "it has ended");
    let mut elsewhere = fixture.b.write().await;
    assert!(!elsewhere.approvals().give_up(&pending.id, &asker).await.unwrap());
    drop(elsewhere);
    assert!(give_up(&pending, &asker).await);
    assert!(!give_up(&pending, &asker).await && !decide(zone, &pending, &yes).await);
    pending.rejected_at = Some(now);
    pending.withdrawn_at = Some(now);
    pending.approver_subject_id = Some(asker.approver_id.clone());
    pending.decision_reason.clone_from(&asker.reason);
    let read = zone.read().await.approvals().get(&pending.id).await.unwrap();
    assert_eq!(read, Some(pending));
    let approved = zone.given.approval(&application);
    open(zone, &approved).await;
    assert!(decide(zone, &approved, &yes).await);
    assert!(!give_up(&approved, &asker).await, "somebody said yes");
    // Of a yes and a giving up at once exactly one is so.
    let racing = zone.given.approval(&application);
    open(zone, &racing).await;
    let outcomes = race(8, |runner| {
        let (zone, id, verdict) = (
            zone.clone(),
            racing.id.clone(),
            if runner % 2 == 0 {
                Verdict {
                    approver_id: format!("admin:{runner}"),
                    ..yes.clone()
                }
            } else {
                asker.clone()
            },
        );
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let done = if verdict.approve {
                    work.approvals().decide(&id, &verdict).await?
                } else {
                    work.approvals().give_up(&id, &verdict).await?
                };
                work.commit().await?;
                Ok(done)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
}

pub async fn an_approval_is_forgotten_a_while_after_its_end(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let application = zone.party().await.application;
    let approval = zone.given.approval(&application);
    open(zone, &approval).await;
    assert!(decide(zone, &approval, &verdict(&zone.given, true, "admin:1")).await);
    let mut work = zone.write().await;
    assert_eq!(work.approvals().reap(approval.expires_at, 10).await.unwrap(), 0);
    let later = approval.expires_at.plus(Duration::from_secs(1));
    assert_eq!(work.approvals().reap(later, 10).await.unwrap(), 1);
    assert_eq!(work.approvals().get(&approval.id).await.unwrap(), None);
}

pub async fn an_approval_of_another_zone_is_neither_decided_nor_used(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let application = fixture.b.party().await.application;
    let approval = fixture.b.given.approval(&application);
    open(&fixture.b, &approval).await;
    let (now, later) = (
        fixture.world.now(),
        approval.expires_at.plus(Duration::from_secs(1)),
    );
    let mut work = fixture.a.write().await;
    let yes = verdict(&fixture.a.given, true, "admin:1");
    assert!(!work.approvals().decide(&approval.id, &yes).await.unwrap());
    assert!(!work.approvals().consume(&approval.id, None, now).await.unwrap());
    assert_eq!(work.approvals().reap(later, 10).await.unwrap(), 0);
    assert_eq!(
        work.approvals()
            .precedents(&[approval.binding])
            .await
            .unwrap()
            .len(),
        0
    );
    let smuggled = work.approvals().open(&approval).await;
    assert!(matches!(smuggled, Err(Error::MissingReference)), "{smuggled:?}");
    drop(work);
    let mut work = fixture.b.read().await;
    assert_eq!(
        work.approvals().get(&approval.id).await.unwrap(),
        Some(approval.clone())
    );
    // Whoever waits knows nothing but the id.
    let mut work = fixture.global_read().await;
    let zone = work.zone_of_approval(&approval.id).await.unwrap();
    assert_eq!(zone.as_ref(), Some(fixture.b.id()));
    let unknown = fixture.a.given.approval(&application).id;
    assert_eq!(work.zone_of_approval(&unknown).await.unwrap(), None);
}
