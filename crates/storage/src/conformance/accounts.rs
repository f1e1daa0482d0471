//! Accounts of the console, their sessions and links.

use std::time::Duration;

use caracal_core::{
    Timestamp,
    entity::{AccountRole, SignInWay},
};

use crate::{Account, AccountLink, AccountPasskey, AccountSession, Error, Page, PageRequest};

use super::{Backend, fixture::Fixture};

fn account(id: &str, at: Timestamp) -> Account {
    Account {
        id: id.to_owned(),
        email: format!("{id}@example.com"),
        name: format!("The {id}"),
        role: AccountRole::Owner,
        zones: None,
        password: Some(String::from("stored form")),
        identity_issuer: None,
        identity_subject: None,
        locked_at: None,
        created_by: String::from("setup"),
        created_at: at,
        updated_at: at,
        last_sign_in_at: None,
    }
}

fn session(id: &str, of: &str, digest: u8, at: Timestamp) -> AccountSession {
    AccountSession {
        id: id.to_owned(),
        account_id: of.to_owned(),
        token_digest: [digest; 32],
        created_at: at,
        last_seen_at: at,
        idle_until: at.plus(Duration::from_mins(10)),
        expires_at: at.plus(Duration::from_hours(1)),
        user_agent: String::from("a browser"),
        way: SignInWay::SingleSignOn,
    }
}

pub async fn an_account_comes_back_as_it_was_stored_and_its_address_is_its_own(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let (mut ada, bob) = (
        account("ada", now),
        account("bob", now.plus(Duration::from_secs(1))),
    );
    let mut work = fixture.global_write().await;
    work.accounts().lock().await.unwrap();
    work.accounts().create(&ada).await.unwrap();
    work.accounts().create(&bob).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.global_write().await;
    let taken = Account {
        id: String::from("eve"),
        ..account("ada", now)
    };
    let refused = work.accounts().create(&taken).await;
    assert!(matches!(refused, Err(Error::Conflict { constraint }) if constraint == "accounts_email"));
    drop(work);

    ada.role = AccountRole::Viewer;
    ada.zones = Some(vec![fixture.a.id().clone()]);
    ada.locked_at = Some(now);
    ada.last_sign_in_at = Some(now);
    let mut work = fixture.global_write().await;
    assert_eq!(work.accounts().count_owners().await.unwrap(), 2);
    assert!(work.accounts().update(&ada).await.unwrap());
    assert!(!work.accounts().update(&account("nobody", now)).await.unwrap());
    assert_eq!(work.accounts().count_owners().await.unwrap(), 1);
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    assert_eq!(work.accounts().get("ada").await.unwrap().as_ref(), Some(&ada));
    assert_eq!(
        work.accounts()
            .of_email("bob@example.com")
            .await
            .unwrap()
            .as_ref(),
        Some(&bob)
    );
    let page = PageRequest::first(10);
    let Page { items, next, .. } = work.accounts().list(&page).await.unwrap();
    assert_eq!((items, next.is_none()), (vec![bob, ada], true));
}

pub async fn a_session_ends_by_disuse_by_age_by_hand_and_with_its_account(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let mut ada = account("ada", now);
    let mut work = fixture.global_write().await;
    work.accounts().create(&ada).await.unwrap();
    for (id, digest) in [("one", 1), ("two", 2), ("three", 3)] {
        work.accounts()
            .start_session(&session(id, "ada", digest, now))
            .await
            .unwrap();
    }
    work.commit().await.unwrap();

    let used = now.plus(Duration::from_mins(9));
    let until = now.plus(Duration::from_hours(2));
    let mut work = fixture.global_write().await;
    work.accounts().touch_session("one", used, until).await.unwrap();
    let found = work.accounts().find_session(&[1; 32], used).await.unwrap();
    let (touched, of) = found.unwrap();
    assert_eq!((touched.last_seen_at, of.id), (used, String::from("ada")));
    // Unused, and used for too long.
    let unused = now.plus(Duration::from_mins(10));
    assert!(
        work.accounts()
            .find_session(&[2; 32], unused)
            .await
            .unwrap()
            .is_none()
    );
    let old = now.plus(Duration::from_hours(1));
    assert!(
        work.accounts()
            .find_session(&[1; 32], old)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        work.accounts().session_digests(10, unused).await.unwrap(),
        [[1; 32]]
    );
    assert_eq!(work.accounts().list_sessions("ada", now).await.unwrap().len(), 3);
    // By hand, and only by whom it is of.
    assert!(!work.accounts().end_session("eve", "one").await.unwrap());
    assert!(work.accounts().end_session("ada", "three").await.unwrap());
    assert_eq!(work.accounts().end_sessions("ada", Some("one")).await.unwrap(), 1);
    assert!(
        work.accounts()
            .find_session(&[2; 32], now)
            .await
            .unwrap()
            .is_none()
    );
    // A locked account has none.
    ada.locked_at = Some(now);
    work.accounts().update(&ada).await.unwrap();
    assert!(
        work.accounts()
            .find_session(&[1; 32], now)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(work.accounts().forget_ended(old).await.unwrap(), 1);
    assert!(work.accounts().delete("ada").await.unwrap());
    assert!(!work.accounts().delete("ada").await.unwrap());
    work.commit().await.unwrap();
}

pub async fn a_link_is_used_once_and_takes_the_place_of_the_former_one(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let link = |digest: u8, account: Option<&str>| AccountLink {
        token_digest: [digest; 32],
        account_id: account.map(str::to_owned),
        created_by: String::from("bootstrap"),
        created_at: now,
        expires_at: now.plus(Duration::from_hours(1)),
    };
    let mut work = fixture.global_write().await;
    work.accounts().create(&account("ada", now)).await.unwrap();
    for link in [
        link(1, None),
        link(2, Some("ada")),
        link(3, None),
        link(4, Some("ada")),
    ] {
        work.accounts().put_link(&link).await.unwrap();
    }
    work.commit().await.unwrap();
    let mut work = fixture.global_write().await;
    for (digest, there) in [(1, false), (2, false), (3, true), (4, true)] {
        let found = work.accounts().find_link(&[digest; 32], now).await.unwrap();
        assert_eq!(found.is_some(), there, "{digest}");
    }
    let late = now.plus(Duration::from_hours(1));
    assert!(work.accounts().find_link(&[3; 32], late).await.unwrap().is_none());
    assert!(work.accounts().take_link(&[3; 32]).await.unwrap());
    assert!(!work.accounts().take_link(&[3; 32]).await.unwrap());
    // Goes with its account.
    assert!(work.accounts().delete("ada").await.unwrap());
    assert!(work.accounts().find_link(&[4; 32], now).await.unwrap().is_none());
    work.commit().await.unwrap();
}

pub async fn a_person_of_a_provider_has_one_account_and_signs_in_without_a_password(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let identity = |id: &str, subject: &str| Account {
        password: None,
        identity_issuer: Some(String::from("https://id.example.com")),
        identity_subject: Some(subject.to_owned()),
        ..account(id, now)
    };
    let (ada, mut bob) = (identity("ada", "a"), account("bob", now));
    let mut work = fixture.global_write().await;
    work.accounts().create(&ada).await.unwrap();
    work.accounts().create(&bob).await.unwrap();
    // Who signs in at a provider needs no password to be an owner who can.
    assert_eq!(work.accounts().count_owners().await.unwrap(), 2);
    work.commit().await.unwrap();
    for (taken, update) in [(identity("eve", "a"), false), (identity("bob", "a"), true)] {
        let mut work = fixture.global_write().await;
        let refused = if update {
            work.accounts().update(&taken).await.map(drop)
        } else {
            work.accounts().create(&taken).await
        };
        assert!(
            matches!(&refused, Err(Error::Conflict { constraint }) if constraint == "accounts_identity"),
            "{refused:?}"
        );
    }
    bob.identity_issuer = Some(String::from("https://id.example.com"));
    bob.identity_subject = Some(String::from("A"));
    let mut work = fixture.global_write().await;
    assert!(work.accounts().update(&bob).await.unwrap());
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    let mut of = async |issuer: &str, subject: &str| {
        let found = work.accounts().of_identity(issuer, subject).await.unwrap();
        found.map(|account| account.id)
    };
    assert_eq!(of("https://id.example.com", "a").await.as_deref(), Some("ada"));
    assert_eq!(of("https://id.example.com", "A").await.as_deref(), Some("bob"));
    assert_eq!(of("https://other.example.com", "a").await, None);
}

pub async fn an_attempt_is_counted_by_as_many_as_may_at_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let end = now.plus(Duration::from_mins(10));
    for (digest, most, granted) in [
        ([1; 32], 1, [true, false, false]),
        ([2; 32], 2, [true, true, false]),
    ] {
        for expected in granted {
            let mut work = fixture.global_write().await;
            let counted = work.accounts().count_attempt(&digest, most, end).await.unwrap();
            assert_eq!(counted, expected);
            work.commit().await.unwrap();
        }
    }
    // What nobody committed was nobody's.
    let mut work = fixture.global_write().await;
    assert!(work.accounts().count_attempt(&[3; 32], 1, end).await.unwrap());
    drop(work);
    let mut work = fixture.global_write().await;
    assert!(work.accounts().count_attempt(&[3; 32], 1, end).await.unwrap());
    work.commit().await.unwrap();
    // Past its end nothing is left of it.
    let mut work = fixture.global_write().await;
    assert_eq!(work.accounts().forget_ended(end).await.unwrap(), 3);
    work.commit().await.unwrap();
}

pub async fn a_passkey_is_of_one_account_counts_upwards_and_goes_with_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let passkey = |id: &str, of: &str, credential: u8, counter: u32| AccountPasskey {
        id: id.to_owned(),
        account_id: of.to_owned(),
        credential_id: vec![credential; 32],
        public_key: vec![0, 255, credential],
        algorithm: String::from("ES256"),
        counter,
        backup_eligible: true,
        backed_up: false,
        name: format!("The {id}"),
        created_at: now,
        last_used_at: None,
    };
    let (phone, key) = (passkey("phone", "ada", 1, 0), passkey("key", "ada", 2, 7));
    let mut work = fixture.global_write().await;
    for id in ["ada", "bob"] {
        work.accounts().create(&account(id, now)).await.unwrap();
    }
    work.accounts().add_passkey(&phone).await.unwrap();
    work.accounts().add_passkey(&key).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.global_write().await;
    let taken = work.accounts().add_passkey(&passkey("other", "bob", 1, 0)).await;
    assert!(
        matches!(taken, Err(Error::Conflict { constraint }) if constraint == "account_passkeys_credential")
    );
    drop(work);

    let at = now.plus(Duration::from_secs(1));
    let mut work = fixture.global_write().await;
    for (id, counter, counted) in [
        ("phone", 0, true),
        ("phone", 0, true),
        ("key", 7, false),
        ("key", 0, false),
        ("key", 8, true),
        ("key", 8, false),
        ("gone", 1, false),
    ] {
        let used = work.accounts().use_passkey(id, counter, true, at).await.unwrap();
        assert_eq!(used, counted, "{id} {counter}");
    }
    let found = work.accounts().find_passkey(&[2; 32]).await.unwrap().unwrap();
    let expected = AccountPasskey {
        counter: 8,
        backed_up: true,
        last_used_at: Some(at),
        ..key
    };
    assert_eq!(found, expected);
    assert_eq!(work.accounts().find_passkey(&[2; 31]).await.unwrap(), None);
    assert!(!work.accounts().remove_passkey("bob", "phone").await.unwrap());
    assert!(work.accounts().remove_passkey("ada", "phone").await.unwrap());
    assert_eq!(work.accounts().list_passkeys("ada").await.unwrap(), [expected]);
    assert!(work.accounts().delete("ada").await.unwrap());
    assert_eq!(work.accounts().find_passkey(&[2; 32]).await.unwrap(), None);
    work.commit().await.unwrap();
}
