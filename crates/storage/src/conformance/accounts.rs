//! Accounts of the console, their sessions and links.

use std::time::Duration;

use caracal_core::{Timestamp, entity::AccountRole};

use crate::{Account, AccountLink, AccountSession, Error, Page, PageRequest};

use super::{Backend, fixture::Fixture};

fn account(id: &str, at: Timestamp) -> Account {
    Account {
        id: id.to_owned(),
        email: format!("{id}@example.com"),
        name: format!("The {id}"),
        role: AccountRole::Owner,
        zones: None,
        password: Some(String::from("stored form")),
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
    let page = PageRequest {
        limit: 10,
        after: None,
    };
    let Page { items, next } = work.accounts().list(&page).await.unwrap();
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
