//! PostgreSQL: every service role tried against everything, so that what it may do is exactly what is listed here.

use std::collections::BTreeSet;

use caracal_core::{Secret, World};
use caracal_storage_sql::{PostgresOptions, PostgresStore, Preflight, ServiceRole, Unusable};

use caracal_testkit::database::{Database, server};

use crate::{ENCODED, let_in};

/// What a service may do to a table: `r`ead, read some `c`olumns, `i`nsert, `u`pdate, `d`elete. Nobody truncates.
const RIGHTS: &[(ServiceRole, &str)] = &[
    (
        ServiceRole::Api,
        "account_links:riud account_passkeys:riud account_sessions:riud accounts:riud admin_audit_events:rd admin_audit_heads:rd admin_audit_pruned:r admin_tokens:riu applications:riu approval_votes:ri \
         approvals:ru audit_chains:riu \
         evidence_blocks:rid evidence_holds:riu evidence_logs:riu evidence_prunes:r evidence_retention:riud \
         evidence_terms:ri evidence_tiles:ri \
         authority_records:rud blocked_subjects:rid budget_uses:r connection_attempts:rid delegation_epochs:riu delegations:ru deployment_receipts:riud event_outbox:riud grants:riu idempotency_receipts:riud \
         key_checks:riu notification_deliveries:riud notification_sink_states:riud notification_sinks:riud policies:riu policy_canaries:riud policy_set_bindings:riud policy_set_versions:ri policy_sets:riu policy_shadows:riud policy_versions:ri \
         provider_connections:riu providers:riu resource_counts:riu resources:riu schema_migrations:r secret_store:riud session_counts:riu sessions:ru \
         sign_in_attempts:riud signing_keys:c subject_issuers:riu workloads:riud zone_revisions:riu zone_state_owners:riud zones:riu",
    ),
    (
        ServiceRole::Sts,
        "applications:r approval_votes:ri approvals:riud authority_records:riu blocked_subjects:r budget_uses:ri delegation_epochs:riu delegations:riu event_outbox:riud grants:ri key_checks:riu notification_deliveries:ri notification_sinks:r policies:r policy_canaries:r \
         policy_set_bindings:r policy_set_versions:r policy_sets:r policy_shadows:r policy_versions:r provider_connections:ru providers:r resources:r \
         schema_migrations:r secret_store:riu session_counts:riu sessions:riu signing_keys:riu subject_issuers:r workloads:r zone_revisions:riu \
         zones:r",
    ),
    (
        ServiceRole::Gateway,
        "authority_records:c delegations:c key_checks:r provider_connections:c resources:r schema_migrations:r sessions:c signing_keys:c \
         zone_revisions:r zones:r",
    ),
    (
        ServiceRole::Coordinator,
        "account_sessions:r accounts:r admin_audit_events:rd admin_audit_heads:rd admin_audit_pruned:r applications:rd approvals:rd audit_chains:riu authority_records:rud \
         delegation_epochs:riu delegations:riud event_outbox:riud grants:r evidence_blocks:rid evidence_holds:r evidence_logs:riu evidence_prunes:r evidence_terms:ri \
         evidence_tiles:ri idempotency_receipts:riud key_checks:r policies:r policy_canaries:r \
         policy_set_bindings:r \
         policy_set_versions:r policy_sets:r policy_versions:r provider_connections:c providers:r resources:r schema_migrations:r \
          session_counts:riud sessions:riud signing_keys:c zone_revisions:riu zones:r",
    ),
    (
        ServiceRole::Audit,
        "account_sessions:r accounts:r admin_audit_events:rd admin_audit_heads:rd admin_audit_pruned:r audit_chains:riu audit_events:rd audit_heads:rd \
         authority_records:c \
         evidence_blocks:rid evidence_holds:r evidence_logs:riu evidence_prunes:ri evidence_retention:r evidence_terms:rid \
         evidence_tiles:ri key_checks:r \
         schema_migrations:r zone_revisions:r zones:r",
    ),
];

/// Does to every table whatever can be done to one, and says what was not denied.
const EVERYTHING: &str = r"
DO $$
DECLARE
    name TEXT; col TEXT; action TEXT; statement TEXT; allowed TEXT := '';
BEGIN
    PERFORM set_config('caracal.zone_id', 'z', FALSE);
    FOR name, col IN
        SELECT c.relname, (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v') ORDER BY c.relname
    LOOP
        FOREACH action IN ARRAY ARRAY['r', 'c', 'i', 'u', 'd', 't'] LOOP
            statement := CASE action
                WHEN 'r' THEN format('SELECT * FROM %I LIMIT 0', name)
                WHEN 'c' THEN format('SELECT %I FROM %I LIMIT 0', col, name)
                WHEN 'i' THEN format('INSERT INTO %I DEFAULT VALUES', name)
                WHEN 'u' THEN format('UPDATE %I SET %I = %I', name, col, col)
                WHEN 'd' THEN format('DELETE FROM %I', name)
                ELSE format('TRUNCATE %I CASCADE', name) END;
            BEGIN
                EXECUTE statement;
                allowed := allowed || ' ' || name || ':' || action;
            EXCEPTION WHEN OTHERS THEN
                IF SQLERRM NOT LIKE 'permission denied%' THEN
                    allowed := allowed || ' ' || name || ':' || action;
                END IF;
            END;
        END LOOP;
    END LOOP;
    RAISE EXCEPTION 'allowed:%', allowed;
END $$";

/// `table:action` of everything that is allowed; who may read a table may read its columns.
fn expected(rights: &str) -> BTreeSet<String> {
    rights
        .split_whitespace()
        .flat_map(|entry| {
            let (table, actions) = entry.split_once(':').unwrap();
            let columns = actions.contains('r').then(|| format!("{table}:c"));
            let listed = actions.chars().map(move |action| format!("{table}:{action}"));
            listed.chain(columns)
        })
        .collect()
}

#[tokio::test]
async fn each_service_may_do_what_is_listed_and_nothing_else() {
    let database = Database::migrated().await;
    for (role, rights) in RIGHTS {
        let url = let_in(&database, *role).await;
        let told = server().try_sql(&url, EVERYTHING).unwrap_err();
        let allowed: BTreeSet<String> = told
            .lines()
            .find_map(|line| line.split_once("allowed:"))
            .map_or_else(
                || panic!("{told}"),
                |(_, list)| list.split_whitespace().map(str::to_owned).collect(),
            );
        let expected = expected(rights);
        let too_much: Vec<_> = allowed.difference(&expected).collect();
        let too_little: Vec<_> = expected.difference(&allowed).collect();
        assert!(
            too_much.is_empty() && too_little.is_empty(),
            "{}: too much {too_much:?}, too little {too_little:?}",
            role.name()
        );
    }
}

#[tokio::test]
async fn what_a_service_must_not_do_is_denied_by_name() {
    let database = Database::migrated().await;
    let everyone = ServiceRole::ALL;
    let not = |role: ServiceRole| everyone.into_iter().filter(move |other| *other != role);
    let mut attempts: Vec<(ServiceRole, &str)> = Vec::new();
    // Private keys and sealed credentials.
    for role in not(ServiceRole::Sts) {
        attempts.push((role, "SELECT envelope FROM signing_keys"));
    }
    for role in [ServiceRole::Gateway, ServiceRole::Coordinator, ServiceRole::Audit] {
        attempts.push((role, "SELECT envelope FROM secret_store"));
        attempts.push((role, "SELECT token_digest FROM admin_tokens"));
    }
    attempts.push((
        ServiceRole::Gateway,
        "SELECT client_secret_hash FROM applications",
    ));
    attempts.push((ServiceRole::Gateway, "SELECT labels FROM sessions"));
    for role in [ServiceRole::Gateway, ServiceRole::Coordinator] {
        attempts.push((role, "SELECT access_token FROM provider_connections"));
    }
    attempts.push((
        ServiceRole::Coordinator,
        "UPDATE applications SET client_secret_hash = ''",
    ));
    // What nobody may do who serves.
    for role in everyone {
        for statement in [
            "CREATE TABLE mine (id TEXT)",
            "DROP TABLE zones",
            "ALTER TABLE applications DISABLE ROW LEVEL SECURITY",
            "DROP POLICY zone_isolation ON applications",
            "CREATE ROLE friend",
            "ALTER ROLE caracal_owner PASSWORD 'x'",
            "SET ROLE caracal_owner",
            "DELETE FROM schema_migrations",
            "INSERT INTO schema_migrations VALUES (2, 'x', 'x', 0)",
            "DROP FUNCTION refuse_change",
        ] {
            attempts.push((role, statement));
        }
    }
    for role in not(ServiceRole::Audit) {
        attempts.push((
            role,
            "INSERT INTO evidence_prunes VALUES (1, 1, 0, 0, '', '', '', '')",
        ));
        attempts.push((role, "DELETE FROM evidence_terms"));
    }
    let mut urls = Vec::new();
    for role in everyone {
        urls.push((role, let_in(&database, role).await));
    }
    for (role, statement) in attempts {
        let (_, url) = urls.iter().find(|(of, _)| *of == role).unwrap();
        let refused = server()
            .try_sql(url, statement)
            .expect_err(&format!("{} may {statement:?}", role.name()));
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{} and {statement:?}: {refused}",
            role.name()
        );
    }
}

#[tokio::test]
async fn the_first_look_tells_what_waiting_cannot_mend_from_what_it_can() {
    let database = Database::migrated().await;
    let open = async |url: &str| {
        let options = PostgresOptions {
            connect_timeout: std::time::Duration::from_millis(500),
            ..PostgresOptions::new(Secret::new(url))
        };
        PostgresStore::open(options, None).await.unwrap()
    };
    let url = let_in(&database, ServiceRole::Sts).await;
    let found = open(&url).await.preflight(true).await.unwrap();
    let Preflight::Usable { server_now } = found else {
        panic!("{found:?}")
    };
    assert!(
        server_now > World::for_tests().now(),
        "the server's clock is the real one"
    );

    let refused = |url: &str| {
        let url = url.to_owned();
        async move {
            match open(&url).await.preflight(true).await {
                Err(Unusable::Login(text) | Unusable::Schema(text)) => text,
                other => panic!("{other:?}"),
            }
        }
    };
    let wrong = refused(&server().url_as(&database.name, "caracalsts", "not-it")).await;
    assert!(
        wrong.contains("caracalsts") && !wrong.contains("not-it"),
        "{wrong}"
    );
    let nobody = refused(&server().url_as(&database.name, "nobody_here", "x")).await;
    assert!(nobody.contains("nobody_here"), "{nobody}");
    let nowhere = refused(&server().url_as("no_such_database", "caracalsts", ENCODED)).await;
    assert!(nowhere.contains("no_such_database"), "{nowhere}");

    let away = open("postgres://nobody:x@127.0.0.1:9/none")
        .await
        .preflight(true)
        .await;
    assert!(matches!(away, Ok(Preflight::Away(_))), "{away:?}");
    let garbled = PostgresStore::open(PostgresOptions::new(Secret::new("postgres://[:/")), None).await;
    assert!(garbled.is_err());

    // The schema: incomplete, newer, older, none.
    let change = |sql: &str| server().sql(&database.name, sql);
    change("ALTER TABLE sessions RENAME TO elsewhere");
    let text = refused(&url).await;
    assert!(text.contains("lacks sessions"), "{text}");
    change("ALTER TABLE elsewhere RENAME TO sessions");
    change("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0, 9999)");
    let text = refused(&url).await;
    assert!(text.contains("newer"), "{text}");
    change("DELETE FROM schema_migrations");
    let text = refused(&url).await;
    assert!(
        text.contains("older") && text.contains("caracald migrate"),
        "{text}"
    );
    let empty = Database::empty();
    let text = refused(&empty.owner_url()).await;
    assert!(
        text.contains("no schema") && text.contains("caracald migrate"),
        "{text}"
    );
}
