//! The same listener, over HTTP/2.

use caracal_wire::ErrorCode;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::Frame;

use super::{certificate, impatient, limits, listen_with};
use crate::{
    egress::{Egress, EgressPolicy},
    server::{ServerLimits, TlsServer},
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn with_http2(limits: ServerLimits) -> ServerLimits {
    ServerLimits {
        http2: true,
        ..limits
    }
}

#[tokio::test]
async fn http2_is_agreed_on_where_the_listener_has_it_and_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    let (files, pem) = certificate(directory.path());
    let tls = Arc::new(TlsServer::open(files).unwrap());
    let egress = Egress::trusting(EgressPolicy::provisioned(), Some(pem.as_bytes())).unwrap();
    let (both, one) = (
        listen_with(with_http2(limits()), Some(tls.clone())).await,
        listen_with(limits(), Some(tls)).await,
    );
    let health = |port: u16| {
        let uri: http::Uri = format!("https://localhost:{port}/health").parse().unwrap();
        Request::get(uri).body(Empty::<bytes::Bytes>::new()).unwrap()
    };
    let newer = egress.http2_client();
    let answer = newer.request(health(both.address.port())).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_2)
    );
    assert!(newer.request(health(one.address.port())).await.is_err());
    let older = egress.client();
    for server in [&both, &one] {
        let answer = older.request(health(server.address.port())).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, Version::HTTP_11)
        );
    }
}

#[tokio::test]
async fn a_body_that_stops_is_late_over_http2_too() {
    let server = listen_with(with_http2(impatient()), None).await;
    let egress = Egress::new(EgressPolicy::provisioned());
    let uri: http::Uri = format!("http://{}/echo", server.address).parse().unwrap();
    let (send, mut receive) = tokio::sync::mpsc::channel(1);
    let body = StreamBody::new(futures_util::stream::poll_fn(move |cx| {
        receive
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| Ok::<_, Infallible>(Frame::data(piece))))
    }));
    send.send(bytes::Bytes::from_static(b"begun")).await.unwrap();
    let answer = egress
        .http2_client()
        .request(Request::post(uri).body(body).unwrap())
        .await
        .unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(!text.is_empty());
    drop(send);
}

#[tokio::test]
async fn a_connection_without_requests_is_not_kept_for_ever() {
    let brief = ServerLimits {
        idle_timeout: Duration::from_millis(200),
        ..impatient()
    };
    let server = listen_with(with_http2(brief), None).await;
    let mut silent = tokio::net::TcpStream::connect(server.address).await.unwrap();
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut all = Vec::new();
    silent.read_to_end(&mut all).await.unwrap();
    // Part of a preface is a head of HTTP/1.1 that is late.
    let mut part = tokio::net::TcpStream::connect(server.address).await.unwrap();
    part.write_all(b"PRI * HTTP").await.unwrap();
    let mut answer = String::new();
    part.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(ErrorCode::RequestTimeout.as_str()), "{answer}");
}
