//! Keyset pages concatenate to the whole: with equal instants, with any limit, and while rows are added.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use caracal_core::{
    ResourceId, ScopeSet, SessionId, Timestamp,
    entity::{Application, Approval, Attribution, PrivacyMode, Resource, Session},
};

use crate::{
    AdminTokenFilter, ApprovalFilter, AuthorityRecordFilter, ConnectionFilter, DelegationDirection,
    DelegationFilter, GrantFilter, Order, Page, PageKey, PageRequest, PolicyFilter, Registered,
    SessionFilter, Total, ZoneFilter,
};

use super::{
    Backend, delegations,
    fixture::{ALL, Fixture, walk, walk_from},
    given::Given,
};

/// Limits that divide the rows evenly, unevenly, one by one and not at all.
const LIMITS: [u32; 5] = [1, 2, 5, 7, 1000];

/// The rows in the order every listing promises.
fn newest_first(mut rows: Vec<(Timestamp, String)>) -> Vec<(Timestamp, String)> {
    rows.sort_by(|one, other| other.cmp(one));
    rows
}

/// The pages of a listing, whatever the limit, are `rows` newest first, or oldest first, and each tells how many there are.
async fn concatenates<T>(
    what: &str,
    rows: Vec<(Timestamp, String)>,
    key: impl Fn(&T) -> (Timestamp, String),
    read: impl AsyncFn(PageRequest) -> Page<T>,
) {
    let mut expected = newest_first(rows);
    let count = expected.len() as u64;
    let counted = async |page: PageRequest| {
        let page = read(page).await;
        assert_eq!(page.total, Some(Total { count, exact: true }), "{what}");
        page
    };
    for order in [Order::Newest, Order::Oldest] {
        for limit in LIMITS {
            let first = PageRequest {
                order,
                count: true,
                ..PageRequest::first(limit)
            };
            let read: Vec<_> = walk_from(first, &counted).await.iter().map(&key).collect();
            assert_eq!(read, expected, "{what}, limit {limit}, {order:?}");
        }
        expected.reverse();
    }
}

/// Attribution of the `index`th row: most rows share their microsecond with others.
fn created(given: &Given, index: u64) -> Attribution {
    let created_at = given.world.now().plus(Duration::from_micros(index % 3));
    Attribution {
        created_at,
        ..given.attribution()
    }
}

pub async fn pages_of_the_directory_concatenate_under_equal_instants(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let (mut applications, mut providers, mut policies, mut sets) = (vec![], vec![], vec![], vec![]);
    let mut work = fixture.a.write().await;
    for index in 0..23 {
        let attribution = created(given, index);
        let application = Application {
            attribution: attribution.clone(),
            ..given.application()
        };
        work.applications().create(&application).await.unwrap();
        applications.push((attribution.created_at, application.id.to_string()));
        let mut provider = given.provider();
        provider.attribution = attribution.clone();
        work.providers().create(&provider).await.unwrap();
        providers.push((attribution.created_at, provider.id.to_string()));
        let (mut policy, version) = given.policy();
        policy.attribution = attribution.clone();
        work.policies().create(&policy, &version).await.unwrap();
        policies.push((attribution.created_at, policy.id.to_string()));
        let mut set = given.policy_set();
        set.attribution = attribution.clone();
        work.policy_sets().create(&set).await.unwrap();
        sets.push((attribution.created_at, set.id.to_string()));
    }
    work.commit().await.unwrap();

    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.applications().list(&Registered::LIVE, &page).await.unwrap()
    };
    concatenates(
        "applications",
        applications,
        |row| (row.attribution.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.providers().list(&Registered::LIVE, &page).await.unwrap()
    };
    concatenates(
        "providers",
        providers,
        |row| (row.attribution.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.policies()
            .list(&PolicyFilter::default(), &page)
            .await
            .unwrap()
    };
    concatenates(
        "policies",
        policies,
        |row| (row.attribution.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.policy_sets().list(&page).await.unwrap()
    };
    concatenates(
        "policy sets",
        sets,
        |row| (row.attribution.created_at, row.id.to_string()),
        read,
    )
    .await;
}

pub async fn a_page_of_wide_rows_ends_by_its_bytes_and_goes_on(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut made = Vec::new();
    for index in 0..30 {
        let mut work = fixture.a.write().await;
        let (mut policy, version) = fixture.a.given.policy();
        policy.attribution = created(&fixture.a.given, index);
        policy.description = Some("d".repeat(400_000));
        work.policies().create(&policy, &version).await.unwrap();
        work.commit().await.unwrap();
        made.push((policy.attribution.created_at, policy.id.to_string()));
    }
    let first = fixture
        .a
        .read()
        .await
        .policies()
        .list(&PolicyFilter::default(), &PageRequest::first(500))
        .await
        .unwrap();
    // The row that passes the bound is the last one.
    assert!(
        (1..=3).contains(&first.items.len()),
        "{} rows of 400 kB in a page",
        first.items.len()
    );
    assert!(first.next.is_some());
    let read = async |page| {
        fixture
            .a
            .read()
            .await
            .policies()
            .list(&PolicyFilter::default(), &page)
            .await
            .unwrap()
    };
    let rows = walk(500, read).await.into_iter();
    let rows = rows.map(|row| (row.attribution.created_at, row.id.to_string()));
    assert_eq!(rows.collect::<Vec<_>>(), newest_first(made));
}

pub async fn pages_of_agents_concatenate_under_equal_instants(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let (mut sessions, mut delegations, mut records) = (vec![], vec![], vec![]);
    let ends = [party.task(), party.task()];
    fixture.a.start(&[&ends[0], &ends[1]]).await;
    let mut work = fixture.a.write().await;
    for index in 0..23 {
        let at = fixture.world.now().plus(Duration::from_micros(10 + index % 3));
        let session = Session {
            started_at: at,
            parent_id: Some(ends[0].id.clone()),
            ..party.task()
        };
        work.sessions().create(&session).await.unwrap();
        sessions.push((at, session.id.to_string()));
        let mut delegation = fixture.a.given.delegation(&ends[0], &ends[1]);
        delegation.created_at = at;
        work.delegations().create(&delegation).await.unwrap();
        delegations.push((at, delegation.id.to_string()));
        let mut record = fixture.a.given.child_record(&party.record);
        record.subject_id = String::from("ada");
        record.created_at = at;
        work.authority_records().create(&record).await.unwrap();
        records.push((at, record.id.to_string()));
    }
    work.commit().await.unwrap();

    let children = SessionFilter {
        parent_id: Some(ends[0].id.clone()),
        ..SessionFilter::default()
    };
    let ada = AuthorityRecordFilter {
        subject_id: Some("ada".into()),
        ..Default::default()
    };
    let now = fixture.world.now();
    let outbound = DelegationDirection::Outbound;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.sessions().list(&children, &page).await.unwrap()
    };
    concatenates(
        "sessions",
        sessions,
        |row| (row.started_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.authority_records().list(&ada, &page).await.unwrap()
    };
    concatenates(
        "records",
        records,
        |row| (row.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        let all = DelegationFilter::default();
        work.delegations().list_live(&all, now, &page).await.unwrap()
    };
    concatenates(
        "live delegations",
        delegations.clone(),
        |row| (row.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.a.read().await;
        work.delegations()
            .list(&ends[0].id, outbound, &page)
            .await
            .unwrap()
    };
    concatenates(
        "delegations",
        delegations,
        |row| (row.created_at, row.id.to_string()),
        read,
    )
    .await;
}

pub async fn pages_of_the_deployment_concatenate_under_equal_instants(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (mut zones, mut tokens) = (vec![], vec![]);
    let mut work = fixture.global_write().await;
    for zone in [fixture.a.id(), fixture.b.id()] {
        zones.push((fixture.world.now(), zone.to_string()));
    }
    for index in 0..23 {
        let given = Given::new(&fixture.world);
        let mut zone = given.zone();
        zone.attribution = created(&given, index);
        work.zones().create(&zone).await.unwrap();
        zones.push((zone.attribution.created_at, zone.id.to_string()));
        let mut token = given.admin_token();
        token.created_at = zone.attribution.created_at;
        work.admin_tokens().create(&token).await.unwrap();
        tokens.push((token.created_at, token.id));
    }
    work.commit().await.unwrap();
    let read = async |page: PageRequest| {
        let mut work = fixture.global_read().await;
        work.zones().list(&ZoneFilter::default(), &page).await.unwrap()
    };
    concatenates(
        "zones",
        zones,
        |row| (row.attribution.created_at, row.id.to_string()),
        read,
    )
    .await;
    let read = async |page: PageRequest| {
        let mut work = fixture.global_read().await;
        work.admin_tokens()
            .list(&AdminTokenFilter::default(), &page)
            .await
            .unwrap()
    };
    concatenates("tokens", tokens, |row| (row.created_at, row.id.clone()), read).await;
}

pub async fn rows_added_and_removed_during_a_walk_hide_and_repeat_no_other(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given = &fixture.a.given;
    let create = async |micros: u64| {
        let mut application = given.application();
        application.attribution.created_at = fixture.world.now().plus(Duration::from_micros(micros));
        let mut work = fixture.a.write().await;
        work.applications().create(&application).await.unwrap();
        work.commit().await.unwrap();
        application.id
    };
    let mut original = Vec::new();
    for index in 0..20 {
        original.push(create(100 + index % 2).await);
    }
    let (mut seen, mut request) = (Vec::new(), PageRequest::first(3));
    loop {
        let page = fixture
            .a
            .read()
            .await
            .applications()
            .list(&Registered::LIVE, &request)
            .await
            .unwrap();
        // Between two pages: a newer row, one in the very microsecond of the walk, and one older than all.
        for micros in [200, 100, 1] {
            create(micros).await;
        }
        if let Some(last) = page.items.last() {
            // The row the cursor stands on may go; the cursor still points between its neighbours.
            let mut work = fixture.a.write().await;
            assert!(
                work.applications()
                    .archive(&last.id, fixture.world.now())
                    .await
                    .unwrap()
            );
            work.commit().await.unwrap();
        }
        seen.extend(page.items.into_iter().map(|row| row.id));
        let walked_originals = original.iter().all(|id| seen.contains(id));
        match page.next {
            Some(next) if !walked_originals => {
                request = PageRequest {
                    after: Some(next),
                    ..PageRequest::first(3)
                }
            }
            _ => break,
        }
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "a row came twice");
    assert!(
        original.iter().all(|id| distinct.contains(id)),
        "a row was skipped"
    );
}

pub async fn the_last_page_says_that_it_is_the_last(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = delegations::sessions(&fixture.a, 4).await;
    let expected: BTreeSet<SessionId> = sessions.into_iter().map(|session| session.id).collect();
    let mut work = fixture.a.read().await;
    let filter = SessionFilter::default();
    for (limit, more) in [(3, true), (4, false), (5, false)] {
        let page = work
            .sessions()
            .list(&filter, &PageRequest::first(limit))
            .await
            .unwrap();
        assert_eq!(page.next.is_some(), more, "limit {limit}");
        if let Some(next) = page.next {
            let last = page.items.last().unwrap();
            assert_eq!(
                (next.at_micros, next.id.as_str()),
                (last.started_at.as_micros(), last.id.as_str())
            );
        } else {
            assert_eq!(
                page.items.into_iter().map(|row| row.id).collect::<BTreeSet<_>>(),
                expected
            );
        }
    }
    let nothing = SessionFilter {
        label: Some("nobody".into()),
        ..filter
    };
    let page = work
        .sessions()
        .list(&nothing, &PageRequest::first(1))
        .await
        .unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
}

/// Resources of these names, made at the same instant or one after the other.
async fn named_resources(fixture: &Fixture, names: &[&str]) -> Vec<Resource> {
    let provider = fixture.a.given.provider();
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    let mut made = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut resource = fixture.a.given.resource(&provider);
        (*name).clone_into(&mut resource.name);
        // Two share each instant.
        let at = Timestamp::from_micros(1_000_000 + i64::try_from(number / 2).unwrap());
        resource.attribution.created_at = at;
        work.resources().create(&resource).await.unwrap();
        made.push(resource);
    }
    work.commit().await.unwrap();
    made
}

/// The ids of a listing in an order, walked in pages of two, each of which tells how many there are.
async fn walked(fixture: &Fixture, search: Option<&str>, order: Order) -> (Vec<ResourceId>, Total) {
    let mut request = PageRequest {
        order,
        count: true,
        search: search.map(str::to_owned),
        ..PageRequest::first(2)
    };
    let mut ids = Vec::new();
    loop {
        let mut work = fixture.a.read().await;
        let page = work.resources().list(&Registered::LIVE, &request).await.unwrap();
        let total = page.total.unwrap();
        ids.extend(page.items.into_iter().map(|resource| resource.id));
        let Some(next) = page.next else {
            return (ids, total);
        };
        // What a client sends back is the same key.
        request.after = Some(PageKey::from_cursor(&next.to_cursor()).unwrap());
    }
}

/// What the listing must be.
fn sorted(made: &[Resource], order: Order) -> Vec<ResourceId> {
    let mut made: Vec<_> = made.iter().collect();
    made.sort_by_key(|resource| (resource.attribution.created_at, resource.id.clone()));
    if order.by_name() {
        made.sort_by_key(|resource| (resource.name.clone(), resource.id.clone()));
    }
    if matches!(order, Order::Newest | Order::NameBackwards) {
        made.reverse();
    }
    made.into_iter().map(|resource| resource.id.clone()).collect()
}

const ORDERS: [Order; 4] = [Order::Newest, Order::Oldest, Order::Name, Order::NameBackwards];

pub async fn listings_go_by_time_and_name_both_ways_and_are_counted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let made = named_resources(&fixture, &["b", "a", "b", "B", "\u{e4}", "a b", ""]).await;
    for order in ORDERS {
        let (ids, total) = walked(&fixture, None, order).await;
        assert_eq!(ids, sorted(&made, order), "{order:?}");
        assert_eq!(
            total,
            Total {
                count: 7,
                exact: true
            },
            "{order:?}"
        );
    }
    // Whoever does not ask pays for no count.
    let page = fixture
        .a
        .read()
        .await
        .resources()
        .list(&Registered::LIVE, &ALL)
        .await;
    assert_eq!(page.unwrap().total, None);
}

pub async fn a_search_is_taken_literally_and_pages_in_every_order(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let names = [
        "50% off",
        "50 off",
        "OFF_by one",
        "offXby one",
        "plain",
        "b\\off",
        "off",
        "Off",
    ];
    let made = named_resources(&fixture, &names).await;
    for (text, found) in [
        ("off", &[0, 1, 2, 3, 5, 6, 7][..]),
        ("OFF", &[0, 1, 2, 3, 5, 6, 7]),
        ("50%", &[0]),
        ("off_by", &[2]),
        ("\\", &[5]),
        ("nowhere", &[]),
    ] {
        let wanted: Vec<Resource> = found.iter().map(|at| made[*at].clone()).collect();
        for order in ORDERS {
            let (ids, total) = walked(&fixture, Some(text), order).await;
            assert_eq!(ids, sorted(&wanted, order), "{text} {order:?}");
            assert_eq!(total.count, wanted.len() as u64, "{text}");
        }
    }
}

pub async fn what_agents_do_is_searched_by_what_identifies_it_to_people(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let (party, other) = (zone.party().await, zone.party().await);
    let mut session = party.task();
    session.labels = vec![Arc::from("Team:50%"), Arc::from("x")];
    let (plain, target) = (other.task(), other.task());
    zone.start(&[&session, &plain, &target]).await;
    let mut delegation = zone.given.delegation(&session, &target);
    delegation.scopes = ScopeSet::parse("weather:Write_all");
    delegations::store(zone, &[&delegation]).await;
    let provider = zone.given.provider();
    let connection = zone.given.connection(&provider);
    let resource = zone.given.resource(&provider);
    let grant = zone.given.grant(&party.application, &resource);
    let (open, hidden) = (
        zone.given.approval(&party.application),
        zone.given.approval(&other.application),
    );
    let open = Approval {
        subject_anchor: Some(String::from("ada@home")),
        ..open
    };
    let hidden = Approval {
        subject_anchor: Some(String::from("ada@home")),
        privacy_mode: PrivacyMode::Anonymous,
        ..hidden
    };
    let mut work = zone.write().await;
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.grants().create(&grant).await.unwrap();
    work.connections().create(&connection).await.unwrap();
    for approval in [&open, &hidden] {
        work.approvals().open(approval).await.unwrap();
    }
    work.commit().await.unwrap();
    let now = fixture.world.now();
    let name = &party.application.name;
    // What is searched for, and how many sessions, records, delegations, approvals, grants and connections are found by it.
    for (text, expected) in [
        (session.id.as_str().to_owned(), [1, 0, 1, 0, 0, 0]),
        (String::from("team:50%"), [1, 0, 0, 0, 0, 0]),
        (String::from("team:50_"), [0; 6]),
        (name.to_uppercase(), [1, 0, 0, 0, 1, 0]),
        (party.record.subject_id.to_uppercase(), [1, 1, 0, 1, 0, 0]),
        (party.record.id.to_string(), [0, 1, 0, 0, 0, 0]),
        (String::from("WRITE_ALL"), [0, 0, 1, 0, 0, 0]),
        // The other approval shows nobody whom it is for, and its search does not either.
        (String::from("ADA@"), [0, 0, 0, 1, 0, 0]),
        (grant.user_id.clone(), [0, 0, 0, 0, 1, 0]),
        (provider.name.to_uppercase(), [0, 0, 0, 0, 0, 1]),
        (connection.subject_id.clone(), [0, 0, 0, 0, 0, 1]),
    ] {
        let page = PageRequest {
            search: Some(text.clone()),
            count: true,
            ..ALL
        };
        let mut work = zone.read().await;
        let found = [
            work.sessions()
                .list(&SessionFilter::default(), &page)
                .await
                .unwrap()
                .total,
            (work
                .authority_records()
                .list(&AuthorityRecordFilter::default(), &page)
                .await
                .unwrap())
            .total,
            (work
                .delegations()
                .list_live(&DelegationFilter::default(), now, &page)
                .await
                .unwrap())
            .total,
            work.approvals()
                .list(&ApprovalFilter::default(), &page)
                .await
                .unwrap()
                .total,
            work.grants()
                .list(&GrantFilter::default(), now, &page)
                .await
                .unwrap()
                .total,
            work.connections()
                .list(&ConnectionFilter::default(), &page)
                .await
                .unwrap()
                .total,
        ];
        assert_eq!(found.map(|total| total.unwrap().count), expected, "{text}");
    }
    let elsewhere = PageRequest {
        search: Some(name.clone()),
        ..ALL
    };
    let mut work = fixture.b.read().await;
    let found = work
        .sessions()
        .list(&SessionFilter::default(), &elsewhere)
        .await
        .unwrap();
    assert!(found.items.is_empty());
}
