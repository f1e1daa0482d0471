//! Grants: kept as they were made, found by what they are about, gone with what they are of.

use std::time::Duration;

use caracal_core::{
    ScopeSet,
    entity::{Application, Grant, GrantStatus, Provider, RegistrationMethod, Resource},
};

use crate::{Error, GrantFilter, StandingGrant};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone},
};

/// A grant in a zone, with what it is about.
struct Granted {
    application: Application,
    provider: Provider,
    resource: Resource,
    grant: Grant,
}

async fn granted(zone: &InZone) -> Granted {
    let application = zone.given.application();
    let provider = zone.given.provider();
    let resource = zone.given.resource(&provider);
    let grant = zone.given.grant(&application, &resource);
    let mut work = zone.write().await;
    work.applications().create(&application).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.grants().create(&grant).await.unwrap();
    work.commit().await.unwrap();
    Granted {
        application,
        provider,
        resource,
        grant,
    }
}

async fn standing(zone: &InZone, grant: &Grant) -> StandingGrant {
    let now = zone.given.world.now();
    let mut work = zone.read().await;
    let found = work.grants().get(&grant.id, now).await.unwrap();
    found.expect("the grant is stored")
}

async fn found(zone: &InZone, filter: GrantFilter) -> Vec<Grant> {
    let now = zone.given.world.now();
    let mut work = zone.read().await;
    let page = work.grants().list(&filter, now, &ALL).await.unwrap();
    page.items.into_iter().map(|item| item.grant).collect()
}

pub async fn a_grant_comes_back_as_it_was_stored_and_is_taken_back_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let Granted {
        application,
        provider,
        resource,
        grant,
    } = granted(zone).await;
    let mut seen = standing(zone, &grant).await;
    let expected = StandingGrant {
        grant: grant.clone(),
        status: GrantStatus::Active,
        application_name: application.name,
        resource_name: resource.name,
        resource_identifier: resource.identifier,
        provider_id: provider.id,
        provider_name: provider.name,
        provider_kind: provider.kind,
    };
    assert_eq!(seen, expected);
    let at = fixture.world.now();
    let mut work = zone.write().await;
    assert!(work.grants().revoke(&grant.id, "admin:other", at).await.unwrap());
    assert!(!work.grants().revoke(&grant.id, "admin:third", at).await.unwrap());
    work.commit().await.unwrap();
    seen = standing(zone, &grant).await;
    assert_eq!(
        (seen.status, seen.grant.revoked_at),
        (GrantStatus::Revoked, Some(at))
    );
    let attribution = seen.grant.attribution;
    assert_eq!(
        (attribution.updated_by.as_deref(), attribution.version),
        (Some("admin:other"), 2)
    );
    // What is no longer there cannot be granted.
    let mut elsewhere = zone.given.grant(
        &zone.given.application(),
        &zone.given.resource(&zone.given.provider()),
    );
    elsewhere.application_id = grant.application_id.clone();
    let mut work = zone.write().await;
    let told = work.grants().create(&elsewhere).await;
    assert!(matches!(told, Err(Error::MissingReference)), "{told:?}");
}

pub async fn grants_are_found_by_what_they_are_about(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let one = granted(zone).await;
    let other = granted(zone).await;
    let all = found(zone, GrantFilter::default()).await;
    assert_eq!(all.len(), 2);
    let of_one = [
        GrantFilter {
            application_id: Some(one.application.id.clone()),
            ..GrantFilter::default()
        },
        GrantFilter {
            user_id: Some(one.grant.user_id.clone()),
            ..GrantFilter::default()
        },
        GrantFilter {
            resource_id: Some(one.resource.id.clone()),
            ..GrantFilter::default()
        },
        GrantFilter {
            provider_id: Some(one.provider.id.clone()),
            ..GrantFilter::default()
        },
    ];
    for filter in of_one {
        assert_eq!(
            found(zone, filter.clone()).await,
            std::slice::from_ref(&one.grant),
            "{filter:?}"
        );
        let with = |scopes: ScopeSet| GrantFilter {
            scopes,
            ..filter.clone()
        };
        assert_eq!(found(zone, with(one.grant.scopes.clone())).await.len(), 1);
        let more = one.grant.scopes.iter().chain(["no:such'scope"]);
        assert!(found(zone, with(more.collect())).await.is_empty());
    }
    let now = fixture.world.now();
    let mut work = zone.write().await;
    work.grants().revoke(&other.grant.id, "x", now).await.unwrap();
    work.commit().await.unwrap();
    let by_status = |status| GrantFilter {
        status: Some(status),
        ..GrantFilter::default()
    };
    assert_eq!(found(zone, by_status(GrantStatus::Active)).await, [one.grant]);
    let revoked = found(zone, by_status(GrantStatus::Revoked)).await;
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0].id, other.grant.id);
    assert!(found(zone, by_status(GrantStatus::Expired)).await.is_empty());
}

pub async fn a_grant_ends_with_its_application_and_with_its_resource(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let [by_application, by_resource] = [granted(zone).await, granted(zone).await];
    let end = fixture.world.now().plus(Duration::from_mins(1));
    let short_lived = Application {
        registration_method: RegistrationMethod::Dcr,
        expires_at: Some(end),
        ..zone.given.application()
    };
    let passing = zone.given.grant(&short_lived, &by_resource.resource);
    let mut work = zone.write().await;
    work.applications().create(&short_lived).await.unwrap();
    work.grants().create(&passing).await.unwrap();
    let before = work
        .grants()
        .get(&passing.id, end.minus(Duration::from_micros(1)));
    assert_eq!(before.await.unwrap().unwrap().status, GrantStatus::Active);
    let then = work.grants().get(&passing.id, end).await.unwrap().unwrap();
    assert_eq!(then.status, GrantStatus::Expired);
    let now = fixture.world.now();
    work.applications()
        .archive(&by_application.application.id, now)
        .await
        .unwrap();
    work.resources()
        .archive(&by_resource.resource.id, now)
        .await
        .unwrap();
    work.commit().await.unwrap();
    for grant in [&by_application.grant, &by_resource.grant, &passing] {
        assert_eq!(standing(zone, grant).await.status, GrantStatus::Expired);
    }
}

pub async fn a_grant_of_another_zone_is_not_taken_back(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = granted(&fixture.b).await;
    let mut work = fixture.a.write().await;
    let now = fixture.world.now();
    assert!(!work.grants().revoke(&held.grant.id, "x", now).await.unwrap());
    let told = work.grants().create(&held.grant).await;
    assert!(matches!(told, Err(Error::MissingReference)), "{told:?}");
    drop(work);
    assert_eq!(
        standing(&fixture.b, &held.grant).await.status,
        GrantStatus::Active
    );
}
