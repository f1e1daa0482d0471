//! What ordinary clients send and get is the same with and without the Gateway between.
//!
//! Each client makes every exchange of the corpus twice. What its server received may differ in what is the Gateway's to
//! say, and what the client got not at all but for that. What differs by decision, the handbook tells
//! (`docs/src/reference/forwarding.md`).

mod answers;
mod clients;
mod exchanges;
mod upstream;
mod wire;

use std::{collections::BTreeSet, sync::Arc};

use caracal_gateway::GatewayConfig;

use self::{
    clients::CorpusClient,
    exchanges::{CorpusExchange, corpus},
    upstream::{Arrived, CASE, ScriptedUpstream},
    wire::{Fields, Got},
};
use crate::stage::{Options, RESOURCE, Stage, directive};

/// Fewest exchanges of the corpus.
const EXCHANGES: usize = 200;

/// What stands between the client and whoever is next, and what is the Gateway's to say to the upstream.
fn is_of_the_hop_up(name: &str) -> bool {
    name.starts_with("x-forwarded-")
        || matches!(
            name,
            "host" | "authorization" | "traceparent" | "x-request-id" | "connection" | "expect" | "trailer"
        )
}

/// The same for what the client gets.
fn is_of_the_hop_down(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "transfer-encoding"
            | "trailer"
            | "x-request-id"
            | "x-caracal-token-expires-in"
    )
}

fn passed_on(arrived: &Arrived) -> Arrived {
    Arrived {
        fields: arrived.fields.without(is_of_the_hop_up),
        trailers: arrived.trailers.without(|_| false),
        ..arrived.clone()
    }
}

fn answered(got: &Got, exchange: &CorpusExchange) -> Got {
    // An empty body that is here whole may come with its length instead of in no chunks. To HEAD it would be another answer.
    let is_empty = exchange.method != "HEAD" && got.headers.has("content-length", "0");
    Got {
        headers: got
            .headers
            .without(|name| is_of_the_hop_down(name) || (is_empty && name == "content-length")),
        trailers: got.trailers.without(|_| false),
        ..got.clone()
    }
}

#[tokio::test]
async fn ordinary_clients_get_the_same_bytes_with_and_without_the_gateway() {
    let corpus = Arc::new(corpus());
    let names: BTreeSet<&str> = corpus.iter().map(|exchange| exchange.name.as_str()).collect();
    assert!(names.len() >= EXCHANGES, "{} exchanges", names.len());
    let stage = Stage::with(Options {
        config: GatewayConfig {
            max_request_bytes: 2 << 20,
            ..GatewayConfig::default()
        },
        ..Options::default()
    })
    .await;
    let upstream = ScriptedUpstream::start(corpus.clone()).await;
    let mut directive = directive(&format!("http://{}", upstream.address));
    directive.cookies = true;
    *stage.decision.directive.lock() = directive;
    let mut differences = Vec::new();
    for client in CorpusClient::ALL {
        let mine: Vec<(usize, &CorpusExchange)> = (corpus.iter().enumerate())
            .filter(|(_, exchange)| exchange.is_by(client))
            .collect();
        let run = async |host: String, governed: bool| {
            let sent = mine.iter().map(|(place, exchange)| {
                let mut fields = Fields::default();
                fields.push(CASE, &place.to_string());
                if governed {
                    fields.push("authorization", &format!("Bearer {}", stage.mandate()));
                    fields.push("x-caracal-resource", RESOURCE);
                }
                ((*exchange).clone(), fields)
            });
            let sent: Vec<(CorpusExchange, Fields)> = sent.collect();
            let running = tokio::task::spawn_blocking(move || client.run(&host, &sent));
            (running.await.unwrap(), upstream.take())
        };
        let (direct, directly) = run(upstream.address.to_string(), false).await;
        let (governed, seen) = run(stage.address.to_string(), true).await;
        assert_eq!(direct.len(), mine.len(), "{client:?}");
        for (at, (place, exchange)) in mine.iter().enumerate() {
            let (one, other) = (answered(&direct[at], exchange), answered(&governed[at], exchange));
            if one != other {
                differences.push(format!(
                    "{client:?} got another answer: {}\n{one:?}\n{other:?}",
                    exchange.name
                ));
            }
            let of = |seen: &[Arrived]| -> Vec<Arrived> {
                let of = seen.iter().filter(|arrived| arrived.case == *place);
                of.map(passed_on).collect()
            };
            let (one, other) = (of(&directly), of(&seen));
            if one != other || one.len() != 1 {
                differences.push(format!(
                    "{client:?} was passed on as another: {}\n{one:?}\n{other:?}",
                    exchange.name
                ));
            }
        }
    }
    let differences: Vec<String> = differences
        .iter()
        .map(|text| text.chars().take(1500).collect())
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
