//! What listings are narrowed to, and what they keep from some: neither is listed what was not asked for, nor counted.

use std::time::Duration;

use caracal_core::{
    Timestamp,
    entity::{Application, Policy, Resource, Zone},
};

use crate::{
    AdminToken, AdminTokenFilter, DelegationFilter, Hold, Page, PageRequest, PolicyFilter, Registered,
    TokenStanding, Total, ZoneFilter,
};

use super::{
    Backend, delegations,
    fixture::{ALL, Fixture, walk},
    given::Given,
};

/// Whatever page it is read by, the listing has these rows and as many.
async fn has<T>(
    what: &str,
    expected: &[&str],
    id: impl Fn(&T) -> String,
    read: impl AsyncFn(PageRequest) -> Page<T>,
) {
    let mut listed: Vec<String> = walk(1, &read).await.iter().map(id).collect();
    let mut expected: Vec<String> = expected.iter().map(|id| (*id).to_owned()).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected, "{what}");
    let count = expected.len() as u64;
    for limit in [1, 500] {
        let page = PageRequest {
            count: true,
            ..PageRequest::first(limit)
        };
        let total = read(page).await.total;
        assert_eq!(total, Some(Total { count, exact: true }), "{what}");
    }
}

pub async fn zones_are_listed_by_slug_and_by_what_is_switched_in_them(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (frozen, closed) = (Given::new(&fixture.world), Given::new(&fixture.world));
    let mut work = fixture.global_write().await;
    let mut cold = Zone {
        frozen_at: Some(fixture.world.now()),
        name: String::from("Caracal.SYS/x"),
        ..frozen.zone()
    };
    cold.attribution.created_by = Some(String::from("account:ada"));
    let shut = Zone {
        dcr_enabled: false,
        slug: String::from("caracal-sys-x"),
        ..closed.zone()
    };
    for zone in [&cold, &shut] {
        work.zones().create(zone).await.unwrap();
    }
    work.commit().await.unwrap();
    let (a, b) = (fixture.a.id().as_str(), fixture.b.id().as_str());
    let (cold_id, shut_id) = (cold.id.as_str(), shut.id.as_str());
    let all = ZoneFilter::default();
    let by = |slug: &str| ZoneFilter {
        slug: Some(slug.to_owned()),
        ..all.clone()
    };
    let frozen = |frozen| ZoneFilter {
        frozen: Some(frozen),
        ..all.clone()
    };
    let open = |open| ZoneFilter {
        dcr_enabled: Some(open),
        ..all.clone()
    };
    let made_by = |maker: &str| ZoneFilter {
        created_by: Some(maker.to_owned()),
        ..all.clone()
    };
    let among = |ids: &[&str]| ZoneFilter {
        among: Some(ids.iter().map(|id| id.parse().unwrap()).collect()),
        ..all.clone()
    };
    let without = |name, slug| ZoneFilter {
        without_name: name,
        without_slug: slug,
        ..all.clone()
    };
    for (filter, expected) in [
        (all.clone(), &[a, b, cold_id, shut_id][..]),
        (made_by("account:ada"), &[cold_id]),
        (made_by("account:ad"), &[]),
        (among(&[b, cold_id, "nowhere"]), &[b, cold_id]),
        (among(&[]), &[]),
        (without(Some("caracal.sys/"), None), &[a, b, shut_id]),
        (
            without(Some("caracal%"), Some("caracal_sys-")),
            &[a, b, cold_id, shut_id],
        ),
        (without(Some("caracal.sys/"), Some("caracal-sys-")), &[a, b]),
        (by(&cold.slug), &[cold_id]),
        (by("%"), &[]),
        (frozen(true), &[cold_id]),
        (frozen(false), &[a, b, shut_id]),
        (open(true), &[a, b, cold_id]),
        (open(false), &[shut_id]),
    ] {
        let read = async |page: PageRequest| {
            let mut work = fixture.global_read().await;
            work.zones().list(&filter, &page).await.unwrap()
        };
        has(
            &format!("{filter:?}"),
            expected,
            |zone: &Zone| zone.id.to_string(),
            read,
        )
        .await;
    }
}

pub async fn policies_are_listed_by_state_name_and_maker(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let mut work = fixture.a.write().await;
    let mut made = Vec::new();
    for (name, maker) in [("read", "ada"), ("write", "ada"), ("old", "bob")] {
        let (mut policy, version) = given.policy();
        policy.name = name.to_owned();
        policy.attribution.created_by = Some(maker.to_owned());
        work.policies().create(&policy, &version).await.unwrap();
        made.push(policy.id.to_string());
    }
    let [read, write, old] = [0, 1, 2].map(|at: usize| made[at].as_str());
    let archived = old.parse().unwrap();
    assert!(
        work.policies()
            .archive(&archived, fixture.world.now())
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let live = PolicyFilter::default();
    for (filter, expected) in [
        (live.clone(), &[read, write][..]),
        (
            PolicyFilter {
                archived: true,
                ..live.clone()
            },
            &[old],
        ),
        (
            PolicyFilter {
                name: Some("read".into()),
                ..live.clone()
            },
            &[read],
        ),
        (
            PolicyFilter {
                name: Some("READ".into()),
                ..live.clone()
            },
            &[],
        ),
        (
            PolicyFilter {
                created_by: Some("ada".into()),
                ..live.clone()
            },
            &[read, write],
        ),
        (
            PolicyFilter {
                created_by: Some("bob".into()),
                ..live
            },
            &[],
        ),
    ] {
        let list = async |page: PageRequest| {
            let mut work = fixture.a.read().await;
            work.policies().list(&filter, &page).await.unwrap()
        };
        has(
            &format!("{filter:?}"),
            expected,
            |policy: &Policy| policy.id.to_string(),
            list,
        )
        .await;
    }
}

pub async fn delegations_are_listed_by_either_end_and_resource(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (planner, worker) = (zone.party().await, zone.party().await);
    let (source, target) = (planner.task(), worker.task());
    zone.start(&[&source, &target]).await;
    let provider = zone.given.provider();
    let resource = zone.given.resource(&provider);
    let mut work = zone.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let there = zone.given.delegation(&source, &target);
    let mut back = zone.given.delegation(&target, &source);
    back.resource_id = Some(resource.id.clone());
    delegations::store(zone, &[&there, &back]).await;
    let (there_id, back_id) = (there.id.as_str(), back.id.as_str());
    let all = DelegationFilter::default();
    for (filter, expected) in [
        (all.clone(), &[there_id, back_id][..]),
        (
            DelegationFilter {
                issuer_application_id: Some(planner.application.id.clone()),
                ..all.clone()
            },
            &[there_id],
        ),
        (
            DelegationFilter {
                receiver_application_id: Some(planner.application.id.clone()),
                ..all.clone()
            },
            &[back_id],
        ),
        (
            DelegationFilter {
                source_session_id: Some(target.id.clone()),
                ..all.clone()
            },
            &[back_id],
        ),
        (
            DelegationFilter {
                target_session_id: Some(target.id.clone()),
                ..all.clone()
            },
            &[there_id],
        ),
        (
            DelegationFilter {
                resource_id: Some(resource.id.clone()),
                ..all.clone()
            },
            &[back_id],
        ),
        (
            DelegationFilter {
                source_session_id: Some(source.id.clone()),
                resource_id: Some(resource.id.clone()),
                ..all
            },
            &[],
        ),
    ] {
        let read = async |page: PageRequest| {
            let mut work = fixture.a.read().await;
            let page = work
                .delegations()
                .list_live(&filter, fixture.world.now(), &page)
                .await;
            page.unwrap()
        };
        has(
            &format!("{filter:?}"),
            expected,
            |delegation: &caracal_core::entity::Delegation| delegation.id.to_string(),
            read,
        )
        .await;
    }
}

pub async fn admin_tokens_are_listed_by_reach_power_maker_and_state(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let wide = given.admin_token();
    let narrow = AdminToken {
        scope: String::from("zone"),
        capability: String::from("read"),
        zone_id: Some(fixture.a.id().clone()),
        created_by: String::from("admin:x"),
        ..given.admin_token()
    };
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let ending = AdminToken {
        capability: String::from("approve"),
        expires_at: Some(end),
        ..given.admin_token()
    };
    let mut work = fixture.global_write().await;
    for token in [&wide, &narrow, &ending] {
        work.admin_tokens().create(token).await.unwrap();
    }
    let now = fixture.world.now();
    assert!(work.admin_tokens().revoke(&wide.id, now).await.unwrap());
    work.commit().await.unwrap();
    let (wide, narrow, ending) = (wide.id.as_str(), narrow.id.as_str(), ending.id.as_str());
    let all = AdminTokenFilter::default();
    for (filter, expected) in [
        (all.clone(), &[wide, narrow, ending][..]),
        (
            AdminTokenFilter {
                scope: Some("zone"),
                ..all.clone()
            },
            &[narrow],
        ),
        (
            AdminTokenFilter {
                capability: Some("write"),
                ..all.clone()
            },
            &[wide],
        ),
        (
            AdminTokenFilter {
                zone_id: Some(fixture.b.id().clone()),
                ..all.clone()
            },
            &[],
        ),
        (
            AdminTokenFilter {
                created_by: Some("admin:x".into()),
                ..all.clone()
            },
            &[narrow],
        ),
        (
            AdminTokenFilter {
                stands: Some((TokenStanding::Revoked, now)),
                ..all.clone()
            },
            &[wide],
        ),
        (
            AdminTokenFilter {
                stands: Some((TokenStanding::Active, now)),
                ..all.clone()
            },
            &[narrow, ending],
        ),
        (
            AdminTokenFilter {
                stands: Some((TokenStanding::Active, end)),
                ..all.clone()
            },
            &[narrow],
        ),
        (
            AdminTokenFilter {
                stands: Some((TokenStanding::Expired, end)),
                ..all
            },
            &[ending],
        ),
    ] {
        let read = async |page: PageRequest| {
            let mut work = fixture.global_read().await;
            work.admin_tokens().list(&filter, &page).await.unwrap()
        };
        has(
            &format!("{filter:?}"),
            expected,
            |token: &AdminToken| token.id.clone(),
            read,
        )
        .await;
    }
}

pub async fn what_some_may_not_know_of_is_neither_listed_nor_counted_nor_found(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let provider = given.provider();
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    let mut ids = Vec::new();
    for traits in [&["control:invoke", "control:max-ttl:60"][..], &["control"], &[]] {
        let application = Application {
            name: given.unique("planner"),
            traits: traits.iter().map(|name| (*name).to_owned()).collect(),
            ..given.application()
        };
        work.applications().create(&application).await.unwrap();
        ids.push(application.id.to_string());
    }
    for identifier in ["caracal-control", "resource://caracal-control"] {
        let resource = Resource {
            identifier: identifier.to_owned(),
            name: String::from("planner's"),
            ..given.resource(&provider)
        };
        work.resources().create(&resource).await.unwrap();
        ids.push(resource.id.to_string());
    }
    work.commit().await.unwrap();
    let which = Registered {
        without_trait: Some("control:invoke".into()),
        without_identifier: Some("caracal-control".into()),
        ..Registered::LIVE
    };
    for search in [None, Some(String::from("PLANNER"))] {
        let searched = |page: PageRequest| PageRequest {
            search: search.clone(),
            ..page
        };
        let read = async |page: PageRequest| {
            let mut work = fixture.a.read().await;
            work.applications().list(&which, &searched(page)).await.unwrap()
        };
        let expected = [ids[1].as_str(), ids[2].as_str()];
        has(
            "applications",
            &expected,
            |row: &Application| row.id.to_string(),
            read,
        )
        .await;
        let read = async |page: PageRequest| {
            let mut work = fixture.a.read().await;
            work.resources().list(&which, &searched(page)).await.unwrap()
        };
        let expected = [ids[4].as_str()];
        has("resources", &expected, |row: &Resource| row.id.to_string(), read).await;
    }
    let mut work = fixture.a.read().await;
    let all = work.resources().list(&Registered::LIVE, &ALL).await.unwrap();
    assert_eq!(all.items.len(), 2, "others see everything");
}

pub async fn holds_in_force_are_listed_by_when_they_were_placed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut work = fixture.a.write().await;
    for (id, at) in [("h-1", 3), ("h-2", 1), ("h-3", 3), ("h-4", 2)] {
        let hold = Hold {
            id: id.to_owned(),
            subject: None,
            reason: String::from("case"),
            placed_by: String::from("ada"),
            placed_at: Timestamp::from_micros(at),
        };
        work.retention().place(&hold).await.unwrap();
    }
    assert!(
        work.retention()
            .lift("h-4", "ada", Timestamp::from_micros(4))
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.retention().list_holds(&page).await.unwrap()
    };
    let walked: Vec<String> = walk(1, &read).await.into_iter().map(|hold| hold.id).collect();
    assert_eq!(walked, ["h-3", "h-1", "h-2"]);
    has(
        "holds",
        &["h-1", "h-2", "h-3"],
        |hold: &Hold| hold.id.clone(),
        read,
    )
    .await;
    let mut work = fixture.b.read().await;
    assert!(work.retention().list_holds(&ALL).await.unwrap().items.is_empty());
}
