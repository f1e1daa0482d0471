//! A production deployment that cannot work says why, in one sentence, and does not serve.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _};

use caracal_e2e::{Daemon, Role, Stack, in_production, migrate, service_password};

in_production!(
    a_wrong_database_address_is_told,
    a_wrong_password_is_told,
    a_superuser_is_told,
    a_wrong_schema_is_told,
    a_wrong_key_is_told_and_writes_nothing,
    a_wrong_redis_is_told,
    a_clock_that_is_off_is_told,
    a_secret_that_cannot_be_read_is_told,
    a_port_in_use_is_told,
    migrating_at_the_same_time_and_again_is_safe,
);

/// Starts `role` once more in its environment with `change`, and expects one sentence that says each of `parts`.
async fn refused(stack: &Stack, role: Role, change: impl Fn(Daemon) -> Daemon, parts: &[&str]) {
    let daemon = change(stack.environment_of(role));
    let finished = daemon.run(&["serve", role.name()]).await;
    finished.assert_refused(parts);
    assert!(
        !finished.stderr.contains("panicked") && !finished.stderr.contains("stack backtrace"),
        "{finished:#?}"
    );
}

async fn a_wrong_database_address_is_told(stack: &Stack) {
    for wrong in ["mysql://u:p@127.0.0.1/d", "postgres://[:/", "127.0.0.1:5432"] {
        refused(
            stack,
            Role::Sts,
            |daemon| daemon.with("DATABASE_URL", wrong),
            &["caracald: ", "DATABASE_URL"],
        )
        .await;
    }
    let nowhere = stack
        .production()
        .postgres()
        .url_as("no_such_database", "caracalsts", &service_password());
    refused(
        stack,
        Role::Sts,
        |daemon| daemon.with("DATABASE_URL", &nowhere),
        &["DATABASE_URL", "no_such_database"],
    )
    .await;
}

async fn a_wrong_password_is_told(stack: &Stack) {
    let database = stack.production().database();
    for role in [Role::Sts, Role::Gateway, Role::Audit] {
        let user = role.in_database();
        let wrong = stack
            .production()
            .postgres()
            .url_as(database, &user, "not-the-password");
        let daemon = |daemon: Daemon| daemon.with("DATABASE_URL", &wrong);
        refused(stack, role, daemon, &["DATABASE_URL", "refuses the login", &user]).await;
        let daemon = stack.environment_of(role).with("DATABASE_URL", &wrong);
        let finished = daemon.run(&["serve", role.name()]).await;
        assert!(!finished.stderr.contains("not-the-password"), "{finished:#?}");
    }
}

async fn a_superuser_is_told(stack: &Stack) {
    let almighty = stack.production().postgres().url(stack.production().database());
    for role in Role::ALL {
        let daemon = |daemon: Daemon| daemon.with("DATABASE_URL", &almighty);
        refused(stack, role, daemon, &["DATABASE_URL", "is a superuser"]).await;
    }
}

async fn a_wrong_schema_is_told(stack: &Stack) {
    let sql = |text: &str| stack.production().sql(text);
    let same = |daemon: Daemon| daemon;
    for role in Role::ALL {
        sql("ALTER TABLE delegations RENAME TO elsewhere");
        refused(
            stack,
            role,
            same,
            &["DATABASE_URL", "the database lacks delegations"],
        )
        .await;
        sql("ALTER TABLE elsewhere RENAME TO delegations");
        sql("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0, 9999)");
        refused(stack, role, same, &["schema 9999", "newer"]).await;
        sql("DELETE FROM schema_migrations WHERE version = 9999");
        sql("CREATE TABLE kept_migrations AS SELECT * FROM schema_migrations");
        sql("DELETE FROM schema_migrations");
        refused(stack, role, same, &["older", "caracald migrate"]).await;
        sql("INSERT INTO schema_migrations SELECT * FROM kept_migrations");
        sql("DROP TABLE kept_migrations");
    }
    let empty = stack.production().postgres().create_database();
    let url = stack
        .production()
        .postgres()
        .url_as(&empty, "caracalsts", &service_password());
    refused(
        stack,
        Role::Sts,
        |daemon| daemon.with("DATABASE_URL", &url),
        &["no schema", "caracald migrate"],
    )
    .await;
    stack.production().postgres().drop_database(&empty);
    // A running deployment with the right one goes on.
    let ready = stack
        .caracald(&["healthcheck", "--url", &format!("{}/ready", stack.url(Role::Sts))])
        .await;
    ready.assert_good();
}

async fn a_wrong_key_is_told_and_writes_nothing(stack: &Stack) {
    let wrong = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
    let sealed = async || -> Vec<(String, Vec<u8>)> {
        let tables = ["key_checks", "signing_keys", "secret_store", "admin_tokens"];
        let kept = stack.at_rest().await.into_iter();
        kept.filter(|(place, _)| tables.iter().any(|table| place.ends_with(&format!(" {table}"))))
            .collect()
    };
    let before = sealed().await;
    assert_eq!(before.len(), 4);
    assert!(
        !before
            .iter()
            .any(|(place, rows)| place.ends_with("key_checks") && rows.is_empty())
    );
    // One that only reads is refused as those are that seal.
    for role in [Role::Api, Role::Sts, Role::Gateway] {
        refused(
            stack,
            role,
            |daemon| {
                daemon
                    .without("SECRET_STORE_KEK_FILE")
                    .with("SECRET_STORE_KEK", wrong)
            },
            &[
                "caracald: ",
                "this store was sealed under key ",
                "start with that key",
            ],
        )
        .await;
    }
    assert_eq!(sealed().await, before);
}

async fn a_wrong_redis_is_told(stack: &Stack) {
    let port = stack.production().redis().await.port();
    for role in Role::ALL {
        for password in [":not-the-password@", ""] {
            let wrong = format!("redis://{password}127.0.0.1:{port}");
            refused(
                stack,
                role,
                |daemon| daemon.with("REDIS_URL", &wrong),
                &["REDIS_URL", "refuses the login"],
            )
            .await;
        }
    }
    refused(
        stack,
        Role::Sts,
        |daemon| daemon.with("REDIS_URL", "nonsense://x"),
        &["REDIS_URL"],
    )
    .await;
}

/// PostgreSQL is made to tell a service another time than it has: its role finds a function of ours first.
async fn a_clock_that_is_off_is_told(stack: &Stack) {
    let sql = |text: &str| stack.production().sql(text);
    let database = stack.production().database();
    sql("CREATE SCHEMA elsewhen");
    sql("GRANT USAGE ON SCHEMA elsewhen TO PUBLIC");
    for (offset, side) in [("-90 s", "s ahead of"), ("90 s", "s behind")] {
        sql(&format!(
            "CREATE OR REPLACE FUNCTION elsewhen.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
             $$ SELECT pg_catalog.clock_timestamp() + interval '{offset}' $$"
        ));
        for role in Role::ALL {
            let user = role.in_database();
            sql(&format!(
                "ALTER ROLE {user} IN DATABASE {database} SET search_path = elsewhen, pg_catalog, public"
            ));
            refused(stack, role, |daemon| daemon, &["clock", side, "NTP"]).await;
            sql(&format!(
                "ALTER ROLE {user} IN DATABASE {database} RESET search_path"
            ));
        }
    }
    sql("DROP SCHEMA elsewhen CASCADE");
}

async fn a_secret_that_cannot_be_read_is_told(stack: &Stack) {
    let directory = stack.home().join("secrets");
    let missing = directory.join("nowhere").display().to_string();
    let file = |name: &str| {
        let name = name.to_owned();
        let missing = missing.clone();
        move |daemon: Daemon| daemon.with(&name, &missing)
    };
    refused(
        stack,
        Role::Sts,
        file("SECRET_STORE_KEK_FILE"),
        &["SECRET_STORE_KEK_FILE", "cannot be read", &missing],
    )
    .await;
    refused(
        stack,
        Role::Gateway,
        file("DATABASE_URL_FILE"),
        &["DATABASE_URL_FILE", &missing],
    )
    .await;
    refused(
        stack,
        Role::Audit,
        file("AUDIT_HMAC_KEY_FILE"),
        &["AUDIT_HMAC_KEY_FILE", &missing],
    )
    .await;
    let empty = directory.join("empty");
    fs::write(&empty, "\n").expect("a file");
    let path = empty.display().to_string();
    refused(
        stack,
        Role::Api,
        |daemon| daemon.with("CARACAL_ADMIN_TOKEN_FILE", &path),
        &["CARACAL_ADMIN_TOKEN_FILE", "empty"],
    )
    .await;
    // For whom permissions count at all.
    let closed = directory.join("closed");
    fs::write(&closed, "x").expect("a file");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("a mode");
    if fs::read(&closed).is_err() {
        let path = closed.display().to_string();
        refused(
            stack,
            Role::Sts,
            |daemon| daemon.with("AUDIT_HMAC_KEY_FILE", &path),
            &["AUDIT_HMAC_KEY_FILE"],
        )
        .await;
    }
}

async fn a_port_in_use_is_told(stack: &Stack) {
    for role in Role::ALL {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("an address").to_string();
        let variable = role.listen_variable();
        refused(
            stack,
            role,
            |daemon| daemon.with(&variable, &address),
            &["cannot listen on", &address, &variable],
        )
        .await;
    }
}

async fn migrating_at_the_same_time_and_again_is_safe(stack: &Stack) {
    let server = stack.production().postgres();
    let fresh = server.create_database();
    let url = server.url(&fresh);
    let (one, two, three) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
    for run in [&one, &two, &three] {
        assert_eq!(run.assert_good().stdout, one.stdout);
    }
    assert_eq!(migrate(&url).await.assert_good().stdout, one.stdout);
    server.drop_database(&fresh);
}
