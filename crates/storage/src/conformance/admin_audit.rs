//! Administrative audit chains and admin tokens.

use std::time::Duration;

use caracal_core::entity::Zone;

use crate::{
    AdminAuditFilter, AdminAuditRecord, AdminAuditRow, AdminToken, AdminTokenFilter, Order, PageRequest,
};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, walk, walk_from},
    given::Given,
    providers::conflict,
    race::{race, retry},
};

async fn listed(zone: &InZone, filter: &AdminAuditFilter) -> Vec<AdminAuditRow> {
    let mut rows = zone
        .read()
        .await
        .admin_audit()
        .list(zone.id(), filter, &ALL)
        .await
        .unwrap()
        .items;
    rows.sort_by_key(|row| row.chain_seq);
    rows
}

fn positions(rows: &[AdminAuditRow]) -> Vec<i64> {
    rows.iter().map(|row| row.chain_seq).collect()
}

pub async fn an_administrative_record_comes_back_as_it_was_appended(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let full = fixture.a.given.admin_audit_record();
    let bare = AdminAuditRecord {
        actor_id: None,
        actor_name: None,
        actor_scope: None,
        entity_type: None,
        entity_id: None,
        payload_json: None,
        status_code: 403,
        occurred_at: fixture.world.now().plus(Duration::from_micros(123_457)),
        ..fixture.a.given.admin_audit_record()
    };
    let mut work = fixture.a.write().await;
    work.admin_audit().append(&full).await.unwrap();
    work.admin_audit().append(&bare).await.unwrap();
    work.commit().await.unwrap();
    let rows = listed(&fixture.a, &AdminAuditFilter::default()).await;
    assert_eq!(positions(&rows), [1, 2]);
    assert_eq!(
        rows.into_iter().map(|row| row.record).collect::<Vec<_>>(),
        [full, bare]
    );
}

pub async fn zone_chains_and_the_deployments_chain_are_apart(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut global = fixture.global_write().await;
    for zone_id in [
        None,
        Some(fixture.a.id().clone()),
        None,
        Some(fixture.b.id().clone()),
    ] {
        let record = AdminAuditRecord {
            zone_id,
            ..fixture.a.given.admin_audit_record()
        };
        global.admin_audit().append(&record).await.unwrap();
    }
    global.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    work.admin_audit()
        .append(&fixture.a.given.admin_audit_record())
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        positions(&listed(&fixture.a, &AdminAuditFilter::default()).await),
        [1, 2],
        "one chain, two doors"
    );
    assert_eq!(
        positions(&listed(&fixture.b, &AdminAuditFilter::default()).await),
        [1]
    );
    let mut global = fixture.global_read().await;
    let seen = global
        .admin_audit()
        .list(fixture.b.id(), &AdminAuditFilter::default(), &ALL)
        .await
        .unwrap()
        .items;
    assert!(
        seen.iter()
            .all(|row| row.record.zone_id.as_ref() == Some(fixture.b.id()))
    );
}

pub async fn an_administrative_chain_has_no_gap_under_8_writers(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    race(8, |writer| {
        let (zone, store) = (fixture.a.clone(), fixture.backend.store.clone());
        async move {
            for _ in 0..3 {
                let record = zone.given.admin_audit_record();
                // Both doors lead to the same chain.
                let append = || async {
                    if writer % 2 == 0 {
                        let mut work = zone.try_write().await?;
                        work.admin_audit().append(&record).await?;
                        work.commit().await
                    } else {
                        let mut work = store.global(crate::Access::Write).await?;
                        work.admin_audit().append(&record).await?;
                        work.commit().await
                    }
                };
                retry(append).await.unwrap();
            }
        }
    })
    .await;
    let rows = listed(&fixture.a, &AdminAuditFilter::default()).await;
    assert_eq!(positions(&rows), (1..=24).collect::<Vec<_>>());
}

pub async fn every_filter_of_administrative_records_selects(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let base = || fixture.a.given.admin_audit_record();
    let records = [
        base(),
        AdminAuditRecord {
            actor_id: Some("tok-2".into()),
            occurred_at: now.plus(Duration::from_micros(1)),
            ..base()
        },
        AdminAuditRecord {
            entity_type: Some("zone".into()),
            entity_id: Some("z".into()),
            method: "DELETE".into(),
            occurred_at: now.plus(Duration::from_micros(2)),
            ..base()
        },
        AdminAuditRecord {
            actor_id: None,
            entity_id: None,
            occurred_at: now.plus(Duration::from_micros(2)),
            ..base()
        },
    ];
    let mut work = fixture.a.write().await;
    for record in &records {
        work.admin_audit().append(record).await.unwrap();
    }
    work.commit().await.unwrap();
    let none = AdminAuditFilter::default;
    let at = |micros| Some(now.plus(Duration::from_micros(micros)));
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (none(), vec![1, 2, 3, 4]),
        (
            AdminAuditFilter {
                since: at(1),
                ..none()
            },
            vec![2, 3, 4],
        ),
        (
            AdminAuditFilter {
                until: at(2),
                ..none()
            },
            vec![1, 2],
        ),
        (
            AdminAuditFilter {
                since: at(1),
                until: at(2),
                ..none()
            },
            vec![2],
        ),
        (
            AdminAuditFilter {
                actor_id: text("tok-2"),
                ..none()
            },
            vec![2],
        ),
        (
            AdminAuditFilter {
                entity_type: text("zone"),
                ..none()
            },
            vec![3],
        ),
        (
            AdminAuditFilter {
                entity_id: text("x"),
                ..none()
            },
            vec![1, 2],
        ),
        (
            AdminAuditFilter {
                method: text("DELETE"),
                ..none()
            },
            vec![3],
        ),
        (
            AdminAuditFilter {
                method: text("DELETE"),
                entity_id: text("x"),
                ..none()
            },
            vec![],
        ),
    ] {
        assert_eq!(
            positions(&listed(&fixture.a, &filter).await),
            expected,
            "{filter:?}"
        );
    }
    let read = async |page| {
        fixture
            .a
            .read()
            .await
            .admin_audit()
            .list(fixture.a.id(), &none(), &page)
            .await
            .unwrap()
    };
    let walked: Vec<_> = walk(1, &read)
        .await
        .into_iter()
        .map(|row| (row.record.occurred_at, row.record.id))
        .collect();
    assert_eq!(walked.len(), records.len());
    assert!(
        walked.is_sorted_by(|newer, older| newer > older),
        "newest first: {walked:?}"
    );
    for (order, text, expected) in [
        (Order::Oldest, None, 4),
        (Order::Newest, Some("APPLICATIONS/x"), 4),
        (Order::Oldest, Some("ops"), 4),
        (Order::Newest, Some("tok-2"), 1),
        (Order::Oldest, Some("dele"), 1),
        (Order::Oldest, Some("fields"), 0),
    ] {
        let first = PageRequest {
            order,
            count: true,
            search: text.map(str::to_owned),
            ..PageRequest::first(1)
        };
        let counted = async |page: PageRequest| {
            let page = read(page).await;
            assert_eq!(page.total.unwrap().count, expected, "{text:?}");
            page
        };
        let found = walk_from(first, counted).await;
        let keys = found.iter().map(|row| (row.record.occurred_at, &row.record.id));
        let keys: Vec<_> = keys.collect();
        assert_eq!(keys.len() as u64, expected, "{text:?}");
        let in_order = keys.is_sorted_by(|one, other| (one < other) == (order == Order::Oldest));
        assert!(in_order, "{order:?}: {keys:?}");
    }
}

async fn stored_token(fixture: &Fixture, token: &AdminToken) {
    let mut work = fixture.global_write().await;
    work.admin_tokens().create(token).await.unwrap();
    work.commit().await.unwrap();
}

pub async fn a_token_is_found_by_its_digest_until_it_is_revoked(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let global = fixture.a.given.admin_token();
    let zoned = AdminToken {
        scope: "zone".into(),
        capability: "approve".into(),
        zone_id: Some(fixture.a.id().clone()),
        created_by: "admin:x".into(),
        ..fixture.a.given.admin_token()
    };
    stored_token(&fixture, &global).await;
    stored_token(&fixture, &zoned).await;
    let now = fixture.world.now();
    let later = now.plus(Duration::from_secs(90));
    let ending = AdminToken {
        expires_at: Some(later),
        ..fixture.a.given.admin_token()
    };
    let mut work = fixture.global_write().await;
    work.admin_tokens().create(&ending).await.unwrap();
    let early = later.minus(Duration::from_micros(1));
    for (at, good) in [(now, true), (early, true), (later, false)] {
        let found = work.admin_tokens().find(&ending.token_digest, at).await.unwrap();
        assert_eq!(found.as_ref(), Some(&ending).filter(|_| good), "{at:?}");
        let known = work.admin_tokens().digests(9, at).await.unwrap();
        assert_eq!(known.contains(&ending.token_digest), good, "{at:?}");
    }
    assert!(work.admin_tokens().revoke(&ending.id, now).await.unwrap());
    for token in [&global, &zoned] {
        assert_eq!(
            work.admin_tokens()
                .find(&token.token_digest, now)
                .await
                .unwrap()
                .as_ref(),
            Some(token)
        );
    }
    let mut near = global.token_digest;
    near[31] ^= 1;
    assert_eq!(work.admin_tokens().find(&near, now).await.unwrap(), None);
    let mut digests = work.admin_tokens().digests(9, now).await.unwrap();
    digests.sort_unstable();
    let mut both = [global.token_digest, zoned.token_digest];
    both.sort_unstable();
    assert_eq!(digests, both);
    assert_eq!(work.admin_tokens().digests(1, now).await.unwrap().len(), 1);
    work.admin_tokens().touch(&global.id, later).await.unwrap();
    let touched = work
        .admin_tokens()
        .find(&global.token_digest, now)
        .await
        .unwrap()
        .unwrap();
    assert!(touched.last_used_at.is_some_and(|used| used <= later));
    assert!(work.admin_tokens().revoke(&global.id, later).await.unwrap());
    assert!(!work.admin_tokens().revoke(&global.id, later).await.unwrap());
    assert!(!work.admin_tokens().revoke("unknown", later).await.unwrap());
    assert_eq!(
        work.admin_tokens().digests(9, now).await.unwrap(),
        [zoned.token_digest]
    );
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    assert_eq!(
        work.admin_tokens().find(&global.token_digest, now).await.unwrap(),
        None
    );
    assert!(
        work.admin_tokens()
            .find(&zoned.token_digest, now)
            .await
            .unwrap()
            .is_some()
    );
    let listed = work
        .admin_tokens()
        .list(&AdminTokenFilter::default(), &ALL)
        .await
        .unwrap()
        .items;
    assert_eq!(listed.len(), 3, "revoked ones are listed too");
    assert!(
        listed
            .iter()
            .any(|token| token.id == global.id && token.revoked_at == Some(later))
    );
}

pub async fn a_digest_is_unique_among_unrevoked_tokens(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let token = fixture.a.given.admin_token();
    let twin = AdminToken {
        token_digest: token.token_digest,
        ..fixture.a.given.admin_token()
    };
    stored_token(&fixture, &token).await;
    let mut work = fixture.global_write().await;
    conflict(work.admin_tokens().create(&twin).await, "admin_tokens_digest");
    drop(work);
    let mut work = fixture.global_write().await;
    assert!(
        work.admin_tokens()
            .revoke(&token.id, fixture.world.now())
            .await
            .unwrap()
    );
    work.admin_tokens().create(&twin).await.unwrap();
    work.commit().await.unwrap();
    let found = fixture
        .global_read()
        .await
        .admin_tokens()
        .find(&token.token_digest, fixture.world.now())
        .await
        .unwrap();
    assert_eq!(found.map(|found| found.id), Some(twin.id));
}

pub async fn rotating_a_class_of_tokens_keeps_those_that_are_named(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let tokens: Vec<_> = (0..4).map(|_| fixture.a.given.admin_token()).collect();
    let other = AdminToken {
        created_by: "admin:someone".into(),
        ..fixture.a.given.admin_token()
    };
    for token in tokens.iter().chain([&other]) {
        stored_token(&fixture, token).await;
    }
    let at = fixture.world.now();
    let kept = [tokens[1].token_digest, tokens[3].token_digest];
    let mut work = fixture.global_write().await;
    let revoked = work
        .admin_tokens()
        .revoke_class_except("env-bootstrap", &kept, at)
        .await;
    assert_eq!(revoked.unwrap(), 2);
    let again = work
        .admin_tokens()
        .revoke_class_except("env-bootstrap", &kept, at)
        .await;
    assert_eq!(again.unwrap(), 0);
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    for (token, live) in [
        (&tokens[0], false),
        (&tokens[1], true),
        (&tokens[2], false),
        (&tokens[3], true),
        (&other, true),
    ] {
        assert_eq!(
            work.admin_tokens()
                .find(&token.token_digest, fixture.world.now())
                .await
                .unwrap()
                .is_some(),
            live
        );
    }
}

pub async fn a_zone_and_its_first_audit_row_are_one_commit(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = Given::new(&fixture.world);
    let zone: Zone = given.zone();
    for commit in [false, true] {
        let mut work = fixture.global_write().await;
        work.zones().create(&zone).await.unwrap();
        work.admin_audit()
            .append(&given.admin_audit_record())
            .await
            .unwrap();
        work.outbox().append(&[given.outbox_message()]).await.unwrap();
        if commit {
            work.commit().await.unwrap();
        } else {
            drop(work);
        }
        let mut work = fixture.global_read().await;
        let rows = work
            .admin_audit()
            .list(&zone.id, &AdminAuditFilter::default(), &ALL)
            .await
            .unwrap()
            .items;
        assert_eq!(work.zones().get(&zone.id).await.unwrap().is_some(), commit);
        assert_eq!(positions(&rows), if commit { vec![1] } else { vec![] });
    }
}
