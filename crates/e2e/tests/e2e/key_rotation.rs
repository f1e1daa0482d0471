//! The key-encryption key is changed twice, with every kind of secret in use.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use caracal_core::entity::ProviderKind;
use caracal_e2e::{Deployment, Finished, Fixture, READ, Reply, Role, Stack, Zone, provider};
use serde_json::json;

use crate::support::assert_passed;

/// A well-formed key that sealed nothing.
pub(crate) fn key(seed: u8) -> String {
    (0..32_u8).fold(String::new(), |key, n| {
        let byte = n.wrapping_mul(73).wrapping_add(seed).rotate_left(3);
        key + &format!("{byte:02x}")
    })
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the key is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode is set");
}

/// Waits until no value of any kind needs the previous key.
async fn until_moved(stack: &Stack) {
    let wait = async {
        loop {
            let mut shown = 0;
            let mut left = 0;
            for role in [Role::Sts, Role::Api] {
                let request = stack
                    .request(role, "GET", "/metrics")
                    .bearer_auth(stack.metrics_bearer());
                let text = Reply::of(request).await.text;
                let kinds = ["sealed", "client_secret", "admin_token"];
                for line in text
                    .lines()
                    .filter(|line| line.starts_with("caracal_keys_values_under_previous{"))
                {
                    shown += usize::from(kinds.iter().any(|kind| line.contains(&format!("\"{kind}\""))));
                    left += usize::from(!line.ends_with(" 0"));
                }
            }
            if shown >= 3 && left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), wait)
        .await
        .expect("every value moves to the current key");
}

/// Runs `caracald secrets status` as an operator does, with the login that owns the schema.
async fn status(stack: &Stack, deployment: Deployment) -> Finished {
    if deployment == Deployment::Embedded {
        return stack.caracald(&["secrets", "status"]).await;
    }
    let production = stack.production();
    let owner = production.postgres().url(production.database());
    let operator = stack.environment_of(Role::Api).with("DATABASE_URL", &owner);
    operator.run(&["secrets", "status"]).await
}

/// Keeps the tokens of an account at an OAuth server that nobody asks.
async fn connect(zone: &Zone<'_>) {
    let config = json!({
        "authorization_endpoint": "https://id.example.com/auth", "token_endpoint": "https://id.example.com/token",
        "redirect_uri": "https://app.example.com/back", "client_id": "caracal", "client_secret": "s",
    });
    let people = provider("people", ProviderKind::Oauth2AuthorizationCode, config);
    let made = zone.provider(&people).await;
    let body = json!({"provider_id": made.text_of("id"), "access_token": "at", "refresh_token": "rt"});
    zone.admin("POST", "/provider-connections", Some(body))
        .await
        .expect(201);
}

async fn two_rotations(deployment: Deployment) {
    let keys = tempfile::tempdir().expect("a directory for a key");
    let previous = keys.path().join("previous");
    write(&previous, &key(1));
    let path = previous.display().to_string();
    let stack = Stack::with(deployment, &[("SECRET_STORE_KEK_PREVIOUS_FILE", &path)]).await;
    // A signing key, a provider's credential, the tokens of a connection, generated secrets of a client and a workload
    // and their copies, the secret of a sink, an admin token.
    let fixture = Fixture::set_up(&stack).await;
    let workload = Some(json!({"name": "nightly"}));
    let workload = fixture
        .zone
        .admin("POST", "/workloads", workload)
        .await
        .expect(201);
    let sink = Some(json!({"name": "pager", "url": "https://hooks.example/"}));
    fixture
        .zone
        .admin("POST", "/notification-sinks", sink)
        .await
        .expect(201);
    connect(&fixture.zone).await;
    let minted = stack
        .admin(
            "POST",
            "/v1/admin-tokens",
            Some(json!({"name": "ci", "scope": "global"})),
        )
        .await
        .expect(201)
        .text_of("token");
    let archived = Zone::create(&stack).await;
    archived.application("archived").await;
    archived.api_key("x-key", "archived-key").await;
    archived.admin("DELETE", "", None).await.expect(204);
    let agent = fixture.agent().await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    let current = stack.home().join("secrets").join("secretStoreKek");

    for round in 2..=3 {
        let old = stack.secret("secretStoreKek");
        stack.stop().await;
        write(&previous, &old);
        write(&current, &key(round));
        stack.revive().await;
        // At once, before anything moved: every kind is good under both keys.
        let request = stack.request(Role::Api, "GET", "/v1/zones").bearer_auth(&minted);
        Reply::of(request).await.expect(200);
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        until_moved(&stack).await;
        // Archived zones included.
        let moved = status(&stack, deployment).await;
        moved.assert_good();
        assert!(
            moved.stdout.contains("only the current key is needed"),
            "{moved:#?}"
        );
        for kind in [
            "signing keys",
            "stored secrets",
            "client secrets",
            "workload secrets",
            "admin tokens",
            "connection tokens",
        ] {
            assert!(moved.stdout.contains(&format!("{kind}: ")), "{moved:#?}");
        }

        // The old key is gone: another one stands in its place.
        stack.stop().await;
        write(&previous, &key(round + 100));
        stack.revive().await;
        let request = stack.request(Role::Api, "GET", "/v1/zones").bearer_auth(&minted);
        Reply::of(request).await.expect(200);
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        let path = format!("/applications/{}/client-secret", fixture.application.id);
        let revealed = fixture.zone.admin("GET", &path, None).await.expect(200);
        assert_eq!(revealed.text_of("client_secret"), fixture.application.secret);
        let path = format!("/workloads/{}/secret", workload.text_of("id"));
        let revealed = fixture.zone.admin("GET", &path, None).await.expect(200);
        assert_eq!(revealed.text_of("secret"), workload.text_of("secret"));
    }
}

#[tokio::test]
async fn two_full_rotations_keep_every_secret_in_use_embedded() {
    two_rotations(Deployment::Embedded).await;
}

#[tokio::test]
async fn two_full_rotations_keep_every_secret_in_use_production() {
    two_rotations(Deployment::Production).await;
}
