//! Routes that read a form.

use super::*;

/// What such a client sends.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Order {
    item: ApplicationId,
    note: Option<String>,
}

async fn order(_: Call, Form(order): Form<Order>) -> Result<Answer<Order>, Refusal> {
    Ok(Answer(order))
}

fn orders() -> Vec<Route<Shop>> {
    vec![
        Route::post("/orders", "orders.create", Needs::Read, order)
            .invalid(ErrorCode::InvalidToken)
            .body_limit(64),
    ]
}

async fn post(path: &str, kind: &str, body: &'static str) -> (u16, Value) {
    let request = Request::post(path)
        .header("authorization", "Bearer reader")
        .header("content-type", kind)
        .body(HttpBody::from(body))
        .unwrap();
    let layer = Finish {
        role: "shop",
        world: World::for_tests(),
    };
    let router = mount(&shop(), orders()).layer(from_fn_with_state(layer, finish));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

const KIND: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_form_that_is_wrong_is_refused_with_the_field_and_the_code_of_its_route() {
    for (path, kind, body, status, field) in [
        ("/orders", KIND, "", 400, Some("item")),
        ("/orders", KIND, "item=a%2Fb", 400, Some("item")),
        ("/orders", KIND, "item=a&item=a", 400, Some("item")),
        ("/orders", KIND, "item=a&x=1&x=2", 400, Some("x")),
        ("/orders", KIND, "item=a&note=%00", 400, Some("note")),
        ("/orders?item=a", KIND, "item=a", 400, None),
        ("/orders", "application/json", "{}", 415, None),
    ] {
        let (told, refusal) = post(path, kind, body).await;
        assert_eq!(
            (told, &refusal["error"]),
            (status, &json!("invalid_token")),
            "{body}"
        );
        let named = &refusal["details"]["issues"][0]["path"][0];
        assert_eq!(named.as_str(), field, "{body}: {refusal}");
    }
    let long = "item=0123456789012345678901234567890123456789012345678901234567890123456789";
    assert_eq!(post("/orders", KIND, long).await.0, 413);
}

#[tokio::test]
async fn a_form_is_read_as_its_type_and_told_as_that() {
    let form = format!("{KIND}; charset=utf-8");
    let (status, answer) = post("/orders", &form, "item=a&note=&unknown=1").await;
    assert_eq!((status, answer), (200, json!({"item": "a", "note": null})));
    let document: Value = serde_json::from_str(&document(&orders())).unwrap();
    let body = &document["paths"]["/orders"]["post"]["requestBody"]["content"][KIND]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/Order");
    assert_eq!(
        document["components"]["schemas"]["Order"]["required"],
        json!(["item"])
    );
}
