//! Every service does its work under its own login.

use std::time::Duration;

use caracal_core::{Timestamp, World, entity::NotificationType};
use caracal_storage::{
    Access, AdminAuditFilter, Attempt, AttemptedDelivery, Error, Lock, PageRequest, SessionFilter,
    Store as _, conformance::given::Given,
};
use caracal_storage_sql::ServiceRole;

use caracal_testkit::database::Database;

use crate::{FOREVER, register, service};

#[tokio::test]
async fn each_service_does_its_work_with_its_own_rights() {
    let database = Database::migrated().await;
    let world = World::for_tests();
    let given = Given::new(&world);
    let now = world.now();
    let api = service(&database, ServiceRole::Api).await;
    register(&api, &given).await;
    let mut work = api.zone(&given.zone_id, Access::Write).await.unwrap();
    let (application, provider) = (given.application(), given.provider());
    work.applications().create(&application).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&given.resource(&provider)).await.unwrap();
    let (policy, version) = given.policy();
    work.policies().create(&policy, &version).await.unwrap();
    work.policies()
        .add_version(&given.policy_version(&policy))
        .await
        .unwrap();
    let set = given.policy_set();
    let set_version = given.policy_set_version(&set, &[&version]);
    work.policy_sets().create(&set).await.unwrap();
    work.policy_sets().add_version(&set_version).await.unwrap();
    assert!(
        work.policy_sets()
            .activate(&set.id, &set_version.id, now)
            .await
            .unwrap()
    );
    work.secrets().put("zones/x", b"sealed", now).await.unwrap();
    work.admin_audit()
        .append(&given.admin_audit_record())
        .await
        .unwrap();
    work.outbox().append(&[given.outbox_message()]).await.unwrap();
    assert!(work.applications().update(&application).await.unwrap());
    work.commit().await.unwrap();
    let mut work = api.zone(&given.zone_id, Access::Write).await.unwrap();
    let sink = given.notification_sink();
    work.notifications().create(&sink).await.unwrap();
    work.commit().await.unwrap();
    let mut work = api.global(Access::Write).await.unwrap();
    work.admin_tokens().create(&given.admin_token()).await.unwrap();
    let frozen = given.notification("event-1", NotificationType::ZoneFrozen);
    work.notifications()
        .notify_in(&given.zone_id, &frozen, 9)
        .await
        .unwrap();
    work.commit().await.unwrap();

    let sts = service(&database, ServiceRole::Sts).await;
    let mut work = sts.zone(&given.zone_id, Access::Write).await.unwrap();
    let record = given.authority_record(&application);
    work.authority_records().create(&record).await.unwrap();
    work.signing_keys().create(&given.signing_key(1)).await.unwrap();
    work.outbox().append(&[given.outbox_message()]).await.unwrap();
    work.approvals()
        .open(&given.approval(&application))
        .await
        .unwrap();
    let waits = given.notification("event-2", NotificationType::StepUpIssued);
    work.notifications().notify(&waits, 9).await.unwrap();
    work.commit().await.unwrap();
    let mut work = sts.zone(&given.zone_id, Access::Write).await.unwrap();
    let claimed = work.notifications().claim(&sink.id, now, FOREVER).await;
    assert!(claimed.is_err(), "the STS sends nothing");
    drop(work);
    let mut work = sts.global(Access::Read).await.unwrap();
    assert!(work.find_application(&application.id).await.unwrap().is_some());
    work.revoked_between(Timestamp::from_micros(0), FOREVER)
        .await
        .unwrap();
    assert_eq!(
        work.zone_revisions(std::slice::from_ref(&given.zone_id))
            .await
            .unwrap()
            .len(),
        1
    );
    drop(work);
    let mut work = sts.zone(&given.zone_id, Access::Write).await.unwrap();
    assert!(
        work.applications().archive(&application.id, now).await.is_err(),
        "the STS administers nothing"
    );
    drop(work);

    let coordinator = service(&database, ServiceRole::Coordinator).await;
    let mut work = coordinator.zone(&given.zone_id, Access::Write).await.unwrap();
    work.lock(Lock::Sessions).await.unwrap();
    let (source, target) = (
        given.session(&application, &record),
        given.session(&application, &record),
    );
    work.receipts()
        .claim("session.start.v2", "app", &[1; 32], now)
        .await
        .unwrap();
    work.receipts()
        .create(&given.receipt("session.start.v2", &application))
        .await
        .unwrap();
    assert_eq!(work.sessions().count_slots(None, now).await.unwrap(), 0);
    work.sessions().create(&source).await.unwrap();
    work.sessions().create(&target).await.unwrap();
    let delegation = given.delegation(&source, &target);
    work.delegations().create(&delegation).await.unwrap();
    assert!(
        work.delegations()
            .get_locked(&delegation.id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(work.delegations().advance_epoch(now).await.unwrap(), 1);
    work.commit().await.unwrap();
    let mut work = coordinator.zone(&given.zone_id, Access::Write).await.unwrap();
    let end = caracal_storage::TreeEnd {
        root_status: caracal_core::entity::SessionStatus::Terminated,
        reason: "done".into(),
        at: now,
    };
    assert_eq!(work.sessions().end_tree(&source.id, &end).await.unwrap().len(), 1);
    assert_eq!(
        work.delegations()
            .revoke_touching(&[source.id], now)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        work.authority_records()
            .revoke_tree(&record.id, "done", now)
            .await
            .unwrap()
            .len(),
        1
    );
    work.authority_records().reap(now, now, 10).await.unwrap();
    work.receipts()
        .reap(now.plus(Duration::from_hours(999)), 10)
        .await
        .unwrap();
    work.admin_audit()
        .append(&given.admin_audit_record())
        .await
        .unwrap();
    work.commit().await.unwrap();
    let mut forgetting = coordinator.zone(&given.zone_id, Access::Write).await.unwrap();
    let later = now.plus(Duration::from_secs(1));
    assert_eq!(forgetting.delegations().reap(later, 10).await.unwrap(), 1);
    assert_eq!(forgetting.sessions().reap(later, 10).await.unwrap(), 1);
    assert_eq!(forgetting.applications().ended_dcr(now, 10).await.unwrap(), []);
    assert_eq!(forgetting.applications().reap(later, 10).await.unwrap(), 0);
    let short = forgetting.applications().archive(&application.id, now).await;
    assert!(short.unwrap());
    drop(forgetting);
    let mut work = coordinator.global(Access::Read).await.unwrap();
    work.zones_with_overdue(now, now).await.unwrap();
    work.revoked_between(Timestamp::from_micros(0), FOREVER)
        .await
        .unwrap();
    drop(work);

    let gateway = service(&database, ServiceRole::Gateway).await;
    let mut work = gateway.zone(&given.zone_id, Access::Read).await.unwrap();
    assert!(work.zone().await.unwrap().is_some());
    assert_eq!(work.signing_keys().published(now).await.unwrap().len(), 1);
    let declared = work.resources().all_live().await.unwrap();
    for resource in &declared {
        assert!(work.resources().get(&resource.id).await.unwrap().is_some());
    }
    drop(work);
    let mut work = gateway.global(Access::Read).await.unwrap();
    let ended = work
        .revoked_between(Timestamp::from_micros(0), FOREVER)
        .await
        .unwrap();
    assert!(work.suspended_sessions().await.unwrap().is_empty());
    assert_eq!(
        work.zone_revisions(std::slice::from_ref(&given.zone_id))
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        (
            ended.authority_records.len(),
            ended.sessions.len(),
            ended.delegations.len()
        ),
        (1, 1, 1)
    );
    drop(work);
    let mut work = gateway.zone(&given.zone_id, Access::Write).await.unwrap();
    let refused = work
        .authority_records()
        .create(&given.authority_record(&application))
        .await;
    assert!(
        matches!(refused, Err(Error::Corrupt(_))),
        "the Gateway writes nothing: {refused:?}"
    );
    drop(work);

    let mut work = api.global(Access::Read).await.unwrap();
    let due = work.notifications().due_sinks(now, false, 9).await.unwrap();
    assert_eq!(due, [(given.zone_id.clone(), sink.id.clone())]);
    let backlog = work.notifications().backlog(now, 3).await.unwrap();
    assert_eq!((backlog.waiting, backlog.failing), (2, 0));
    let ended = FOREVER.minus(Duration::from_secs(1));
    let swept = work.notifications().zones_to_sweep(now, ended, now).await;
    assert_eq!(swept.unwrap(), std::slice::from_ref(&given.zone_id));
    drop(work);
    let mut work = api.zone(&given.zone_id, Access::Write).await.unwrap();
    let until = now.plus(Duration::from_secs(30));
    let claimed = work.notifications().claim(&sink.id, now, until).await.unwrap();
    let claimed = claimed.unwrap();
    let attempted = AttemptedDelivery {
        sink_id: sink.id.clone(),
        delivery_id: claimed.delivery.id,
        attempts: 1,
        leased_until: until,
        attempt: Attempt::Delivered { status: 200 },
        at: now,
    };
    assert!(work.notifications().record_attempt(&attempted).await.unwrap());
    assert_eq!(work.notifications().reap(until, 9).await.unwrap(), 1);
    assert!(work.notifications().delete(&sink.id).await.unwrap());
    work.commit().await.unwrap();

    // The API sees what the others did.
    let mut work = api.zone(&given.zone_id, Access::Write).await.unwrap();
    let page = PageRequest::first(10);
    assert_eq!(
        work.sessions()
            .list(&SessionFilter::default(), &page)
            .await
            .unwrap()
            .items
            .len(),
        2
    );
    assert_eq!(work.sessions().end_tree(&target.id, &end).await.unwrap().len(), 1);
    assert_eq!(
        work.admin_audit()
            .list(&given.zone_id, &AdminAuditFilter::default(), &page)
            .await
            .unwrap()
            .items
            .len(),
        2
    );
    work.commit().await.unwrap();
}
