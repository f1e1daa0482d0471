//! Keys in a token, and what both stores of keys promise alike.
//!
//! A module belongs to a process and reads where its tokens are from the environment, so each test runs in a process of its
//! own, with a token of its own.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{process::Stdio, sync::Arc, time::Duration};

use caracal_core::{KeyId, Secret, World, ZoneId, claims::MandateClaims};
use caracal_crypto::{KeyRing, VerifyingKey, mandate};
use caracal_pkcs11::{Pkcs11Token, TokenOpenError, TokenSettings};
use caracal_service::zone_keys::{
    KeyHome, KeyStoreError, MadeKey, RetiredKeys, SealedKeys, ZoneKeyStore, ZoneKeys, ZoneSigner,
};
use caracal_storage::{Access, PrivateHalf, SigningKeyRow, conformance::given::Given};
use caracal_testkit::{
    parts::Parts,
    softhsm::{SoftToken, TOKEN_LABEL, USER_PIN},
    wait::until,
};
use serde_json::json;

/// Runs `test` in a process of its own, where it is the only one and has the token.
fn with_token<F: Future<Output = ()>>(name: &str, test: impl FnOnce(SoftToken) -> F) {
    if let Some(token) = SoftToken::of_environment() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(test(token));
        return;
    }
    let token = SoftToken::create();
    let program = std::env::current_exe().unwrap();
    let ended = token
        .command(program)
        .args(["--exact", name, "--nocapture"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{:?}\n{said}\n{complained}", ended.status);
    assert!(
        said.contains("1 passed"),
        "{name} is not the name of the test: {said}"
    );
}

fn settings() -> TokenSettings {
    TokenSettings {
        module: SoftToken::module(),
        label: String::from(TOKEN_LABEL),
        pin: Secret::new(USER_PIN),
        sessions: 3,
        timeout: Duration::from_mins(1),
    }
}

fn token() -> Pkcs11Token {
    Pkcs11Token::open(settings(), World::for_tests()).unwrap()
}

fn zone() -> ZoneId {
    ZoneId::parse("zone-1").unwrap()
}

fn claims(jti: &str) -> MandateClaims {
    serde_json::from_value(json!({
        "iss": "https://sts.test", "sub": "app-1", "aud": ["https://sts.test"], "exp": 1_779_365_100,
        "iat": 1_779_364_800, "jti": jti, "zone_id": "zone-1", "client_id": "app-1", "scope": "tickets:read",
        "sid": "rec-1", "root_sid": "rec-0", "use": "gateway", "sub_type": "application",
        "target": ["resource://tickets"], "hop_count": 0, "delegation_graph_epoch": 0,
    }))
    .unwrap()
}

fn row(world: &World, id: &KeyId, made: &MadeKey) -> SigningKeyRow {
    SigningKeyRow {
        id: id.clone(),
        version: 1,
        public_key: made.point.to_vec(),
        private: made.private.clone(),
        signs_from: world.now(),
        verifies_until: None,
        created_at: world.now(),
    }
}

async fn made(store: &dyn ZoneKeyStore, world: &World) -> (SigningKeyRow, VerifyingKey, ZoneSigner) {
    let id = KeyId::generate(world);
    let made = store.generate(&zone(), &id).await.unwrap();
    let verifying = VerifyingKey::from_point(id.clone(), &made.point).unwrap();
    let row = row(world, &id, &made);
    let signer = store.open(&zone(), &row).unwrap();
    assert_eq!(signer.id(), &id);
    (row, verifying, signer)
}

/// What any store of keys promises.
async fn conforms(store: Arc<dyn ZoneKeyStore>, world: &World) {
    let (row, key, signer) = made(store.as_ref(), world).await;
    let (_, other, other_signer) = made(store.as_ref(), world).await;
    assert_ne!(key.point(), other.point());

    let token = signer.sign(&claims("one")).await.unwrap();
    let proven = mandate::verify(&token, |_| Some(&key)).unwrap();
    assert_eq!(proven.claims(), &claims("one"));
    assert_eq!(proven.key_id(), key.id());
    let forged = other_signer.sign(&claims("one")).await.unwrap();
    assert!(mandate::verify(&forged, |_| Some(&key)).is_err());

    // Opened again, as after a restart, it is the same key.
    let again = store.open(&zone(), &row).unwrap();
    let token = again.sign(&claims("two")).await.unwrap();
    mandate::verify(&token, |_| Some(&key)).unwrap();

    // Many at once: each signature is of what was asked.
    let many = (0..64).map(|number| {
        let (signer, key) = (signer.clone(), key.clone());
        tokio::spawn(async move {
            let claims = claims(&format!("many-{number}"));
            let token = signer.sign(&claims).await.unwrap();
            assert_eq!(mandate::verify(&token, |_| Some(&key)).unwrap().claims(), &claims);
        })
    });
    for one in many.collect::<Vec<_>>() {
        one.await.unwrap();
    }

    // What is of another store, or of none, is no key of this one.
    let wrong = match &row.private {
        PrivateHalf::Sealed(_) => PrivateHalf::Held(String::from("pkcs11:id=%01")),
        PrivateHalf::Held(_) => PrivateHalf::Sealed(vec![1; 96]),
        PrivateHalf::Destroyed => panic!("it was just made"),
    };
    for private in [
        wrong,
        PrivateHalf::Destroyed,
        PrivateHalf::Held(String::from("id=1")),
    ] {
        let row = SigningKeyRow {
            private,
            ..row.clone()
        };
        assert!(store.open(&zone(), &row).is_err(), "{row:?}");
    }

    store.destroy(&row.private).await.unwrap();
    store.destroy(&row.private).await.unwrap();
    other_signer.sign(&claims("three")).await.unwrap();
}

fn ring() -> Arc<KeyRing> {
    Arc::new(KeyRing::from_hex(&"31a2b3c4d5e6f708".repeat(4), None).unwrap())
}

#[tokio::test]
async fn a_sealed_key_keeps_the_promises_of_a_store() {
    let world = World::for_tests();
    conforms(Arc::new(SealedKeys::new(ring(), world.clone())), &world).await;
}

#[test]
fn a_key_in_a_token_keeps_the_promises_of_a_store() {
    with_token(
        "a_key_in_a_token_keeps_the_promises_of_a_store",
        async |token_files| {
            let world = World::for_tests();
            conforms(Arc::new(token()), &world).await;
            assert_eq!(token_files.keys(), 1, "one of the two was destroyed");
        },
    );
}

#[test]
fn what_a_token_does_not_have_signs_nothing() {
    with_token("what_a_token_does_not_have_signs_nothing", async |_| {
        let world = World::for_tests();
        let token = token();
        let (row, _, signer) = made(&token, &world).await;
        let (other, ..) = made(&token, &world).await;
        // A token that signs with another key than the one that is published: nobody is given that.
        let crossed = SigningKeyRow {
            private: other.private.clone(),
            ..row.clone()
        };
        let crossed = token.open(&zone(), &crossed).unwrap().sign(&claims("one")).await;
        assert!(
            matches!(crossed, Err(KeyStoreError::WrongSignature)),
            "{crossed:?}"
        );

        token.destroy(&row.private).await.unwrap();
        // Whether a session still has a handle of it or looks for it, it is gone.
        for _ in 0..4 {
            let refused = signer.sign(&claims("one")).await;
            assert!(matches!(refused, Err(KeyStoreError::Refused(_))), "{refused:?}");
        }
        assert!(token.is_up(), "one key that is gone is no token that is");
        token
            .open(&zone(), &other)
            .unwrap()
            .sign(&claims("one"))
            .await
            .unwrap();
    });
}

#[test]
fn a_token_that_cannot_be_used_is_told_in_a_sentence() {
    with_token(
        "a_token_that_cannot_be_used_is_told_in_a_sentence",
        async |token_files| {
            let open = |change: fn(&mut TokenSettings)| {
                let mut settings = settings();
                change(&mut settings);
                Pkcs11Token::open(settings, World::for_tests()).unwrap_err()
            };
            let missing = open(|settings| settings.module = "/nowhere/module.so".into());
            assert!(matches!(missing, TokenOpenError::Module { .. }), "{missing}");
            // Something that is loaded and is no module.
            let none = open(|settings| settings.module = "libc.so.6".into());
            assert!(matches!(none, TokenOpenError::Module { .. }), "{none}");
            let label = open(|settings| settings.label = String::from("nobody's"));
            assert!(matches!(label, TokenOpenError::Token { .. }), "{label}");
            assert!(
                label.to_string().contains(TOKEN_LABEL),
                "what is there is told: {label}"
            );
            let pin = open(|settings| settings.pin = Secret::new("000000"));
            assert!(matches!(pin, TokenOpenError::Pin { .. }), "{pin}");
            assert!(!format!("{pin:?}").contains("000000"), "{pin:?}");
            token_files.take_away();
            let gone = open(|_| {});
            assert!(
                matches!(gone, TokenOpenError::Start { .. } | TokenOpenError::Token { .. }),
                "{gone}"
            );
            token_files.bring_back();
            let (.., signer) = made(&token(), &World::for_tests()).await;
            signer.sign(&claims("one")).await.unwrap();
        },
    );
}

#[test]
fn a_token_that_went_away_and_came_back_signs_again() {
    with_token(
        "a_token_that_went_away_and_came_back_signs_again",
        async |token_files| {
            let token = token();
            let (_, key, signer) = made(&token, &World::for_tests()).await;
            signer.sign(&claims("one")).await.unwrap();
            let looks = tokio::spawn(token.clone().run(tokio_util::sync::CancellationToken::new()));
            for _ in 0..2 {
                token_files.take_away();
                until("the token is known to be away", async || !token.is_up()).await;
                let refused = signer.sign(&claims("two")).await;
                assert!(matches!(refused, Err(KeyStoreError::Away(_))), "{refused:?}");
                token_files.bring_back();
                until("the token is known to be back", async || token.is_up()).await;
                let signed = signer.sign(&claims("three")).await.unwrap();
                mandate::verify(&signed, |_| Some(&key)).unwrap();
            }
            looks.abort();
        },
    );
}

#[test]
fn a_pin_that_is_refused_while_serving_is_not_tried_again() {
    with_token(
        "a_pin_that_is_refused_while_serving_is_not_tried_again",
        async |token_files| {
            let token = token();
            let (row, key, signer) = made(&token, &World::for_tests()).await;
            signer.sign(&claims("one")).await.unwrap();
            token_files.take_away();
            until("the token is known to be away", async || {
                matches!(signer.sign(&claims("two")).await, Err(KeyStoreError::Away(_)))
            })
            .await;
            // Somebody changed the PIN and nobody told us.
            token_files.put_another("190746");
            until("the PIN is refused", async || {
                let refused = signer.sign(&claims("three")).await;
                matches!(refused, Err(KeyStoreError::Refused(why)) if why.contains("does not take the PIN"))
            })
            .await;
            assert!(
                token
                    .generate(&zone(), &KeyId::generate(&World::for_tests()))
                    .await
                    .is_err()
            );
            // A few wrong ones lock a token, so none is tried until somebody looked: not by any session, nor once the PIN
            // would be right again.
            token_files.take_out_the_other();
            token_files.bring_back();
            for _ in 0..2 * settings().sessions {
                let refused = signer.sign(&claims("four")).await;
                let Err(KeyStoreError::Refused(why)) = &refused else {
                    panic!("it was tried again: {refused:?}");
                };
                assert!(why.contains("it is tried again after a restart"), "{why}");
                assert!(!why.contains(USER_PIN), "{why}");
            }
            // As after a restart, once nothing of this one holds the module.
            drop((token, signer));
            let restarted = async || Pkcs11Token::open(settings(), World::for_tests()).ok();
            until("the token opens", async || restarted().await.is_some()).await;
            let signer = restarted().await.unwrap().open(&zone(), &row).unwrap();
            mandate::verify(&signer.sign(&claims("five")).await.unwrap(), |_| Some(&key)).unwrap();
        },
    );
}

#[test]
fn whoever_waits_for_a_token_waits_for_a_bounded_time() {
    with_token("whoever_waits_for_a_token_waits_for_a_bounded_time", async |_| {
        let slow = TokenSettings {
            timeout: Duration::ZERO,
            ..settings()
        };
        let patient = token();
        let (row, ..) = made(&patient, &World::for_tests()).await;
        let hasty = Pkcs11Token::open(slow, World::for_tests()).unwrap();
        let refused = hasty.open(&zone(), &row).unwrap().sign(&claims("one")).await;
        assert!(matches!(refused, Err(KeyStoreError::Busy)), "{refused:?}");
        assert!(hasty.is_up(), "it is not away");
        // Nothing of that is in the way of others.
        patient
            .open(&zone(), &row)
            .unwrap()
            .sign(&claims("one"))
            .await
            .unwrap();
    });
}

#[test]
fn a_retired_key_is_destroyed_once_nothing_of_it_is_valid() {
    with_token(
        "a_retired_key_is_destroyed_once_nothing_of_it_is_valid",
        async |token_files| {
            let parts = Parts::start().await;
            let (given, world) = (Given::new(&parts.world), parts.world.clone());
            parts.create_zone(&given.zone()).await;
            let keys = ZoneKeys::sealed(parts.keyring.clone(), world.clone());
            let keys = keys.with_token(Arc::new(token()), KeyHome::Pkcs11);
            let retired = RetiredKeys {
                store: parts.store.clone(),
                keys: keys.clone(),
                world: world.clone(),
            };
            let end = world.now().plus(Duration::from_hours(1));
            for version in 1..=2 {
                let id = KeyId::generate(&world);
                let made = keys.generate(&given.zone_id, &id).await.unwrap();
                let row = SigningKeyRow {
                    version,
                    ..row(&world, &id, &made)
                };
                parts
                    .change(&given.zone_id, async |work| {
                        work.signing_keys().create(&row).await.unwrap();
                        work.signing_keys().retire_before(version, end).await.unwrap();
                    })
                    .await;
            }
            assert_eq!(retired.round().await.unwrap(), 0, "what it signed may be valid");
            assert_eq!(token_files.keys(), 2);
            world.manual_clock().advance(Duration::from_hours(2));
            assert_eq!(retired.round().await.unwrap(), 1);
            assert_eq!(token_files.keys(), 1);
            assert_eq!(retired.round().await.unwrap(), 0, "it is noted");
            // The one that signs is there.
            let mut work = parts.store.zone(&given.zone_id, Access::Read).await.unwrap();
            let rows = work.signing_keys().list(world.now()).await.unwrap();
            let [newest] = rows.as_slice() else {
                panic!("one verifies: {rows:?}");
            };
            let signer = keys.open(&given.zone_id, newest).unwrap();
            signer.sign(&claims("one")).await.unwrap();
        },
    );
}

#[tokio::test]
async fn a_key_of_a_token_that_nobody_gave_signs_nothing_and_is_in_nobodys_way() {
    let world = World::for_tests();
    let keys = ZoneKeys::sealed(ring(), world.clone());
    let id = KeyId::generate(&world);
    let made = keys.generate(&zone(), &id).await.unwrap();
    let held = SigningKeyRow {
        private: PrivateHalf::Held(String::from("pkcs11:id=%01")),
        ..row(&world, &id, &made)
    };
    let refused = keys.open(&zone(), &held).unwrap().sign(&claims("one")).await;
    assert!(
        matches!(refused, Err(KeyStoreError::NotConfigured)),
        "{refused:?}"
    );
}
