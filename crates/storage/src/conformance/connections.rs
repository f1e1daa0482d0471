//! Connections: one for a subject at a provider, renewed by one at a time, gone with their tokens.

use std::time::Duration;

use caracal_core::entity::{
    Connection, ConnectionAttempt, ConnectionStatus, ConnectionToken, Provider, UpstreamRevocation,
};

use crate::{ConnectionFilter, Error, RenewedTokens};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone},
    providers::conflict,
    race::{race, retry},
};

async fn connected(zone: &InZone) -> (Provider, Connection) {
    let provider = zone.given.provider();
    let connection = zone.given.connection(&provider);
    let mut work = zone.write().await;
    work.providers().create(&provider).await.unwrap();
    work.connections().create(&connection).await.unwrap();
    work.commit().await.unwrap();
    (provider, connection)
}

async fn now_stored(zone: &InZone, connection: &Connection) -> Connection {
    let mut work = zone.read().await;
    let found = work.connections().get(&connection.id).await.unwrap();
    found.expect("the connection is stored")
}

fn renewed(zone: &InZone) -> RenewedTokens {
    let now = zone.given.world.now();
    RenewedTokens {
        access_token: b"next access".to_vec(),
        refresh_token: Some(b"next refresh".to_vec()),
        scope: None,
        expires_at: Some(now.plus(Duration::from_hours(1))),
        at: now,
    }
}

pub async fn a_connection_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (provider, full) = connected(zone).await;
    let bare = Connection {
        status: ConnectionStatus::Expired,
        refresh_token: None,
        scope: None,
        expires_at: None,
        refreshed_at: Some(fixture.world.now()),
        ..zone.given.connection(&provider)
    };
    let mut work = zone.write().await;
    work.connections().create(&bare).await.unwrap();
    work.commit().await.unwrap();
    for connection in [&full, &bare] {
        assert_eq!(now_stored(zone, connection).await, *connection);
    }
    let mut work = zone.write().await;
    let elsewhere = fixture.a.given.connection(&fixture.a.given.provider());
    let orphan = work.connections().create(&elsewhere).await;
    assert!(matches!(orphan, Err(Error::MissingReference)), "{orphan:?}");
    drop(work);

    let found = async |filter: ConnectionFilter| {
        let mut work = zone.read().await;
        work.connections().list(&filter, &ALL).await.unwrap().items.len()
    };
    let all = ConnectionFilter::default;
    for (filter, expected) in [
        (all(), 2),
        (
            ConnectionFilter {
                provider_id: Some(provider.id.clone()),
                ..all()
            },
            2,
        ),
        (
            ConnectionFilter {
                provider_id: Some(zone.given.provider().id),
                ..all()
            },
            0,
        ),
        (
            ConnectionFilter {
                subject_id: Some(full.subject_id.clone()),
                ..all()
            },
            1,
        ),
        (
            ConnectionFilter {
                status: Some(ConnectionStatus::Expired),
                ..all()
            },
            1,
        ),
    ] {
        assert_eq!(found(filter.clone()).await, expected, "{filter:?}");
    }
}

pub async fn a_subject_has_one_unrevoked_connection_at_a_provider(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (provider, first) = connected(zone).await;
    let again = || Connection {
        subject_id: first.subject_id.clone(),
        ..zone.given.connection(&provider)
    };
    let mut work = zone.write().await;
    conflict(
        work.connections().create(&again()).await,
        "provider_connections_subject",
    );
    drop(work);
    // Other tokens for the one there is, whatever became of the former.
    let mut work = zone.write().await;
    let failed = work.connections();
    assert!(
        failed
            .fail(
                &first.id,
                1,
                ConnectionStatus::ReauthorizationRequired,
                first.issued_at
            )
            .await
            .unwrap()
    );
    let other = Connection {
        access_token: Some(b"other".to_vec()),
        refresh_token: None,
        client_id: String::from("another"),
        ..first.clone()
    };
    assert!(work.connections().replace(&other).await.unwrap());
    work.commit().await.unwrap();
    let expected = Connection { version: 2, ..other };
    assert_eq!(now_stored(zone, &first).await, expected);

    let mut work = zone.write().await;
    let filter = ConnectionFilter {
        subject_id: Some(first.subject_id.clone()),
        ..ConnectionFilter::default()
    };
    let at = fixture.world.now();
    let revoked = work.connections().revoke(&filter, at, 10).await.unwrap();
    assert_eq!(revoked, [expected]);
    assert_eq!(work.connections().revoke(&filter, at, 10).await.unwrap(), []);
    let outcome = UpstreamRevocation::Failed;
    work.connections()
        .note_upstream(&first.id, outcome)
        .await
        .unwrap();
    assert!(!work.connections().replace(&first).await.unwrap());
    let next = again();
    work.connections().create(&next).await.unwrap();
    work.commit().await.unwrap();
    let gone = now_stored(zone, &first).await;
    assert_eq!(gone.status, ConnectionStatus::Revoked);
    assert_eq!((gone.access_token, gone.refresh_token), (None, None));
    assert_eq!((gone.revoked_at, gone.upstream_revocation), (Some(at), outcome));
    let mut work = zone.read().await;
    let connections = work.connections();
    let found = connections.find(&provider.id, &next.subject_id).await.unwrap();
    assert_eq!(found, Some(next));
    assert_eq!(connections.find(&provider.id, "nobody").await.unwrap(), None);
}

pub async fn of_many_who_renew_a_connection_exactly_one_does(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, connection) = connected(zone).await;
    let now = fixture.world.now();
    let until = now.plus(Duration::from_secs(15));
    let claimed = race(8, |_| {
        let (zone, id) = (zone.clone(), connection.id.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let claimed = work.connections().claim_renewal(&id, 1, now, until).await?;
                work.commit().await?;
                Ok(claimed)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(claimed.iter().filter(|claimed| **claimed).count(), 1);

    let mut work = zone.write().await;
    let id = &connection.id;
    let before = until.minus(Duration::from_micros(1));
    let later = until.plus(Duration::from_secs(15));
    let connections = work.connections();
    assert!(!connections.claim_renewal(id, 1, before, later).await.unwrap());
    assert!(!connections.claim_renewal(id, 2, until, later).await.unwrap());
    // Past its end another takes it over, and the first cannot give back what is not its own any more.
    assert!(connections.claim_renewal(id, 1, until, later).await.unwrap());
    connections.release_renewal(id, 1, until).await.unwrap();
    assert!(!connections.claim_renewal(id, 1, until, later).await.unwrap());
    connections.release_renewal(id, 1, later).await.unwrap();
    assert!(connections.claim_renewal(id, 1, now, until).await.unwrap());
    // Whoever comes second stores nothing.
    let tokens = renewed(zone);
    assert!(connections.renew(id, 1, &tokens).await.unwrap());
    let late = RenewedTokens {
        access_token: b"late".to_vec(),
        ..tokens.clone()
    };
    assert!(!connections.renew(id, 1, &late).await.unwrap());
    let status = ConnectionStatus::ReauthorizationRequired;
    assert!(!connections.fail(id, 1, status, now).await.unwrap());
    work.commit().await.unwrap();
    let expected = Connection {
        access_token: Some(tokens.access_token.clone()),
        refresh_token: tokens.refresh_token.clone(),
        expires_at: tokens.expires_at,
        refreshed_at: Some(now),
        version: 2,
        ..connection.clone()
    };
    assert_eq!(now_stored(zone, &connection).await, expected);
    // Without another refresh token the former one stays.
    let mut work = zone.write().await;
    let kept = RenewedTokens {
        refresh_token: None,
        scope: Some(String::from("less")),
        ..tokens
    };
    assert!(work.connections().renew(id, 2, &kept).await.unwrap());
    // What is not active is not renewed, and nobody claims it.
    assert!(work.connections().fail(id, 3, status, now).await.unwrap());
    assert!(!work.connections().renew(id, 3, &kept).await.unwrap());
    assert!(
        !work
            .connections()
            .claim_renewal(id, 3, until, later)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let stored = now_stored(zone, &connection).await;
    assert_eq!(stored.refresh_token, Some(b"next refresh".to_vec()));
    assert_eq!((stored.scope.as_deref(), stored.status), (Some("less"), status));
}

pub async fn a_connection_that_is_revoked_meanwhile_is_not_renewed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (_, connection) = connected(zone).await;
    let now = fixture.world.now();
    let mut work = zone.write().await;
    let until = now.plus(Duration::from_secs(15));
    let id = &connection.id;
    assert!(work.connections().claim_renewal(id, 1, now, until).await.unwrap());
    work.commit().await.unwrap();
    let mut work = zone.write().await;
    let revoked = work
        .connections()
        .revoke(&ConnectionFilter::default(), now, 10)
        .await
        .unwrap();
    assert_eq!(revoked.len(), 1);
    work.commit().await.unwrap();
    let mut work = zone.write().await;
    assert!(!work.connections().renew(id, 1, &renewed(zone)).await.unwrap());
    assert!(!work.connections().renew(id, 2, &renewed(zone)).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(now_stored(zone, &connection).await.access_token, None);
}

pub async fn every_token_is_sealed_anew_unless_it_became_another(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (provider, connection) = connected(zone).await;
    let revoked = zone.given.connection(&provider);
    let mut work = zone.write().await;
    work.connections().create(&revoked).await.unwrap();
    let filter = ConnectionFilter {
        subject_id: Some(revoked.subject_id.clone()),
        ..ConnectionFilter::default()
    };
    let now = fixture.world.now();
    work.connections().revoke(&filter, now, 10).await.unwrap();
    let mut sealed = work.connections().sealed().await.unwrap();
    sealed.sort_by_key(|sealed| sealed.token.as_str());
    let [access, refresh] = sealed.as_slice() else {
        panic!("{sealed:?}")
    };
    assert_eq!(access.connection, connection.id);
    assert_eq!(
        (access.token, refresh.token),
        (ConnectionToken::Access, ConnectionToken::Refresh)
    );
    assert_eq!(Some(&access.envelope), connection.access_token.as_ref());
    assert!(work.connections().reseal(access, b"anew").await.unwrap());
    assert!(!work.connections().reseal(access, b"twice").await.unwrap());
    assert!(work.connections().reseal(refresh, b"anew too").await.unwrap());
    work.commit().await.unwrap();
    let stored = now_stored(zone, &connection).await;
    // It is the same content, so whoever renews it need not know.
    assert_eq!(stored.version, 1);
    assert_eq!(
        (stored.access_token, stored.refresh_token),
        (Some(b"anew".to_vec()), Some(b"anew too".to_vec()))
    );
}

pub async fn an_attempt_is_taken_once_and_ends(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (provider, _) = connected(zone).await;
    let attempt = zone.given.connection_attempt(&provider);
    let mut work = zone.write().await;
    work.connections().begin_attempt(&attempt).await.unwrap();
    work.commit().await.unwrap();
    let found = async |zone: &InZone, at| {
        let mut work = zone.read().await;
        work.connections()
            .attempt(&attempt.state_digest, at)
            .await
            .unwrap()
    };
    let now = fixture.world.now();
    assert_eq!(found(zone, now).await, Some(attempt.clone()));
    assert_eq!(found(&fixture.b, now).await, None);
    let before = attempt.expires_at.minus(Duration::from_micros(1));
    assert_eq!(found(zone, before).await, Some(attempt.clone()));
    assert_eq!(found(zone, attempt.expires_at).await, None);
    let taken = race(8, |_| {
        let (zone, digest) = (zone.clone(), attempt.state_digest);
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let taken = work.connections().take_attempt(&digest).await?;
                work.commit().await?;
                Ok(taken)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    assert_eq!(found(zone, now).await, None);
    // Those that ended go when the next begins.
    let mut work = zone.write().await;
    work.connections().begin_attempt(&attempt).await.unwrap();
    let next = ConnectionAttempt {
        created_at: attempt.expires_at,
        expires_at: attempt.expires_at.plus(Duration::from_mins(10)),
        ..zone.given.connection_attempt(&provider)
    };
    work.connections().begin_attempt(&next).await.unwrap();
    assert!(
        !work
            .connections()
            .take_attempt(&attempt.state_digest)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
}
