//! Routes whose handlers take the request as it came, and parameters that are read once.

use super::*;
use crate::body::read_bounded;

async fn call(routes: Vec<Route<Shop>>, request: Request) -> (u16, Value) {
    let role = Shop {
        world: World::for_tests(),
        handled: AtomicU32::new(0),
        refused: Arc::default(),
        limits: limits(),
    };
    let layer = Finish {
        role: "shop",
        world: role.world.clone(),
    };
    let router = Router::from(router(role, routes)).layer(from_fn_with_state(layer, finish));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn echo() -> Vec<Route<Shop>> {
    let declared = Declaration::new(Method::POST, "/echo", "echo.post", Needs::Read, |operation| {
        operation.form::<Item>();
        operation.text(StatusCode::OK, "application/json");
    })
    .refuses(&[ErrorCode::PayloadTooLarge]);
    let handler = async |_: Arc<Shop>, request: Request| {
        let body = read_bounded(request.into_body(), 16).await?;
        Ok(finished_json(body))
    };
    vec![Route::raw(declared, "it is tried", handler).also("//echo")]
}

fn finished_json(body: bytes::Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[tokio::test]
async fn a_raw_route_is_served_on_each_of_its_paths_and_refused_in_the_envelope() {
    for path in ["/echo", "//echo"] {
        let request = |body: &'static str| Request::post(path).body(HttpBody::from(body)).unwrap();
        let served = call(echo(), request("{\"a\":1}")).await;
        assert_eq!(
            served,
            (200, json!({"a": 1})),
            "{path}: nobody was asked who they are"
        );
        let (status, refused) = call(echo(), request("{\"more\": \"than it takes\"}")).await;
        assert_eq!((status, &refused["error"]), (413, &json!("payload_too_large")));
        assert!(refused["requestId"].is_string());
    }
}

#[tokio::test]
async fn pages_of_other_origins_call_what_is_open_to_them_and_nothing_else() {
    async fn answered(open: bool, request: http::request::Builder) -> Response {
        let role = Shop {
            world: World::for_tests(),
            handled: AtomicU32::new(0),
            refused: Arc::default(),
            limits: limits(),
        };
        let mut routes = echo();
        if open {
            routes = routes.into_iter().map(Route::open_to_pages).collect();
        }
        let router = Router::from(router(role, routes));
        let body = HttpBody::from("{\"more\": \"than it takes\"}");
        router.oneshot(request.body(body).unwrap()).await.unwrap()
    }
    let asks = |method: &str| {
        Request::builder()
            .method("OPTIONS")
            .uri("/echo")
            .header("origin", "https://page.example.com")
            .header("access-control-request-method", method)
    };
    let cross = |response: &Response| -> Vec<(String, String)> {
        let headers = response.headers().iter();
        let of_cors = headers.filter(|(name, _)| name.as_str().starts_with("access-control-"));
        let mut found: Vec<_> = of_cors
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        found.sort();
        found
    };
    let told = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pair = |(name, value): &(&str, &str)| (format!("access-control-{name}"), (*value).to_owned());
        pairs.iter().map(pair).collect()
    };
    let readable = [
        ("allow-origin", "*"),
        ("expose-headers", "dpop-nonce, retry-after, x-request-id"),
    ];
    // Whatever method is asked for, the one there is is told; the browser compares.
    for method in ["POST", "DELETE"] {
        let asked = answered(true, asks(method)).await;
        assert_eq!(asked.status(), StatusCode::NO_CONTENT);
        let all = [
            ("allow-headers", "content-type, dpop, mcp-protocol-version"),
            ("allow-methods", "POST"),
            readable[0],
            readable[1],
            ("max-age", "600"),
        ];
        assert_eq!(cross(&asked), told(&all));
    }
    let refused = answered(
        true,
        Request::post("/echo").header("origin", "https://page.example.com"),
    )
    .await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(cross(&refused), told(&readable), "a page learns why");
    let plain = answered(true, Request::builder().method("OPTIONS").uri("/echo")).await;
    assert_eq!(plain.status(), StatusCode::METHOD_NOT_ALLOWED);
    for request in [asks("POST"), Request::post("/echo")] {
        assert_eq!(cross(&answered(false, request).await), Vec::new());
    }
}

#[test]
fn the_document_tells_a_raw_route_once_with_its_form() {
    let document: Value = serde_json::from_str(&document(&echo())).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.keys().collect::<Vec<_>>(), ["/echo"]);
    let form = &paths["/echo"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"];
    assert_eq!(form["schema"]["$ref"], "#/components/schemas/Item");
}

#[tokio::test]
async fn a_parameter_that_may_stand_once_is_refused_when_it_stands_twice() {
    #[derive(Debug, Deserialize, ToSchema)]
    struct Asked {
        limit: Option<u32>,
    }
    async fn handle(
        _: Arc<Inbound<Shop>>,
        QueryOnce(asked): QueryOnce<Asked>,
    ) -> Result<Answer<u32>, Refusal> {
        Ok(Answer(asked.limit.unwrap_or(7)))
    }
    for (query, expected) in [
        ("", Ok(7)),
        ("?limit=3&unknown=1&unknown=2", Ok(3)),
        ("?limit=3&limit=4", Err("limit")),
        ("?limit=3&limit=3", Err("limit")),
        ("?limit=x", Err("limit")),
    ] {
        let routes = vec![Route::get("/once", "once.get", Needs::Read, handle)];
        let request = Request::get(format!("/once{query}")).header("authorization", "Bearer reader");
        let (status, body) = call(routes, request.body(HttpBody::empty()).unwrap()).await;
        match expected {
            Ok(limit) => assert_eq!((status, body), (200, json!(limit)), "{query}"),
            Err(field) => {
                assert_eq!(
                    (status, &body["error"]),
                    (400, &json!("invalid_query")),
                    "{query}"
                );
                assert!(
                    body["error_description"].as_str().unwrap().contains(field),
                    "{body}"
                );
            }
        }
    }
}
