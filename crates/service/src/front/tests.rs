//! The front with a role of three kinds of callers and a few routes.

mod form;
mod raw;
mod strangers;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::{body::Body as HttpBody, middleware::from_fn_with_state};
use caracal_core::{ApplicationId, World};
use caracal_events::{
    RateLimiter,
    shortlived::{RateDecision, ShortLivedError},
};
use caracal_wire::{ErrorCode, Listing};
use http::{StatusCode, request::Parts};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use utoipa::ToSchema;

use super::*;
use crate::{
    limits::Rule,
    request::{Finish, finish},
};

/// Callers are their bearer token: `reader`, `writer`, or `greedy`, who asks too often.
struct Shop {
    world: World,
    handled: AtomicU32,
    refused: Arc<parking_lot::Mutex<Vec<(String, bool)>>>,
    limits: Limits,
}

/// Refuses whoever is greedy.
#[derive(Debug)]
struct Counter;

#[async_trait::async_trait]
impl RateLimiter for Counter {
    async fn hit(&self, key: &str, _: u32, _: Duration) -> Result<RateDecision, ShortLivedError> {
        Ok(RateDecision {
            allowed: key != "shop:greedy",
            remaining: 0,
            retry_after: Duration::from_secs(7),
        })
    }

    async fn give_back(&self, _: &str, _: Duration) -> Result<(), ShortLivedError> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Needs {
    Read,
    Write,
}

impl HttpRole for Shop {
    const NAME: &'static str = "shop";
    const TITLE: &'static str = "Shop";
    type Needs = Needs;
    type Caller = String;
    type Notes = ();

    fn refuses(needs: &Needs) -> Vec<ErrorCode> {
        let writes = (*needs == Needs::Write).then_some(ErrorCode::AdminTokenReadOnly);
        let always = [
            ErrorCode::Unauthorized,
            ErrorCode::RateLimited,
            ErrorCode::ZoneForbidden,
        ];
        always.into_iter().chain(writes).collect()
    }

    fn world(&self) -> &World {
        &self.world
    }

    async fn authenticate(&self, _: Needs, _: &Params, head: &Parts) -> Result<String, Refusal> {
        let token = crate::bearers::bearer_of(&head.headers).map(str::to_owned);
        if token.as_deref() == Some("stuck") {
            // As where the store does not answer.
            std::future::pending::<()>().await;
        }
        token.ok_or_else(|| Refusal::of(ErrorCode::Unauthorized))
    }

    fn limits(&self) -> Option<&Limits> {
        Some(&self.limits)
    }

    async fn may_be_good(&self, head: &Parts) -> bool {
        !matches!(
            crate::bearers::bearer_of(&head.headers),
            Some("stuck" | "stranger")
        )
    }

    fn counted_as(&self, caller: &String) -> String {
        caller.clone()
    }

    fn permit(&self, caller: &String, needs: Needs) -> Result<(), Refusal> {
        if needs == Needs::Write && caller != "writer" {
            return Err(Refusal::of(ErrorCode::AdminTokenReadOnly));
        }
        Ok(())
    }

    async fn admit(&self, inbound: &Inbound<Self>) -> Result<(), Refusal> {
        if inbound.params.get("id") == Some("foreign") {
            return Err(Refusal::of(ErrorCode::ZoneForbidden));
        }
        Ok(())
    }

    fn evidence(_: &Needs, _: &Method) -> Evidence {
        Evidence {
            allowed: Record::Nowhere,
            refused: Record::Administration,
        }
    }

    async fn refused(&self, inbound: &Inbound<Self>, refusal: &Refusal) {
        let refused = (refusal.code.to_string(), inbound.admitted);
        self.refused.lock().push(refused);
    }
}

struct Call(Arc<Inbound<Shop>>);

impl FromInbound<Shop> for Call {
    fn from_inbound(inbound: Arc<Inbound<Shop>>) -> Result<Self, Refusal> {
        inbound.role.handled.fetch_add(1, Ordering::Relaxed);
        Ok(Self(inbound))
    }
}

struct ItemCall;

impl FromInbound<Shop> for ItemCall {
    const PARAMETERS: &'static [&'static str] = &["id"];

    fn from_inbound(_: Arc<Inbound<Shop>>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
struct Item {
    id: ApplicationId,
    price: u32,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewItem {
    price: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Deserialize, ToSchema)]
struct Filter {
    colour: Option<Colour>,
}

/// How a handler's own error is answered.
enum PriceError {
    Odd,
    /// Others are in the way for so many attempts.
    Contended,
}

impl RouteError for PriceError {
    const REFUSES: &'static [ErrorCode] = &[ErrorCode::InvalidBody, ErrorCode::StorageUnavailable];

    fn refusal(self) -> Refusal {
        match self {
            Self::Odd => Refusal::invalid_field(ErrorCode::InvalidBody, "price", "must be even"),
            Self::Contended => Refusal {
                contended: true,
                ..Refusal::of(ErrorCode::StorageUnavailable)
            },
        }
    }
}

async fn list(_: Call, filter: Query<Filter>, page: Paging<2, 5>) -> Result<Answer<Listing<Item>>, Refusal> {
    let price = filter.0.colour.map_or(0, |colour| colour as u32 + 1);
    let item = Item {
        id: ApplicationId::parse(&format!("a-{}", page.0.limit)).unwrap(),
        price,
    };
    Ok(Answer(Listing {
        items: vec![item],
        next_cursor: None,
        total: None,
    }))
}

async fn create(call: Call, Body(new): Body<NewItem>) -> Result<Created<Item>, PriceError> {
    let attempts = call.0.role.handled.load(Ordering::Relaxed);
    match new.price {
        price if price % 2 == 1 => Err(PriceError::Odd),
        // Such a price is agreed on at the third attempt, and 4000 never.
        price if price >= 3000 && (attempts < 3 || price == 4000) => Err(PriceError::Contended),
        price => Ok(Created(Item {
            id: ApplicationId::parse("new").unwrap(),
            price,
        })),
    }
}

async fn end(_: ItemCall, Path(ById { id }): Path<ById<ApplicationId>>) -> Result<NoContent, Refusal> {
    match id.as_str() {
        "own" => Ok(NoContent),
        "gone" => Err(Refusal::of(ErrorCode::ApplicationNotFound)),
        _ => Err(Refusal::of(ErrorCode::ZoneNotFound)),
    }
}

fn routes() -> Vec<Route<Shop>> {
    vec![
        Route::get("/items", "items.list", Needs::Read, list).summary("List items"),
        Route::post("/items", "items.create", Needs::Write, create).invalid(ErrorCode::InvalidResource),
        Route::delete("/items/{id}", "items.end", Needs::Write, end)
            .refuses(&[ErrorCode::ApplicationNotFound]),
    ]
}

struct Reply {
    status: u16,
    body: Value,
    refused: Vec<(String, bool)>,
    handled: u32,
}

fn limits() -> Limits {
    let rules = ["shop:", "shop:refused:"].map(|prefix| Rule::per_minute(prefix, 1));
    Limits::new(Arc::new(Counter), World::for_tests(), rules[0], rules[1])
}

fn shop() -> Arc<Shop> {
    Arc::new(Shop {
        world: World::for_tests(),
        handled: AtomicU32::new(0),
        refused: Arc::default(),
        limits: limits(),
    })
}

async fn ask(token: &str, method: Method, path: &str, body: &str) -> Reply {
    let role = shop();
    let (refused, world) = (role.refused.clone(), role.world.clone());
    let layer = Finish { role: "shop", world };
    let router = mount(&role, routes()).layer(from_fn_with_state(layer, finish));
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.starts_with('{') {
        request = request.header("content-type", "application/json; charset=utf-8");
    }
    let request = request.body(HttpBody::from(body.to_owned())).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let refused = refused.lock().clone();
    Reply {
        status,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        refused,
        handled: role.handled.load(Ordering::Relaxed),
    }
}

impl Reply {
    fn refusal(&self) -> (u16, &str, &str) {
        let text = |member: &str| self.body[member].as_str().unwrap_or_default();
        (self.status, text("error"), text("error_description"))
    }
}

#[tokio::test]
async fn what_is_declared_is_read_handled_and_answered() {
    let reply = ask(
        "reader",
        Method::GET,
        "/items?colour=green&colour=blue&x=1&limit=5",
        "",
    )
    .await;
    assert_eq!(
        (reply.status, &reply.body["items"][0]),
        (200, &json!({"id": "a-5", "price": 2}))
    );
    let reply = ask("writer", Method::POST, "/items", r#"{"price":2}"#).await;
    assert_eq!(
        (reply.status, &reply.body),
        (201, &json!({"id": "new", "price": 2}))
    );
    let reply = ask("writer", Method::DELETE, "/items/own", "ignored").await;
    assert_eq!((reply.status, reply.body), (204, Value::Null));
}

#[tokio::test]
async fn who_is_refused_reaches_no_handler_and_the_first_gate_answers() {
    for (token, method, path, status, code, evidence) in [
        ("", Method::POST, "/items", 401, "unauthorized", None),
        ("greedy", Method::POST, "/items", 429, "rate_limited", Some(false)),
        (
            "reader",
            Method::POST,
            "/items",
            403,
            "admin_token_read_only",
            Some(false),
        ),
        (
            "reader",
            Method::DELETE,
            "/items/%20",
            403,
            "admin_token_read_only",
            Some(false),
        ),
        (
            "writer",
            Method::DELETE,
            "/items/a%20b",
            400,
            "invalid_params",
            Some(false),
        ),
        (
            "writer",
            Method::DELETE,
            "/items/foreign",
            403,
            "zone_forbidden",
            Some(false),
        ),
        (
            "writer",
            Method::POST,
            "/items",
            415,
            "unsupported_media_type",
            Some(true),
        ),
    ] {
        let reply = ask(token, method, path, "not json").await;
        assert_eq!(
            (reply.status, reply.refusal().1),
            (status, code),
            "{token} {path}"
        );
        assert_eq!(reply.body["requestId"], reply.body["request_id"]);
        assert_eq!(reply.handled, 0, "{token} {path}");
        let evidence: Vec<_> = evidence
            .map(|admitted| (code.to_owned(), admitted))
            .into_iter()
            .collect();
        assert_eq!(reply.refused, evidence);
    }
}

#[tokio::test]
async fn a_wrong_field_is_named_wherever_it_stands() {
    for (method, path, body, code, field) in [
        (Method::GET, "/items?colour=blue", "", "invalid_query", "colour"),
        (Method::GET, "/items?limit=6", "", "invalid_query", "limit"),
        (Method::GET, "/items?limit=x", "", "invalid_query", "limit"),
        (Method::GET, "/items?cursor=x", "", "invalid_cursor", "cursor"),
        (
            Method::POST,
            "/items",
            r#"{"price":"x"}"#,
            "invalid_resource",
            "price",
        ),
        (
            Method::POST,
            "/items",
            r#"{"price":2,"x":1}"#,
            "invalid_resource",
            "x",
        ),
        (Method::POST, "/items", r#"{"price":3}"#, "invalid_body", "price"),
        (Method::DELETE, "/items/a%2Fb", "", "invalid_params", "id"),
    ] {
        let reply = ask("writer", method, path, body).await;
        assert_eq!((reply.status, reply.refusal().1), (400, code), "{path} {body}");
        assert_eq!(
            reply.body["details"]["issues"][0]["path"],
            json!([field]),
            "{path} {body}"
        );
    }
    let reply = ask("writer", Method::POST, "/items", "").await;
    assert_eq!((reply.status, reply.refusal().1), (400, "invalid_resource"));
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_where_none_is_read_as_well() {
    let large = format!("{{{}", " ".repeat(crate::body::JSON_LIMIT));
    for method in [Method::POST, Method::GET] {
        let reply = ask("writer", method, "/items", &large).await;
        assert_eq!((reply.status, reply.refusal().1), (413, "payload_too_large"));
    }
}

#[tokio::test]
async fn what_gave_way_is_done_again_and_in_the_end_a_conflict() {
    let reply = ask("writer", Method::POST, "/items", r#"{"price":3000}"#).await;
    assert_eq!((reply.status, reply.handled), (201, 3));
    let reply = ask("writer", Method::POST, "/items", r#"{"price":4000}"#).await;
    assert_eq!((reply.status, reply.refusal().1), (409, "conflict"));
    assert_eq!(reply.refused, [(String::from("conflict"), true)]);
}

#[test]
#[should_panic(expected = "items.end reads id, which /items does not have")]
fn a_route_whose_path_lacks_a_parameter_does_not_start() {
    check(
        Some(&limits()),
        &[Route::<Shop>::delete("/items", "items.end", Needs::Write, end)],
    );
}

#[test]
#[should_panic(expected = "two routes are called items.list")]
fn two_routes_of_one_name_do_not_start() {
    check(Some(&limits()), &[routes().remove(0), routes().remove(0)]);
}

#[tokio::test]
async fn the_document_tells_every_route_and_every_type_it_names() {
    let reply = ask("", Method::GET, "/openapi.json", "").await;
    assert_eq!(reply.status, StatusCode::OK);
    let document = reply.body;
    assert_eq!(document["openapi"], "3.1.0");
    let create = &document["paths"]["/items"]["post"];
    assert_eq!(create["operationId"], "items.create");
    let taken = &create["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(taken, "#/components/schemas/NewItem");
    assert!(create["responses"]["201"].is_object() && create["responses"]["default"].is_object());
    let names: Vec<_> = document["paths"]["/items"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["colour", "limit", "cursor"]);
    assert_eq!(
        document["paths"]["/items/{id}"]["delete"]["parameters"][0]["in"],
        "path"
    );
    let colour = &document["paths"]["/items"]["get"]["parameters"][0];
    assert_eq!(
        (&colour["in"], &colour["required"]),
        (&json!("query"), &json!(false))
    );
    assert_eq!(colour["schema"], json!({"$ref": "#/components/schemas/Colour"}));
    assert_eq!(unresolved(&document), Vec::<String>::new());
}

#[tokio::test]
async fn the_document_tells_the_refusals_that_follow_from_a_declaration() {
    let document = ask("", Method::GET, "/openapi.json", "").await.body;
    let refusals = |path: &str, method: &str| -> Vec<String> {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        responses
            .keys()
            .filter(|status| !status.starts_with('2'))
            .cloned()
            .collect()
    };
    let list = ["400", "401", "403", "413", "429", "503", "default"];
    assert_eq!(refusals("/items", "get"), list);
    let create = [
        "400", "401", "403", "404", "409", "412", "413", "415", "429", "503", "default",
    ];
    assert_eq!(refusals("/items", "post"), create);
    let end = [
        "400", "401", "403", "404", "409", "412", "413", "429", "503", "default",
    ];
    assert_eq!(refusals("/items/{id}", "delete"), end);
    let busy = &document["components"]["responses"]["StorageUnavailable503"];
    assert_eq!(busy["headers"]["Retry-After"]["schema"]["type"], "integer");
    let problem = &busy["content"]["application/json"]["schema"]["allOf"][0]["$ref"];
    assert_eq!(problem, "#/components/schemas/Problem");
    // What is meant for readers of the Rust documentation stays there.
    assert!(!document.to_string().contains("```"));
}

#[tokio::test]
async fn the_document_tells_which_codes_a_route_answers_with_each_status() {
    let document = ask("", Method::GET, "/openapi.json", "").await.body;
    let codes = |path: &str, method: &str, status: &str| {
        let response = &document["paths"][path][method]["responses"][status];
        let shared = response["$ref"].as_str().map(|name| name.trim_start_matches('#'));
        let response = shared.map_or(response, |name| document.pointer(name).unwrap());
        response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"]["enum"].clone()
    };
    assert_eq!(
        codes("/items", "post", "400"),
        json!(["invalid_body", "invalid_resource"]),
        "of the handler's own error and of a wrong body"
    );
    assert_eq!(
        codes("/items", "get", "400"),
        json!(["invalid_cursor", "invalid_query"])
    );
    assert_eq!(
        codes("/items/{id}", "delete", "404"),
        json!(["application_not_found", "reference_not_found"])
    );
    assert_eq!(codes("/items", "get", "403"), json!(["zone_forbidden"]));
    assert_eq!(
        codes("/items", "post", "403"),
        json!(["admin_token_read_only", "zone_forbidden"]),
        "what a route needs decides what the role refuses"
    );
}

#[tokio::test]
#[should_panic(expected = "items.end answered 404 zone_not_found, which it does not declare")]
async fn a_code_that_the_document_does_not_tell_fails_a_build_under_test() {
    ask("writer", Method::DELETE, "/items/unheard-of", "").await;
}

#[tokio::test]
async fn refused_credentials_and_reached_limits_are_counted() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _here = ::metrics::set_default_local_recorder(&recorder);
    ask("", Method::GET, "/items", "").await;
    ask("greedy", Method::GET, "/items", "").await;
    ask("reader", Method::GET, "/items", "").await;
    let shown = metrics.render();
    for line in [
        "caracal_http_credentials_refused_total{role=\"shop\"} 1",
        "caracal_http_limited_total{limit=\"calls\"} 1",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
}
