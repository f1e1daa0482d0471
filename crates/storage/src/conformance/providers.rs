//! Providers and resources: identifiers, archives, references.

use std::time::Duration;

use caracal_core::{
    ProviderId, ResourceId, ScopeSet,
    entity::{DeclaredOperation, OperationEnforcement, Provider, ProviderKind, Resource},
};

use crate::{Error, PageRequest, Registered};

use super::{
    Backend,
    fixture::{ALL, Fixture},
    race::{race, retry},
};

pub async fn every_kind_of_provider_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut work = fixture.a.write().await;
    for kind in ProviderKind::ALL {
        let provider = Provider {
            kind: *kind,
            ..fixture.a.given.provider()
        };
        work.providers().create(&provider).await.unwrap();
        assert_eq!(work.providers().get(&provider.id).await.unwrap(), Some(provider));
    }
    let failed = Provider {
        config_json: serde_json::Map::new(),
        secret_config_keys: Vec::new(),
        connectivity_failed_at: Some(fixture.world.now().plus(Duration::from_micros(7))),
        ..fixture.a.given.provider()
    };
    work.providers().create(&failed).await.unwrap();
    assert_eq!(work.providers().get(&failed.id).await.unwrap(), Some(failed));
}

pub async fn a_providers_identifier_is_unique_among_the_active(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (first, second) = (fixture.a.given.provider(), fixture.a.given.provider());
    let twin = Provider {
        identifier: first.identifier.clone(),
        ..fixture.a.given.provider()
    };
    let mut work = fixture.a.write().await;
    work.providers().create(&first).await.unwrap();
    work.providers().create(&second).await.unwrap();
    assert!(
        work.providers()
            .identifier_taken(&first.identifier, None)
            .await
            .unwrap()
    );
    assert!(
        !work
            .providers()
            .identifier_taken(&first.identifier, Some(&first.id))
            .await
            .unwrap()
    );
    assert!(
        work.providers()
            .identifier_taken(&first.identifier, Some(&second.id))
            .await
            .unwrap()
    );
    work.commit().await.unwrap();

    let mut work = fixture.a.write().await;
    conflict(work.providers().create(&twin).await, "providers_identifier");
    drop(work);
    let mut work = fixture.a.write().await;
    let renamed = Provider {
        identifier: first.identifier.clone(),
        ..second.clone()
    };
    conflict(work.providers().update(&renamed).await, "providers_identifier");
    drop(work);
    // Another zone has its own names.
    let mut work = fixture.b.write().await;
    let elsewhere = Provider {
        identifier: first.identifier.clone(),
        ..fixture.b.given.provider()
    };
    work.providers().create(&elsewhere).await.unwrap();
    work.commit().await.unwrap();

    let mut work = fixture.a.write().await;
    assert!(
        work.providers()
            .archive(&first.id, fixture.world.now())
            .await
            .unwrap()
    );
    assert!(
        !work
            .providers()
            .identifier_taken(&first.identifier, None)
            .await
            .unwrap()
    );
    work.providers().create(&twin).await.unwrap();
    work.commit().await.unwrap();
}

pub async fn an_archived_provider_stays_readable_and_unchangeable(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (gone, live) = (fixture.a.given.provider(), fixture.a.given.provider());
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    work.providers().create(&gone).await.unwrap();
    work.providers().create(&live).await.unwrap();
    assert!(work.providers().archive(&gone.id, now).await.unwrap());
    assert!(!work.providers().archive(&gone.id, now).await.unwrap());
    assert!(
        !work
            .providers()
            .archive(&ProviderId::generate(&fixture.world), now)
            .await
            .unwrap()
    );
    assert!(!work.providers().update(&gone).await.unwrap());
    let mut changed = Provider {
        kind: ProviderKind::BearerToken,
        name: "new".into(),
        ..live.clone()
    };
    assert!(work.providers().update(&changed).await.unwrap());
    assert!(
        !work
            .providers()
            .update(&fixture.a.given.provider())
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    let mut archived = Provider {
        archived_at: Some(now),
        ..gone
    };
    changed.attribution.version = 2;
    archived.attribution.version = 2;
    assert_eq!(
        work.providers().get(&archived.id).await.unwrap().as_ref(),
        Some(&archived)
    );
    assert_eq!(
        work.providers()
            .list(&Registered::ARCHIVED, &ALL)
            .await
            .unwrap()
            .items,
        [archived]
    );
    assert_eq!(
        work.providers()
            .list(&Registered::LIVE, &ALL)
            .await
            .unwrap()
            .items,
        std::slice::from_ref(&changed)
    );
    assert_eq!(work.providers().all_live().await.unwrap(), [changed]);
}

pub async fn a_resource_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let full = fixture.a.given.resource(&provider);
    let bare = Resource {
        upstream_url: None,
        scopes: ScopeSet::default(),
        operations: Vec::new(),
        operation_enforcement: OperationEnforcement::TransportUniform,
        upstream_timeout_seconds: None,
        cookies: false,
        ..fixture.a.given.resource(&provider)
    };
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    for resource in [&full, &bare] {
        work.resources().create(resource).await.unwrap();
        assert_eq!(
            work.resources().get(&resource.id).await.unwrap().as_ref(),
            Some(resource)
        );
    }
    let mut changed = Resource {
        name: "new".into(),
        operations: vec![DeclaredOperation {
            method: "PUT".into(),
            path: "/ü/%20".into(),
            scope: "x".into(),
        }],
        ..bare
    };
    assert!(work.resources().update(&changed).await.unwrap());
    assert!(
        !work
            .resources()
            .update(&fixture.a.given.resource(&provider))
            .await
            .unwrap()
    );
    changed.attribution.version = 2;
    assert_eq!(work.resources().get(&changed.id).await.unwrap(), Some(changed));
}

pub async fn a_resource_needs_a_provider_of_its_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut work = fixture.a.write().await;
    let orphan = fixture.a.given.resource(&fixture.a.given.provider());
    let refused = work.resources().create(&orphan).await;
    assert!(matches!(refused, Err(Error::MissingReference)), "{refused:?}");
}

pub async fn a_resources_identifier_is_unique_among_the_active(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let (first, second) = (
        fixture.a.given.resource(&provider),
        fixture.a.given.resource(&provider),
    );
    let twin = Resource {
        identifier: first.identifier.clone(),
        ..fixture.a.given.resource(&provider)
    };
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&first).await.unwrap();
    work.resources().create(&second).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    conflict(work.resources().create(&twin).await, "resources_identifier");
    drop(work);
    let mut work = fixture.a.write().await;
    let renamed = Resource {
        identifier: first.identifier.clone(),
        ..second
    };
    conflict(work.resources().update(&renamed).await, "resources_identifier");
    drop(work);
    let mut work = fixture.a.write().await;
    let name = &first.identifier;
    assert!(
        work.resources()
            .identifier_taken(name, None, false)
            .await
            .unwrap()
    );
    assert!(
        !work
            .resources()
            .identifier_taken(name, Some(&first.id), true)
            .await
            .unwrap()
    );
    assert!(
        work.resources()
            .archive(&first.id, fixture.world.now())
            .await
            .unwrap()
    );
    assert!(
        !work
            .resources()
            .identifier_taken(name, None, false)
            .await
            .unwrap()
    );
    assert!(
        work.resources().identifier_taken(name, None, true).await.unwrap(),
        "archived ones count when asked"
    );
    work.resources().create(&twin).await.unwrap();
    work.commit().await.unwrap();
}

pub async fn of_many_resources_with_one_identifier_exactly_one_is_created(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.commit().await.unwrap();
    let identifier = fixture.a.given.unique("resource://contested");
    let outcomes = race(8, |_| {
        let zone = fixture.a.clone();
        let resource = Resource {
            identifier: identifier.clone(),
            ..zone.given.resource(&provider)
        };
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                work.resources().create(&resource).await?;
                work.commit().await
            })
            .await
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(fixture.a.read().await.resources().count_live().await.unwrap(), 1);
}

pub async fn a_resource_is_found_by_identifier_before_row_id(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let first = fixture.a.given.resource(&provider);
    let confusing = Resource {
        identifier: first.id.to_string(),
        ..fixture.a.given.resource(&provider)
    };
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&first).await.unwrap();
    assert_eq!(
        work.resources().find(first.id.as_str()).await.unwrap().as_ref(),
        Some(&first)
    );
    work.resources().create(&confusing).await.unwrap();
    assert_eq!(
        work.resources().find(first.id.as_str()).await.unwrap(),
        Some(confusing)
    );
    assert_eq!(
        work.resources().find(&first.identifier).await.unwrap().as_ref(),
        Some(&first)
    );
    assert_eq!(work.resources().find("resource://%").await.unwrap(), None);
}

pub async fn an_archived_resource_grants_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let (gone, live) = (
        fixture.a.given.resource(&provider),
        fixture.a.given.resource(&provider),
    );
    let now = fixture.world.now();
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&gone).await.unwrap();
    work.resources().create(&live).await.unwrap();
    assert!(work.resources().archive(&gone.id, now).await.unwrap());
    assert!(!work.resources().archive(&gone.id, now).await.unwrap());
    assert!(
        !work
            .resources()
            .archive(&ResourceId::generate(&fixture.world), now)
            .await
            .unwrap()
    );
    assert!(!work.resources().update(&gone).await.unwrap());
    assert_eq!(work.resources().find(&gone.identifier).await.unwrap(), None);
    assert_eq!(work.resources().find(gone.id.as_str()).await.unwrap(), None);
    assert_eq!(work.resources().count_live().await.unwrap(), 1);
    assert_eq!(
        work.resources().all_live().await.unwrap(),
        std::slice::from_ref(&live)
    );
    assert_eq!(
        work.resources()
            .list(&Registered::LIVE, &ALL)
            .await
            .unwrap()
            .items,
        [live]
    );
    let mut archived = Resource {
        archived_at: Some(now),
        ..gone
    };
    archived.attribution.version = 2;
    assert_eq!(
        work.resources()
            .list(&Registered::ARCHIVED, &ALL)
            .await
            .unwrap()
            .items,
        std::slice::from_ref(&archived)
    );
    assert_eq!(work.resources().get(&archived.id).await.unwrap(), Some(archived));
}

/// The outcome is the refusal named `rule`.
pub(super) fn conflict<T: std::fmt::Debug>(outcome: Result<T, Error>, rule: &str) {
    match outcome {
        Err(Error::Conflict { constraint }) => assert_eq!(constraint, rule),
        other => panic!("{rule} was not enforced: {other:?}"),
    }
}

pub async fn what_is_registered_is_found_by_a_part_of_its_name(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let mut provider = given.provider();
    provider.name = String::from("Sales_100% CRM");
    let mut resource = given.resource(&provider);
    resource.name = String::from("Orders");
    resource.identifier = String::from("resource://Back-Office/orders");
    let mut application = given.application();
    application.name = String::from("a\\b Planner");
    let mut work = fixture.a.write().await;
    work.applications().create(&application).await.unwrap();
    work.applications().create(&given.application()).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.providers().create(&given.provider()).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.resources().create(&given.resource(&provider)).await.unwrap();
    for (text, found) in [
        ("sales_1", [0, 1, 0]),
        ("SALES", [0, 1, 0]),
        ("100%", [0, 1, 0]),
        ("1%0", [0, 0, 0]),
        ("s_les", [0, 0, 0]),
        ("back-office", [0, 0, 1]),
        ("ORDERS", [0, 0, 1]),
        ("a\\b", [1, 0, 0]),
        ("'; DROP", [0, 0, 0]),
    ] {
        let page = PageRequest {
            search: Some(text.to_owned()),
            ..ALL
        };
        let live = Registered::LIVE;
        let counts = [
            work.applications().list(&live, &page).await.unwrap().items.len(),
            work.providers().list(&live, &page).await.unwrap().items.len(),
            work.resources().list(&live, &page).await.unwrap().items.len(),
        ];
        assert_eq!(counts, found, "{text}");
        let archived = work.resources().list(&Registered::ARCHIVED, &page).await;
        assert!(archived.unwrap().items.is_empty());
    }
}
