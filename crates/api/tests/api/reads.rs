//! Listings: what they are sorted by, searched for and counted, and what they refuse, out of the document of the routes.

use caracal_api::{ApiConfig, Reach, table};
use caracal_testkit::parts::Backends;
use http::Method;
use serde_json::{Value, json};

use crate::{
    authorization::filled,
    evidence::Made,
    stack::{ADMIN, Stack},
};

/// The names that a route reads from the query string, as the document tells them.
fn parameters(document: &Value, path: &str) -> Vec<String> {
    let operation = &document["paths"][path]["get"];
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let of_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    of_query
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_name_in_the_query_that_means_nothing_is_refused_by_its_name() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let zone = zone.strip_prefix("/v1/zones/").unwrap();
    for route in table() {
        let own = matches!(route.needs.reach, Reach::Own | Reach::Control);
        // Whoever comes back from an OAuth server has what that server sends along.
        if own || route.name == "provider_connections.finish" {
            continue;
        }
        let path = format!("{}?limit_to=10", filled(&route, zone));
        let body = (route.method != Method::GET).then(|| json!({}));
        let headers = [("x-caracal-zone-scope", zone)];
        let refused = stack
            .call(Some(ADMIN), &headers, route.method.clone(), &path, body.as_ref())
            .await;
        let issue = &refused["details"]["issues"][0];
        assert_eq!(issue["path"], json!(["limit_to"]), "{}: {refused}", route.name);
        assert_eq!(refused.refused(400), "invalid_query", "{}", route.name);
    }
}

#[tokio::test]
async fn every_listing_that_has_an_order_takes_no_other_and_counts_when_it_is_asked_to() {
    let stack = Stack::start().await;
    let made = Made::of(&stack).await;
    let document = stack.get("/openapi.json").await.expect(200).body;
    let (mut sorted, mut bare, mut unsearched) = (0, Vec::new(), Vec::new());
    for route in table().iter().filter(|route| route.method == Method::GET) {
        let names = parameters(&document, route.path);
        let takes = |wanted: &str| names.iter().any(|name| name == wanted);
        if !takes("sort") {
            bare.extend(takes("cursor").then_some(route.name));
            continue;
        }
        assert!(takes("include_total"), "{}", route.name);
        unsearched.extend((!takes("search")).then_some(route.name));
        let path = made.path(route);
        let page = stack.get(&path).await.expect(200);
        assert!(page.get("total").is_none(), "{}", route.name);
        let counted = stack
            .get(&format!("{path}?include_total=true&sort=created_at"))
            .await;
        let counted = counted.expect(200);
        assert!(
            counted["total"]["exact"].as_bool().unwrap(),
            "{}: {counted}",
            route.name
        );
        let items = counted["items"].as_array().unwrap().len();
        // The platform's own resource is counted where it is not shown.
        assert!(
            counted["total"]["count"].as_u64().unwrap() >= items as u64,
            "{}: {counted}",
            route.name
        );
        for (name, value) in [
            ("sort", "size"),
            ("sort", ""),
            ("include_total", "maybe"),
            ("cursor", "zz"),
        ] {
            let refused = stack.get(&format!("{path}?{name}={value}")).await;
            assert!(refused.text.contains(name), "{}: {refused}", route.name);
            assert_eq!(refused.status, 400, "{}", route.name);
        }
        if names.iter().any(|name| name == "search") {
            for (text, hits) in [("%25", 0), ("nowhere-to-be-found", 0)] {
                let found = stack.get(&format!("{path}?search={text}")).await.expect(200);
                assert_eq!(found["items"].as_array().unwrap().len(), hits, "{}", route.name);
            }
            let refused = stack.get(&format!("{path}?search=a%0Ab")).await;
            assert_eq!(refused.status, 400, "{}", route.name);
        }
        sorted += 1;
    }
    assert!(sorted >= 26, "{sorted}");
    // The events of a request are a story, oldest first; who can do what is worked out of policy, and not listed.
    bare.sort_unstable();
    assert_eq!(bare, ["access.what_can", "access.who_can", "audit.by_request"]);
    // Versions have numbers, and no text of their own.
    unsearched.sort_unstable();
    assert_eq!(
        unsearched,
        ["policies.list_versions", "policy_sets.list_versions"]
    );
}

async fn pages_by_name(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    for name in ["delta", "Alpha", "charlie", "bravo", "alphabet"] {
        let body = json!({"name": name});
        stack.post(&format!("{zone}/workloads"), body).await.expect(201);
        stack.application(&zone, name).await;
        stack.zone(name).await;
    }
    for (path, all) in [
        (
            format!("{zone}/workloads"),
            &["Alpha", "alphabet", "bravo", "charlie", "delta"][..],
        ),
        (
            format!("{zone}/applications"),
            &["Alpha", "alphabet", "bravo", "charlie", "delta"],
        ),
        (
            String::from("/v1/zones"),
            &["Alpha", "acme", "alphabet", "bravo", "charlie", "delta"],
        ),
    ] {
        for (sort, backwards) in [("name", false), ("-name", true)] {
            let (mut names, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = stack
                    .get(&format!("{path}?limit=2&include_total=true&sort={sort}{cursor}"))
                    .await
                    .expect(200);
                assert_eq!(
                    page["total"],
                    json!({"count": all.len(), "exact": true}),
                    "{path}"
                );
                let items = page["items"].as_array().unwrap();
                names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let mut expected: Vec<_> = all.iter().map(|name| (*name).to_owned()).collect();
            if backwards {
                expected.reverse();
            }
            assert_eq!(names, expected, "{path} {sort}");
        }
        // A cursor of one order is none of another.
        let page = stack.get(&format!("{path}?limit=2&sort=name")).await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let other = stack.get(&format!("{path}?limit=2&cursor={cursor}")).await;
        assert_eq!(other.refused(400), "invalid_cursor", "{path}");
        let found = stack
            .get(&format!("{path}?search=LPHA&sort=name&include_total=true"))
            .await
            .expect(200);
        assert_eq!(found["total"]["count"], 2, "{path}");
    }
}

#[tokio::test]
async fn listings_go_by_name_page_by_page() {
    pages_by_name(Backends::Embedded).await;
}

#[tokio::test]
async fn listings_go_by_name_page_by_page_over_postgresql() {
    pages_by_name(Backends::Production).await;
}

#[tokio::test]
async fn an_account_of_some_zones_is_not_told_how_many_others_there_are() {
    let stack = Stack::start().await;
    let own = stack.zone("own").await;
    stack.zone("other").await;
    stack.owner().await;
    let id = own.strip_prefix("/v1/zones/").unwrap();
    let admin = stack.account("admin@example.com", "admin", Some(vec![id])).await;
    let listed = stack
        .call(
            Some(&admin),
            &[],
            Method::GET,
            "/v1/zones?include_total=true",
            None,
        )
        .await
        .expect(200);
    assert_eq!(listed["total"], json!({"count": 1, "exact": true}));
}
