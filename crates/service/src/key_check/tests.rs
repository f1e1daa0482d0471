use std::{path::Path, sync::Arc};

use caracal_storage_sql::SqliteStore;

use super::*;

const FIRST: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
const SECOND: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const THIRD: &str = "1f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122335";

fn ring(current: &str, previous: Option<&str>) -> KeyRing {
    KeyRing::from_hex(current, previous).unwrap()
}

async fn store(directory: &Path) -> Arc<dyn Store> {
    let path = directory.join("caracal.db");
    let now = World::for_tests().now();
    Arc::new(SqliteStore::open(&path, None, now).await.unwrap())
}

async fn rows(store: &dyn Store) -> Vec<KeyCheck> {
    let mut work = store.global(Access::Read).await.unwrap();
    work.key_checks().list().await.unwrap()
}

#[tokio::test]
async fn the_first_start_records_its_key_and_another_key_is_refused_with_nothing_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path()).await;
    let (store, world) = (store.as_ref(), World::for_tests());
    // Whoever only reads accepts an empty store, and leaves it empty.
    known(store, &ring(FIRST, None)).await.unwrap();
    assert!(rows(store).await.is_empty());
    recorded(store, &ring(FIRST, None), &world).await.unwrap();
    let recorded_rows = rows(store).await;
    assert_eq!(recorded_rows.len(), 1);
    for wrong in [ring(SECOND, None), ring(SECOND, Some(THIRD))] {
        for refused in [known(store, &wrong).await, recorded(store, &wrong, &world).await] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, KeyRefused::Unknown { .. }), "{refused:?}");
            let sentence = refused.to_string();
            for told in [
                ring(FIRST, None).current_id(),
                wrong.current_id(),
                "SECRET_STORE_KEK_PREVIOUS".into(),
            ] {
                assert!(sentence.contains(&told), "{sentence}");
            }
        }
        assert_eq!(rows(store).await, recorded_rows);
    }
    recorded(store, &ring(FIRST, None), &world).await.unwrap();
    // The new key may be known everywhere before it becomes the current one.
    recorded(store, &ring(FIRST, Some(SECOND)), &world).await.unwrap();
    assert_eq!(rows(store).await, recorded_rows);
}

#[tokio::test]
async fn a_previous_key_is_needed_until_it_is_retired_and_may_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path()).await;
    let (store, world) = (store.as_ref(), World::for_tests());
    recorded(store, &ring(FIRST, None), &world).await.unwrap();
    let rotating = ring(SECOND, Some(FIRST));
    recorded(store, &rotating, &world).await.unwrap();
    assert_eq!(rows(store).await.len(), 2);
    // Neither half of a rotation will do alone, nor with a stranger.
    for half in [
        ring(SECOND, None),
        ring(FIRST, None),
        ring(SECOND, Some(THIRD)),
        ring(THIRD, Some(SECOND)),
    ] {
        let refused = recorded(store, &half, &world).await.unwrap_err();
        assert!(matches!(refused, KeyRefused::Needed { .. }), "{refused:?}");
    }
    assert_eq!(rows(store).await.len(), 2);
    // Whoever lost it gives it up.
    let first = ring(FIRST, None).current_id();
    assert!(retire(store, &first, &world).await.unwrap());
    known(store, &ring(SECOND, None)).await.unwrap();
    let mut work = store.global(Access::Write).await.unwrap();
    assert!(work.key_checks().set_retired(&first, None).await.unwrap());
    work.commit().await.unwrap();
    retire_previous(store, &rotating, &world).await.unwrap();
    recorded(store, &ring(SECOND, None), &world).await.unwrap();
    let refused = recorded(store, &ring(FIRST, None), &world).await.unwrap_err();
    assert!(matches!(refused, KeyRefused::Unknown { .. }), "{refused:?}");
    // Going back is a rotation like any other.
    let back = ring(FIRST, Some(SECOND));
    recorded(store, &back, &world).await.unwrap();
    assert!(rows(store).await.iter().all(|check| check.retired_at.is_none()));
    retire_previous(store, &back, &world).await.unwrap();
    recorded(store, &ring(FIRST, None), &world).await.unwrap();
}

#[tokio::test]
async fn of_two_first_starts_with_different_keys_one_is_refused_and_with_one_key_none() {
    for (other, served) in [(SECOND, 1), (FIRST, 2)] {
        let directory = tempfile::tempdir().unwrap();
        // Two stores over one file, as two processes have.
        let (one, two) = (store(directory.path()).await, store(directory.path()).await);
        let world = World::for_tests();
        let (first, second) = (ring(FIRST, None), ring(other, None));
        let (first, second) = tokio::join!(
            recorded(one.as_ref(), &first, &world),
            recorded(two.as_ref(), &second, &world)
        );
        assert_eq!(
            [&first, &second].iter().filter(|outcome| outcome.is_ok()).count(),
            served
        );
        assert_eq!(rows(one.as_ref()).await.len(), 1);
    }
}

#[tokio::test]
async fn a_check_that_does_not_open_is_tampered_with() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path()).await;
    let keys = ring(FIRST, None);
    let mut envelope = keys
        .seal(&World::for_tests(), &Location::KEY_CHECK, TEXT)
        .unwrap();
    *envelope.last_mut().unwrap() ^= 1;
    let check = KeyCheck {
        position: 1,
        key_id: keys.current_id(),
        envelope,
        created_at: World::for_tests().now(),
        retired_at: None,
    };
    let mut work = store.global(Access::Write).await.unwrap();
    work.key_checks().create(&check).await.unwrap();
    work.commit().await.unwrap();
    let refused = known(store.as_ref(), &keys).await.unwrap_err();
    assert!(matches!(refused, KeyRefused::Tampered(_)), "{refused:?}");
}
