//! Zones are kept apart by the server, and evidence is append-only, whoever asks.

use caracal_core::World;
use caracal_storage::{Access, Store as _, conformance::given::Given};
use caracal_storage_sql::ServiceRole;

use caracal_testkit::database::{Database, server};

use crate::{inject, owner, register, service};

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
    let entries: Vec<_> = (0..300).map(|_| given.ledger_entry("r")).collect();
    let outcome = work.ledger().append(&entries, world.now()).await.unwrap();
    assert_eq!(outcome.inserted, 300);
    work.commit().await.unwrap();

    let scope = format!("SET caracal.zone_id = '{}';", given.zone_id);
    // Nothing of the unsealed end can be said to be gone. The first prune checkpoint is for the triggers below.
    let said = |size: u32| {
        let values = format!("SELECT number, 1, {size}, 0, '', '', '', ''::bytea FROM evidence_logs");
        inject(
            &database,
            ServiceRole::Audit,
            &format!("{scope} INSERT INTO evidence_prunes {values}"),
        )
    };
    let refused = said(300).unwrap_err();
    assert!(refused.contains("only move forward"), "{refused}");
    said(0).unwrap();
    // What the Audit role may do to a log as such, the triggers keep to its unsealed end.
    for (forbidden, why) in [
        ("UPDATE evidence_logs SET size = 1", "append-only"),
        ("UPDATE evidence_logs SET sealed = 0", "append-only"),
        ("DELETE FROM evidence_logs", "permission denied"),
        ("TRUNCATE evidence_logs", "permission denied"),
        ("UPDATE evidence_blocks SET entries = 1", "permission denied"),
        ("DELETE FROM evidence_blocks", "append-only"),
        ("TRUNCATE evidence_blocks", "permission denied"),
        ("UPDATE evidence_terms SET term = 1", "permission denied"),
        ("DELETE FROM evidence_terms", "append-only"),
        ("TRUNCATE evidence_terms", "permission denied"),
        ("UPDATE evidence_tiles SET tile = 1", "permission denied"),
        ("DELETE FROM evidence_tiles", "permission denied"),
        ("TRUNCATE evidence_tiles", "permission denied"),
        ("UPDATE evidence_prunes SET size = 0", "permission denied"),
        ("DELETE FROM evidence_prunes", "permission denied"),
        ("TRUNCATE evidence_prunes", "permission denied"),
    ] {
        let refused = inject(&database, ServiceRole::Audit, &format!("{scope} {forbidden}")).unwrap_err();
        assert!(refused.contains(why), "{forbidden}: {refused}");
        let refused = server()
            .try_sql(&database.owner_url(), &format!("{scope} {forbidden}"))
            .unwrap_err();
        assert!(refused.contains("append-only"), "{forbidden}: {refused}");
    }
    // Those who change things write records of it into logs of records, and into no ledger.
    let ledger = format!(
        "(SELECT number FROM evidence_logs WHERE zone_id = '{}')",
        given.zone_id
    );
    for role in [ServiceRole::Api, ServiceRole::Coordinator] {
        service(&database, role).await;
        for forbidden in [
            String::from("INSERT INTO evidence_logs VALUES ('z-new', 99, 0, '', '', '', 0)"),
            format!("INSERT INTO evidence_blocks VALUES ({ledger}, 9999, 1, 0, 0, 'a', 'b', 0, '')"),
            format!("INSERT INTO evidence_terms VALUES ({ledger}, 7, 7, 7)"),
            format!("INSERT INTO evidence_tiles VALUES ({ledger}, 0, 99, '')"),
        ] {
            let refused = inject(&database, role, &format!("{scope} {forbidden}")).unwrap_err();
            assert!(refused.contains("row-level security"), "{forbidden}: {refused}");
        }
        for nothing in [
            format!(
                "UPDATE evidence_logs SET size = size + 1 WHERE zone_id = '{}'",
                given.zone_id
            ),
            format!("DELETE FROM evidence_blocks WHERE log = {ledger}"),
        ] {
            let before = server().sql(
                &database.name,
                "SELECT sum(size) + (SELECT count(*) FROM evidence_blocks) FROM evidence_logs",
            );
            inject(&database, role, &format!("{scope} {nothing}")).unwrap();
            let after = server().sql(
                &database.name,
                "SELECT sum(size) + (SELECT count(*) FROM evidence_blocks) FROM evidence_logs",
            );
            assert_eq!(before, after, "{nothing}");
        }
    }
    for (forbidden, why) in [
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
}
