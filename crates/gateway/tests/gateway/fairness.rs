//! What one zone does, and what another gets meanwhile.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use caracal_crypto::mandate;
use caracal_testkit::upstream::Answer;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::stage::{Options, Stage};

fn few_places() -> Options {
    let mut options = Options::default();
    options.config.max_calls_per_host = 16;
    options.config.permit_timeout = Duration::from_millis(50);
    options
}

#[tokio::test]
async fn a_zone_whose_calls_hang_leaves_places_of_the_host_to_the_others() {
    let stage = Stage::with(few_places()).await;
    let (zone, key) = stage.another_zone().await;
    let call = |token: String, path: &'static str| {
        stage.open(stage.request(&token, path).body(Body::empty()).unwrap())
    };
    stage.upstream.always(Answer::Hang);
    let mut hanging = Vec::new();
    loop {
        let token = stage.mandate();
        let request = stage.request(&token, "/a").body(Body::empty()).unwrap();
        let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
            .build_http::<Body>();
        let mut call = tokio::spawn(async move { client.request(request).await.unwrap().status() });
        let begun = hanging.len() + 1;
        loop {
            tokio::select! {
                status = &mut call => {
                    assert_eq!(status.unwrap(), 503);
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => {
                    if stage.upstream.requests() == begun {
                        break;
                    }
                }
            }
        }
        if call.is_finished() {
            break;
        }
        hanging.push(call);
    }
    assert_eq!(hanging.len(), 12, "three quarters of the permits");
    stage.upstream.always(Answer::Echo);
    let mut claims = stage.claims();
    claims.zone_id = zone;
    let token = mandate::sign(&claims, &key).unwrap();
    assert_eq!(call(token, "/a").await.status(), 200);
    assert_eq!(call(stage.mandate(), "/a").await.status(), 503);
    for call in hanging {
        call.abort();
    }
}

#[tokio::test]
async fn a_caller_that_stops_reading_gives_its_place_back() {
    let mut options = few_places();
    options.config.max_calls_per_host = 1;
    options.config.stream_idle_timeout = Duration::from_millis(200);
    let stage = Stage::with(options).await;
    let head = format!("GET /a HTTP/1.1\r\nHost: gw\r\n{}\r\n", stage.credentials());
    let stream = stage.streams("application/octet-stream");
    let mut caller = TcpStream::connect(stage.address).await.unwrap();
    caller.write_all(head.as_bytes()).await.unwrap();
    // Until every buffer on the way is full and the call is ended for it.
    let piece = Bytes::from(vec![7; 256 * 1024]);
    while stream.send(piece.clone()).await {}
    assert_eq!(stage.get("/a").await.status, 200);
    let events = stage.events(2).await;
    let data: serde_json::Value =
        serde_json::from_str(events[0].metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(data["error_kind"], "reader_stalled");
    drop(caller);
}

#[tokio::test]
async fn many_refusals_of_one_mandate_are_few_events_that_say_how_many() {
    let stage = Stage::new().await;
    let token = stage.mandate();
    let mut statuses = Vec::new();
    for _ in 0..300 {
        let request = stage
            .request(&token, "/a")
            .header("x-caracal-client-id", "x")
            .body(Body::empty())
            .unwrap();
        statuses.push(stage.send(request).await.status.as_u16());
    }
    assert!(statuses.iter().all(|status| *status == 400));
    let events = stage.events(13).await;
    let times: Vec<u64> = events
        .iter()
        .map(|event| {
            let data: serde_json::Value =
                serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
            data["times"].as_u64().unwrap_or(1)
        })
        .collect();
    assert_eq!(times, [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 128, 256]);
    assert!(stage.no_more_events().await);
    // Another mandate of the same zone is counted for itself.
    let request = stage
        .request(&stage.mandate(), "/a")
        .header("x-caracal-client-id", "x")
        .body(Body::empty())
        .unwrap();
    assert_eq!(stage.send(request).await.status, 400);
    assert_eq!(stage.events(1).await.len(), 1);
}
