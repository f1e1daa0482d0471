//! A real server of WebSockets, and real openings through the Gateway to it.

use caracal_core::entity::OperationEnforcement;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        handshake::server::{Request as Asked, Response as Given},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::stage::{Options, RESOURCE, Stage, directive};

pub(super) type Socket = WebSocketStream<TcpStream>;

/// What reached the server: the heads of openings, then whatever its sockets were sent.
#[derive(Debug)]
pub(super) enum Reached {
    Opening(String, HeaderMap),
    Message(Message),
    Gone,
}

/// A server that says everything back, and answers `leave` by closing.
async fn serve() -> (String, mpsc::UnboundedReceiver<Reached>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let (tell, reached) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let heads = tell.clone();
                #[expect(clippy::result_large_err, reason = "the signature of the library")]
                let note = |asked: &Asked, mut given: Given| {
                    let target = asked.uri().to_string();
                    let _ = heads.send(Reached::Opening(target, asked.headers().clone()));
                    if let Some(protocol) = asked.headers().get("sec-websocket-protocol") {
                        given
                            .headers_mut()
                            .insert("sec-websocket-protocol", protocol.clone());
                    }
                    Ok(given)
                };
                let Ok(mut socket) = accept_hdr_async(stream, note).await else {
                    return;
                };
                while let Some(Ok(message)) = socket.next().await {
                    let _ = tell.send(Reached::Message(message.clone()));
                    if message == Message::text("leave") {
                        let why = CloseFrame {
                            code: CloseCode::Library(4321),
                            reason: "as told".into(),
                        };
                        let _ = socket.close(Some(why)).await;
                    } else if message.is_text() || message.is_binary() {
                        let _ = socket.send(message).await;
                    }
                }
                let _ = tell.send(Reached::Gone);
            });
        }
    });
    (url, reached)
}

pub(super) async fn stage_with(options: Options) -> (Stage, mpsc::UnboundedReceiver<Reached>) {
    let stage = Stage::with(options).await;
    stage
        .declare(
            OperationEnforcement::Enforced,
            &[("WEBSOCKET", "/feed/{id}"), ("GET", "/plain")],
        )
        .await;
    let (url, reached) = serve().await;
    *stage.decision.directive.lock() = directive(&url);
    (stage, reached)
}

pub(super) async fn stage() -> (Stage, mpsc::UnboundedReceiver<Reached>) {
    stage_with(Options::default()).await
}

pub(super) fn opening(stage: &Stage, token: &str, path: &str) -> Request<()> {
    let mut request = format!("ws://{}{path}", stage.address)
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    headers.insert("x-caracal-resource", RESOURCE.parse().unwrap());
    headers.insert("sec-websocket-protocol", "chat".parse().unwrap());
    headers.insert("origin", "https://app.example".parse().unwrap());
    request
}

pub(super) async fn open(stage: &Stage, token: &str, path: &str) -> Result<(Socket, HeaderMap), Box<Error>> {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let (socket, response) = client_async(opening(stage, token, path), stream).await?;
    Ok((socket, response.headers().clone()))
}

/// The status of a refused opening, and its reason where it is ours.
pub(super) async fn refused(stage: &Stage, request: Request<()>) -> (u16, String) {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    match client_async(request, stream).await {
        Err(Error::Http(response)) => {
            let body: Value =
                serde_json::from_slice(response.body().as_deref().unwrap_or_default()).unwrap_or_default();
            let reason = body["reason"].as_str().unwrap_or_default().to_owned();
            (response.status().as_u16(), reason)
        }
        other => panic!("neither refused nor answered: {other:?}"),
    }
}

pub(super) async fn metadata(stage: &Stage) -> (String, Value) {
    let event = stage.events(1).await.remove(0);
    let data = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
    (event.evaluation_status, data)
}

pub(super) async fn close_of(socket: &mut Socket) -> (u16, String) {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
            Some(Ok(_)) => {}
            other => panic!("no word of why it closes: {other:?}"),
        }
    }
}

pub(super) async fn gone(reached: &mut mpsc::UnboundedReceiver<Reached>) {
    loop {
        match reached.recv().await {
            Some(Reached::Gone) => return,
            Some(_) => {}
            None => panic!("the server is gone itself"),
        }
    }
}
