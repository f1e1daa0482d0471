use std::{sync::Arc, thread, time::Duration};

use super::*;
use crate::{KeyRing, new_secret};

const KEK: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
const OLD_KEK: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn hasher_within(world: &World, kek: &str, previous: Option<&str>, limits: HashLimits) -> SecretHasher {
    let keys = KeyRing::from_hex(kek, previous)
        .unwrap()
        .derive(SECRET_HASH_LABEL)
        .unwrap();
    SecretHasher::new(world.clone(), keys, limits)
}

fn hasher_with(world: &World, kek: &str, previous: Option<&str>) -> SecretHasher {
    hasher_within(world, kek, previous, HashLimits::default())
}

fn hasher(world: &World) -> SecretHasher {
    hasher_with(world, KEK, None)
}

#[test]
fn generated_secrets_verify_without_a_derivation() {
    let world = World::for_tests();
    let (hasher, secret) = (hasher(&world), new_secret(&world, "cs_"));
    let stored = hasher.hash_generated(&world, &secret).unwrap();
    assert!(stored.starts_with("hmac-sha256$") && !stored.contains(secret.expose()));
    assert!(!hasher.needs_derivation(&stored, secret.expose()));
    assert_eq!(hasher.verify(&stored, secret.expose()), Ok(true));
    for wrong in [
        "",
        "cs_",
        new_secret(&world, "cs_").expose(),
        &secret.expose()[..45],
    ] {
        assert_eq!(hasher.verify(&stored, wrong), Ok(false), "{wrong}");
    }
    assert_ne!(stored, hasher.hash_generated(&world, &secret).unwrap(), "salted");
}

#[test]
fn chosen_secrets_verify_by_argon2id_once() {
    let world = World::for_tests();
    let (hasher, secret) = (hasher(&world), Secret::new("correct horse battery staple"));
    let stored = hasher.hash_chosen(&world, &secret).unwrap();
    assert!(stored.starts_with("argon2id$"));
    assert!(hasher.needs_derivation(&stored, secret.expose()));
    assert_eq!(hasher.verify(&stored, secret.expose()), Ok(true));
    assert_eq!(hasher.verify(&stored, "wrong horse"), Ok(false));
    for seen in [secret.expose(), "wrong horse"] {
        assert!(!hasher.needs_derivation(&stored, seen), "{seen}");
    }
    assert_eq!(hasher.verify(&stored, secret.expose()), Ok(true));
    assert_eq!(hasher.verify(&stored, "wrong horse"), Ok(false));
    world.manual_clock().advance(Duration::from_secs(3601));
    assert!(hasher.needs_derivation(&stored, secret.expose()));
}

/// Derived by an independent implementation with the same parameters.
#[test]
fn argon2id_agrees_with_another_implementation() {
    let hasher = hasher(&World::for_tests());
    let stored = "argon2id$ZGVmZ2hpamtsbW5vcHFycw$DrZj+82zsM+f894g5G+tErIyRWiMPaVqDfsE7MXNEA8";
    assert_eq!(hasher.verify(stored, "correct horse battery staple"), Ok(true));
    assert_eq!(hasher.verify(stored, "correct horse battery stable"), Ok(false));
}

#[test]
fn what_is_not_a_stored_form_never_verifies() {
    let world = World::for_tests();
    let (hasher, secret) = (hasher(&world), new_secret(&world, "cs_"));
    let stored = hasher.hash_generated(&world, &secret).unwrap();
    let salt = STANDARD_NO_PAD.encode([0; 16]);
    for bad in [
        String::new(),
        secret.expose().to_owned(),
        String::from("hmac-sha256$"),
        String::from("hmac-sha256$$$"),
        format!("{stored}$"),
        format!("{stored}="),
        stored.replace("hmac-sha256", "HMAC-SHA256"),
        stored.rsplit_once('$').unwrap().0.to_owned(),
        format!("{}$", stored.rsplit_once('$').unwrap().0),
        String::from("argon2id$"),
        format!("argon2id${salt}$"),
        format!("argon2id$AAAA${}", STANDARD_NO_PAD.encode([0; 32])),
        format!("argon2id${salt}${}", STANDARD_NO_PAD.encode([0; 65])),
        format!("argon2id${salt}$!!!!"),
        format!("argon2i${salt}${salt}"),
    ] {
        assert_eq!(hasher.verify(&bad, secret.expose()), Ok(false), "{bad}");
    }
}

#[test]
fn a_text_that_was_not_generated_is_hashed_as_a_chosen_one() {
    let world = World::for_tests();
    let hasher = hasher(&world);
    for chosen in ["hunter2", &format!("cs_{}", "a ".repeat(22)), &"ü".repeat(22)] {
        let stored = hasher.hash_generated(&world, &Secret::new(chosen)).unwrap();
        assert!(stored.starts_with("argon2id$"), "{chosen}");
    }
}

#[test]
fn digests_of_the_previous_key_verify_and_ask_to_be_renewed() {
    let world = World::for_tests();
    let secret = new_secret(&world, "cs_");
    let stored = hasher_with(&world, OLD_KEK, None)
        .hash_generated(&world, &secret)
        .unwrap();
    let rotated = hasher_with(&world, KEK, Some(OLD_KEK));
    assert_eq!(rotated.verify(&stored, secret.expose()), Ok(true));
    assert!(rotated.needs_rehash(&stored));
    let renewed = rotated.hash_generated(&world, &secret).unwrap();
    assert!(!rotated.needs_rehash(&renewed));
    assert_eq!(
        hasher(&world).verify(&stored, secret.expose()),
        Ok(false),
        "key forgotten"
    );
    assert_eq!(hasher(&world).verify(&renewed, secret.expose()), Ok(true));
}

#[test]
fn a_full_queue_turns_callers_away_and_never_says_wrong() {
    let world = World::for_tests();
    let limits = HashLimits {
        concurrency: 1,
        waiting: 0,
    };
    let hasher = Arc::new(hasher_within(&world, KEK, None, limits));
    let stored = hasher.hash_chosen(&world, &Secret::new("right")).unwrap();
    let callers: Vec<_> = (0..4)
        .map(|n| {
            let (hasher, stored) = (Arc::clone(&hasher), stored.clone());
            thread::spawn(move || hasher.verify(&stored, if n % 2 == 0 { "right" } else { "wrong" }))
        })
        .collect();
    let answers: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
    for (n, answer) in answers.iter().enumerate() {
        assert!(
            *answer == Err(Overloaded) || *answer == Ok(n % 2 == 0),
            "{n} {answer:?}"
        );
    }
    assert!(answers.iter().any(Result::is_ok));
    assert_eq!(hasher.verify(&stored, "right"), Ok(true), "turns are given back");
}

#[test]
fn callers_with_the_same_secret_share_one_derivation() {
    let world = World::for_tests();
    let hasher = Arc::new(hasher(&world));
    let stored = hasher.hash_chosen(&world, &Secret::new("right")).unwrap();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (hasher, stored) = (Arc::clone(&hasher), stored.clone());
            thread::spawn(move || hasher.verify(&stored, "right"))
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), Ok(true));
    }
}

#[test]
fn a_share_that_fills_the_queue_with_guesses_turns_no_other_away() {
    let world = World::for_tests();
    let limits = HashLimits {
        concurrency: 1,
        waiting: 4,
    };
    let hasher = Arc::new(hasher_within(&world, KEK, None, limits));
    let stored = hasher.hash_chosen(&world, &Secret::new("right")).unwrap();
    let guesses: Vec<_> = (0..12)
        .map(|n| {
            let (hasher, stored) = (Arc::clone(&hasher), stored.clone());
            thread::spawn(move || hasher.verify_in("greedy", &stored, &format!("guess {n}")))
        })
        .collect();
    let right = hasher.verify_in("quiet", &stored, "right");
    assert_eq!(right, Ok(true));
    let guesses: Vec<_> = guesses.into_iter().map(|guess| guess.join().unwrap()).collect();
    assert!(!guesses.contains(&Ok(true)));
    assert!(!hasher.is_under_way(&stored, "guess 0"));
}
