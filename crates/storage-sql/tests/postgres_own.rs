//! PostgreSQL: roles, row-level security, evidence, migrations, restarts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/server.rs"]
mod server;

use std::{sync::Arc, time::Duration};

use caracal_core::{Secret, Timestamp, World, ZoneId, entity::Application};
use caracal_storage::{
    Access, AdminAuditFilter, Error, LedgerEntry, PageRequest, SessionFilter, Store,
    conformance::given::Given,
};
use caracal_storage_sql::{MigrationError, PostgresOptions, PostgresStore, ServiceRole};
use server::{Database, connect, server};

/// A password of a role in tests.
const PASSWORD: &str = "correct-horse$battery:staple";

/// As it stands in an address.
const ENCODED: &str = "correct-horse%24battery%3Astaple";

/// After everything.
const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);

async fn owner(database: &Database) -> PostgresStore {
    connect(&database.owner_url()).await
}

/// The store as one service sees it.
async fn service(database: &Database, role: ServiceRole) -> PostgresStore {
    let owner = owner(database).await;
    owner
        .provision_role_password(&World::for_tests(), role, &Secret::new(PASSWORD))
        .await
        .unwrap();
    connect(&server().url_as(&database.name, role.name(), ENCODED)).await
}

/// Runs SQL as a service would if somebody could inject it.
fn inject(database: &Database, role: ServiceRole, sql: &str) -> Result<String, String> {
    server().try_sql(&server().url_as(&database.name, role.name(), ENCODED), sql)
}

async fn register(store: &PostgresStore, given: &Given) {
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&given.zone()).await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.applications().create(&given.application()).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn migrating_twice_at_once_applies_everything_once() {
    let database = Database::empty();
    let now = World::for_tests().now();
    let mut migrators = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = database.owner_url();
        migrators.spawn(async move { connect(&url).await.migrate(now).await.unwrap() });
    }
    let applied: Vec<i64> = migrators.join_all().await.concat();
    assert_eq!(applied, [1], "each migration once, by one of them");
    let store = owner(&database).await;
    store.ping().await.unwrap();
    assert_eq!(store.migrate(now).await.unwrap(), Vec::<i64>::new());
}

#[tokio::test]
async fn an_unmigrated_a_newer_and_a_changed_schema_are_told_apart() {
    let database = Database::empty();
    let now = World::for_tests().now();
    let store = owner(&database).await;
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("an empty database is no schema")
    };
    assert!(text.contains("caracald migrate"), "{text}");
    store.migrate(now).await.unwrap();
    server().sql(
        &database.name,
        "INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0, 9999)",
    );
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("a newer schema passed")
    };
    assert!(text.contains("newer"), "{text}");
    assert!(matches!(
        store.migrate(now).await,
        Err(MigrationError::SchemaNewer { found: 9999, .. })
    ));
    server().sql(
        &database.name,
        "DELETE FROM schema_migrations WHERE version = 9999",
    );
    server().sql(&database.name, "UPDATE schema_migrations SET checksum = 'x'");
    assert!(matches!(
        store.migrate(now).await,
        Err(MigrationError::Changed { version: 1 })
    ));
}

#[tokio::test]
async fn a_newer_schema_that_says_it_is_compatible_keeps_this_build_at_work() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let newer =
        "INSERT INTO schema_migrations VALUES (9998, 'column', 'x', 0, 1), (9999, 'index', 'y', 0, 9998)";
    server().sql(&database.name, newer);
    let told = store.ping().await;
    assert!(
        matches!(told, Err(Error::Corrupt(_))),
        "one of them is not: {told:?}"
    );
    let sql = "UPDATE schema_migrations SET compatible_from = 1 WHERE version = 9999";
    server().sql(&database.name, sql);
    store.ping().await.unwrap();
    assert!(matches!(
        store.look(true).await,
        Ok(caracal_storage_sql::FirstLook::Usable { .. })
    ));
    let now = World::for_tests().now();
    assert_eq!(
        store.migrate(now).await.unwrap(),
        Vec::<i64>::new(),
        "nothing to do"
    );
}

#[tokio::test]
async fn without_a_zone_a_service_sees_and_writes_nothing() {
    let database = Database::migrated().await;
    let (world, store) = (World::for_tests(), owner(&database).await);
    let [mine, other] = [Given::new(&world), Given::new(&world)];
    register(&store, &mine).await;
    register(&store, &other).await;
    let role = ServiceRole::Api;
    service(&database, role).await.ping().await.unwrap();

    let count = |scope: &str| {
        inject(
            &database,
            role,
            &format!("{scope} SELECT COUNT(*) FROM applications"),
        )
        .unwrap()
    };
    assert_eq!(count(""), "0", "no scope");
    assert_eq!(
        count(&format!("SET caracal.zone_id = '{}';", mine.zone_id)),
        "1",
        "its own zone"
    );
    assert_eq!(
        count("SET caracal.zone_id = '*';"),
        "2",
        "the named exception reads across zones"
    );

    // Reading across zones is all that the exception opens, and only where it is named.
    let escape = "SET caracal.zone_id = '*'; UPDATE applications SET name = 'x' RETURNING id";
    assert_eq!(inject(&database, role, escape).unwrap(), "");
    for table in [
        "providers",
        "resources",
        "secret_store",
        "signing_keys",
        "policies",
    ] {
        let everything = format!("SET caracal.zone_id = '*'; SELECT COUNT(*) FROM {table}");
        assert_eq!(inject(&database, role, &everything).unwrap(), "0", "{table}");
    }
    let smuggle = format!(
        "SET caracal.zone_id = '{}'; INSERT INTO secret_store VALUES ('{}', 'r', 'x', 1, 0, 0)",
        mine.zone_id, other.zone_id
    );
    assert!(
        inject(&database, role, &smuggle)
            .unwrap_err()
            .contains("row-level security")
    );
    let alone = "INSERT INTO secret_store VALUES ('z', 'r', 'x', 1, 0, 0)";
    assert!(
        inject(&database, role, alone)
            .unwrap_err()
            .contains("row-level security")
    );
}

#[tokio::test]
async fn row_level_security_is_forced_on_every_table_with_a_zone() {
    let database = Database::migrated().await;
    let open = server().sql(
        &database.name,
        "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    );
    // None holds rows of a zone: one counts the chains, one is the relay's, one is about the schema.
    assert_eq!(open, "audit_chains event_outbox schema_migrations");
    let unguarded = server().sql(
        &database.name,
        "SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT c.relispartition \
         AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)",
    );
    assert_eq!(
        unguarded, "0",
        "a table without a policy is a table nobody can use"
    );
}

#[tokio::test]
async fn evidence_is_append_only_for_services_and_for_the_owner() {
    let database = Database::migrated().await;
    let (world, store) = (World::for_tests(), owner(&database).await);
    let given = Given::new(&world);
    register(&store, &given).await;
    let (policy, version) = given.policy();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.policies().create(&policy, &version).await.unwrap();
    work.admin_audit()
        .append(&given.admin_audit_record())
        .await
        .unwrap();
    work.commit().await.unwrap();

    let audit = service(&database, ServiceRole::Audit).await;
    let mut work = audit.zone(&given.zone_id, Access::Write).await.unwrap();
    let outcome = work
        .ledger()
        .append(&[given.ledger_entry("r")], world.now())
        .await
        .unwrap();
    assert_eq!(outcome.inserted, 1);
    work.commit().await.unwrap();

    let scope = format!("SET caracal.zone_id = '{}';", given.zone_id);
    for forbidden in [
        "UPDATE audit_events SET decision = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
    ] {
        let refused = inject(&database, ServiceRole::Audit, &format!("{scope} {forbidden}")).unwrap_err();
        assert!(refused.contains("permission denied"), "{forbidden}: {refused}");
        let refused = server()
            .try_sql(&database.owner_url(), &format!("{scope} {forbidden}"))
            .unwrap_err();
        assert!(refused.contains("append-only"), "{forbidden}: {refused}");
    }
    for (forbidden, why) in [
        ("UPDATE admin_audit_events SET method = 'x'", "append-only"),
        ("DELETE FROM admin_audit_events", "append-only"),
        ("UPDATE policy_versions SET content = 'x'", "immutable"),
        ("DELETE FROM policy_versions", "immutable"),
        ("TRUNCATE policy_versions CASCADE", "immutable"),
    ] {
        let refused = inject(&database, ServiceRole::Api, &format!("{scope} {forbidden}"));
        assert!(
            refused.is_err_and(|text| text.contains("permission denied")),
            "{forbidden}"
        );
        let refused = server().try_sql(&database.owner_url(), &format!("{scope} {forbidden}"));
        assert!(refused.is_err_and(|text| text.contains(why)), "{forbidden}");
    }
    let month = inject(
        &database,
        ServiceRole::Audit,
        "SELECT COUNT(*) FROM audit_events_y2026m05",
    );
    assert!(
        month.is_err_and(|text| text.contains("permission denied")),
        "a month is reached through its parent"
    );
}

#[tokio::test]
async fn the_audit_service_prunes_old_administrative_records_and_no_young_ones() {
    let database = Database::migrated().await;
    let world = World::for_tests();
    let given = Given::new(&world);
    let api = service(&database, ServiceRole::Api).await;
    let server_now = server().sql(
        &database.name,
        "SELECT CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)",
    );
    let server_now = Timestamp::from_micros(server_now.trim().parse().unwrap());
    let day = Duration::from_hours(24);
    let ages = [31, 31, 29, 0].map(|days| server_now.minus(days * day));
    let mut work = api.global(Access::Write).await.unwrap();
    for occurred_at in ages {
        let record = caracal_storage::AdminAuditRecord {
            occurred_at,
            ..given.admin_audit_record()
        };
        work.admin_audit().append(&record).await.unwrap();
    }
    work.commit().await.unwrap();

    let audit = service(&database, ServiceRole::Audit).await;
    let zone = Some(&given.zone_id);
    let rows = {
        let mut work = audit.global(Access::Read).await.unwrap();
        work.chains().admin_range(zone, 0, 10).await.unwrap()
    };
    let prune = async |from: i64, to: i64| {
        let mut work = audit.global(Access::Write).await?;
        let content = &rows[usize::try_from(to - 1).unwrap()].content_sha256;
        // Whatever the caller's clock says.
        let at = server_now.plus(365 * day);
        let pruned = work.chains().prune_admin(zone, from, to, content, at).await?;
        work.commit().await.map(|()| pruned.is_some())
    };
    for to in [3, 4] {
        let refused = prune(0, to).await;
        assert!(
            matches!(&refused, Err(Error::Corrupt(text)) if text.contains("younger than 30 days")),
            "{refused:?}"
        );
    }
    assert!(prune(0, 2).await.unwrap());
    assert!(prune(2, 3).await.is_err());

    // With the checkpoint at 2, nothing but the function deletes, nor moves it.
    let scope = "SET caracal.zone_id = '*';";
    for forbidden in [
        "DELETE FROM admin_audit_events",
        "UPDATE admin_audit_pruned SET chain_seq = 4",
        "DELETE FROM admin_audit_pruned",
        "INSERT INTO admin_audit_pruned VALUES ('*', 1, '', 0, '')",
    ] {
        let refused = inject(&database, ServiceRole::Audit, &format!("{scope} {forbidden}"));
        assert!(
            refused.is_err_and(|text| text.contains("permission denied")),
            "{forbidden}"
        );
    }
    for forbidden in ["DELETE FROM admin_audit_events", "TRUNCATE admin_audit_events"] {
        let refused = server().try_sql(&database.owner_url(), &format!("{scope} {forbidden}"));
        assert!(
            refused.is_err_and(|text| text.contains("append-only")),
            "{forbidden}"
        );
    }
    let mut work = audit.global(Access::Read).await.unwrap();
    let left = work.chains().admin_range(zone, 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|row| row.chain_seq).collect::<Vec<_>>(), [3, 4]);
}

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
    let mut work = api.global(Access::Write).await.unwrap();
    work.admin_tokens().create(&given.admin_token()).await.unwrap();
    work.commit().await.unwrap();

    let sts = service(&database, ServiceRole::Sts).await;
    let mut work = sts.zone(&given.zone_id, Access::Write).await.unwrap();
    let record = given.authority_record(&application);
    work.authority_records().create(&record).await.unwrap();
    work.signing_keys().create(&given.signing_key(1)).await.unwrap();
    work.outbox().append(&[given.outbox_message()]).await.unwrap();
    work.commit().await.unwrap();
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
    work.lock("session_start").await.unwrap();
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
    drop(forgetting);
    let mut work = coordinator.global(Access::Read).await.unwrap();
    work.zones_with_overdue(now).await.unwrap();
    drop(work);

    let gateway = service(&database, ServiceRole::Gateway).await;
    let mut work = gateway.zone(&given.zone_id, Access::Read).await.unwrap();
    assert!(work.zone().await.unwrap().is_some());
    assert_eq!(work.signing_keys().published(now).await.unwrap().len(), 1);
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

#[tokio::test]
async fn of_two_in_a_deadlock_one_gives_way_and_is_told_so() {
    let database = Database::migrated().await;
    let world = World::for_tests();
    let store = owner(&database).await;
    let given = Given::new(&world);
    register(&store, &given).await;
    let (left, right) = (given.application(), given.application());
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    for application in [&left, &right] {
        work.applications().create(application).await.unwrap();
    }
    work.commit().await.unwrap();

    let both_hold_one = Arc::new(tokio::sync::Barrier::new(2));
    let change = async |first: Application, second: Application| {
        let mut work = store.zone(&given.zone_id, Access::Write).await?;
        work.applications().update(&first).await?;
        both_hold_one.wait().await;
        work.applications().update(&second).await?;
        work.commit().await
    };
    let (one, other) = tokio::join!(change(left.clone(), right.clone()), change(right, left));
    let (told, done) = if one.is_err() { (one, other) } else { (other, one) };
    assert!(
        matches!(&told, Err(error @ Error::Contended(_)) if error.is_retryable()),
        "{told:?}"
    );
    assert!(done.is_ok(), "{done:?}");
}

#[tokio::test]
async fn an_update_of_what_another_changed_meanwhile_gives_way_and_can_be_done_again() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let given = Given::new(&World::for_tests());
    register(&store, &given).await;
    let application = given.application();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.applications().create(&application).await.unwrap();
    work.commit().await.unwrap();

    let mut late = store.zone(&given.zone_id, Access::Write).await.unwrap();
    late.applications().get(&application.id).await.unwrap();
    let mut early = store.zone(&given.zone_id, Access::Write).await.unwrap();
    early.applications().get(&application.id).await.unwrap();
    assert!(early.applications().update(&application).await.unwrap());
    early.commit().await.unwrap();
    let told = late.applications().update(&application).await;
    assert!(
        matches!(told, Err(Error::Contended(_))),
        "a conflict, no outage: {told:?}"
    );
}

#[tokio::test]
async fn appending_to_a_zone_that_is_newer_than_the_statistics_reads_little_of_it() {
    const EVENTS: usize = 10_000;
    let database = Database::migrated().await;
    let world = World::for_tests();
    let audit = service(&database, ServiceRole::Audit).await;
    let fill = async || {
        let given = Given::new(&world);
        for batch in 0..EVENTS / 250 {
            let entries: Vec<_> = (0..250)
                .map(|n| given.ledger_entry(&format!("{batch}.{n}")))
                .collect();
            let mut work = audit.zone(&given.zone_id, Access::Write).await.unwrap();
            let outcome = work.ledger().append(&entries, world.now()).await.unwrap();
            assert_eq!(outcome.inserted, 250);
            work.commit().await.unwrap();
        }
    };
    let owned = |sql: &str| server().try_sql(&database.owner_url(), sql).unwrap();
    let reads = || {
        let sql = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname LIKE 'audit_events_y%'";
        owned(sql).trim().parse::<usize>().unwrap_or_default()
    };
    fill().await;
    owned("ANALYZE audit_events");
    let before = reads();
    fill().await;
    drop(audit);
    // Counters are told when a connection ends; what is asked for is far apart, so the wait needs no precision.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let read = reads() - before;
    assert!(
        read < EVENTS * 10,
        "{read} index entries read for {EVENTS} events"
    );
}

#[tokio::test]
async fn months_are_made_ahead_and_dropped_when_they_are_old() {
    let database = Database::migrated().await;
    let world = World::for_tests();
    let given = Given::new(&world);
    let audit = service(&database, ServiceRole::Audit).await;
    assert_eq!(
        audit.ensure_audit_partitions(world.now(), 3).await.unwrap(),
        4,
        "this month and three more"
    );
    assert_eq!(audit.ensure_audit_partitions(world.now(), 3).await.unwrap(), 0);

    // An event of a month nobody made, one of the distant past and one of a broken clock all find their place.
    let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    let mut entries = Vec::new();
    for instant in [
        "2025-01-31T23:59:59.999999Z",
        "1999-01-01T00:00:00Z",
        "2300-01-01T00:00:00Z",
    ] {
        let mut entry = given.ledger_entry(instant);
        entry.event.occurred_at = at(instant);
        entries.push(entry);
    }
    entries.push(given.ledger_entry("now"));
    let mut work = audit.zone(&given.zone_id, Access::Write).await.unwrap();
    assert_eq!(
        work.ledger()
            .append(&entries, world.now())
            .await
            .unwrap()
            .inserted,
        4
    );
    // Somebody reading meanwhile is not stopped by the month that is being made.
    let mut reader = audit.zone(&given.zone_id, Access::Read).await.unwrap();
    assert!(reader.ledger().range(0, 10).await.unwrap().is_empty());
    drop(reader);
    work.commit().await.unwrap();

    assert_eq!(
        audit.drop_audit_before(at("2025-01-31T00:00:00Z")).await.unwrap(),
        0,
        "the month is not over"
    );
    assert_eq!(
        audit.drop_audit_before(at("2025-02-01T00:00:00Z")).await.unwrap(),
        1
    );
    let mut work = audit.zone(&given.zone_id, Access::Read).await.unwrap();
    let left: Vec<i64> = work
        .ledger()
        .range(0, 10)
        .await
        .unwrap()
        .iter()
        .map(|row| row.chain_seq)
        .collect();
    assert_eq!(left, [2, 3, 4]);
    assert_eq!(work.ledger().head().await.unwrap().chain_seq, 4);
}

#[tokio::test]
async fn a_password_is_replaced_and_odd_ones_are_refused() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let world = World::for_tests();
    for odd in ["", "with space", "ümlaut", "line\nbreak"] {
        let refused = store
            .provision_role_password(&world, ServiceRole::Gateway, &Secret::new(odd))
            .await;
        assert!(matches!(refused, Err(Error::Corrupt(_))), "{odd:?}");
    }
    let stored = server().sql(
        "postgres",
        "SELECT COUNT(*) FROM pg_authid WHERE rolname LIKE 'caracal%' AND rolsuper \
         AND rolname <> 'caracal'",
    );
    assert_eq!(stored, "0", "no service is a superuser");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_unavailable() {
    let nowhere = PostgresOptions {
        connect_timeout: Duration::from_millis(500),
        ..PostgresOptions::new(Secret::new("postgres://nobody:x@127.0.0.1:9/none"))
    };
    let refused = PostgresStore::connect(nowhere.clone(), None).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(
        !format!("{nowhere:?}").contains("nobody:x"),
        "an address is a secret"
    );
    let file = PostgresOptions::new(Secret::new("sqlite://file"));
    assert!(matches!(
        PostgresStore::connect(file, None).await,
        Err(Error::Corrupt(_))
    ));
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_cut_off() {
    let database = Database::migrated().await;
    let options = PostgresOptions {
        statement_timeout: Duration::from_millis(200),
        ..PostgresOptions::new(Secret::new(database.owner_url()))
    };
    let store = Arc::new(PostgresStore::connect(options, None).await.unwrap());
    let zone = ZoneId::generate(&World::for_tests());
    let mut holder = store.zone(&zone, Access::Write).await.unwrap();
    holder.lock("purpose").await.unwrap();
    let mut waiter = store.zone(&zone, Access::Write).await.unwrap();
    let cut = waiter.lock("purpose").await;
    assert!(matches!(&cut, Err(error) if error.is_retryable()), "{cut:?}");
    assert!(
        matches!(waiter.commit().await, Err(Error::Unavailable(_))),
        "and nothing of it is committed"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_that_many_zones_begin_at_once_is_made_once() {
    let database = Database::migrated().await;
    let store = Arc::new(owner(&database).await);
    let world = World::for_tests();
    for month in 1..=12 {
        let at = Timestamp::parse_rfc3339(&format!("2031-{month:02}-15T00:00:00Z")).unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (store, world) = (store.clone(), world.clone());
            writers.spawn(async move {
                let given = Given::new(&world);
                let mut event = given.audit_event("first of the month");
                event.occurred_at = at;
                let entry = LedgerEntry::written(event, None).unwrap();
                let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
                work.ledger().append(&[entry], world.now()).await.unwrap();
                work.commit().await.unwrap();
            });
        }
        writers.join_all().await;
    }
}
