//! Clients that describe themselves: the id of one is the https address of its description.

use std::{net::IpAddr, time::Duration};

use caracal_core::TextRule;
use caracal_service::{Refusal, limits::network, oauth::DocumentError, refreshed::Timed};
use serde::Deserialize;
use url::Url;

use super::redirect_uri::{MAX_REDIRECTS, check_redirect};
use crate::{StsDeps, authenticate::unavailable, outside::Client};

/// Largest description, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// For how long a description is believed whose server says nothing of that, and the least and the most that it may say. What is
/// none is looked for again after the least; what was one serves for the most while its server is away.
const USUAL_AGE: Duration = Duration::from_mins(5);
const LEAST_AGE: Duration = Duration::from_mins(1);
const MOST_AGE: Duration = Duration::from_hours(24);
/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 64;

/// What of a description counts.
#[derive(Debug, Deserialize)]
struct Document {
    client_id: String,
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<serde_json::Value>,
    #[serde(default)]
    dpop_bound_access_tokens: bool,
}

/// The client that `id` describes, from memory where that is fresh; nothing where it is no description of one.
///
/// # Errors
/// 503 while it cannot be had.
pub(super) async fn fetch(deps: &StsDeps, id: &str, peer: Option<IpAddr>) -> Result<Option<Client>, Refusal> {
    let Some(host) = host_of(id) else {
        return Ok(None);
    };
    let held = deps.sign_ins.described.of(id);
    if let Some(known) = held.fresh() {
        return Ok(known.value.clone());
    }
    // Before anybody asks: who gets no turn must not make others wait for what nobody asked.
    let turn = deps.sign_ins.turns.take(&host, &network(peer)).await;
    let Some(_turn) = turn else {
        return Err(unavailable());
    };
    let known = held.get(ask(deps, id, host)).await.map_err(|_| unavailable())?;
    Ok(known.value.clone())
}

/// Who the description is of, and for how long that is believed. What its server has no answer to now is no answer.
async fn ask(deps: &StsDeps, id: &str, host: String) -> Result<Timed<Option<Client>>, DocumentError> {
    let (client, max_age) = match deps.sign_ins.documents.get_to_keep(id, MAX_BYTES).await {
        Ok(document) => (read(id, host, &document.body), document.max_age),
        Err(
            error @ (DocumentError::Unreachable
            | DocumentError::TimedOut
            | DocumentError::Status(429 | 500..)),
        ) => return Err(error),
        Err(DocumentError::Status(_) | DocumentError::Refused | DocumentError::TooLarge) => (None, None),
    };
    let (renew_after, usable_for) = believed(client.is_some(), max_age);
    let now = deps.world.now();
    Ok(Timed {
        value: client,
        got_at: now,
        renew_at: now.plus(renew_after),
        usable_until: now.plus(usable_for),
    })
}

/// After what time a description is fetched anew, and how long it serves where that fails.
fn believed(is_one: bool, max_age: Option<Duration>) -> (Duration, Duration) {
    if is_one {
        let renew_after = max_age.unwrap_or(USUAL_AGE).clamp(LEAST_AGE, MOST_AGE);
        (renew_after, MOST_AGE)
    } else {
        (LEAST_AGE, LEAST_AGE)
    }
}

/// The host of an address that can be the id of a client: https with a path, one spelling, nothing that hides where it leads.
fn host_of(id: &str) -> Option<String> {
    let url = Url::parse(id).ok()?;
    let plain = url.scheme() == "https"
        && url.as_str() == id
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path().len() > 1;
    url.host_str().filter(|_| plain).map(str::to_owned)
}

fn read(id: &str, host: String, document: &[u8]) -> Option<Client> {
    let document: Document = serde_json::from_slice(document).ok()?;
    let method = document.token_endpoint_auth_method.as_deref();
    // What has a secret that everybody can read has none.
    let public = document.client_secret.is_none() && method.is_none_or(|method| method == "none");
    let count = document.redirect_uris.len();
    let sound = document.client_id == id && public && (1..=MAX_REDIRECTS).contains(&count);
    let uris = document.redirect_uris;
    if !sound || uris.iter().any(|uri| check_redirect(uri).is_err()) {
        return None;
    }
    let name = document.client_name.unwrap_or_default();
    let name = Some(name).filter(|name| TextRule::line(MAX_NAME).check(name).is_ok());
    Some(Client {
        name: name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| host.clone()),
        host: Some(host),
        redirect_uris: uris,
        proves_key: document.dpop_bound_access_tokens,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "https://app.example.com/client.json";

    fn read_as(document: &Value) -> Option<Client> {
        read(
            ID,
            String::from("app.example.com"),
            document.to_string().as_bytes(),
        )
    }

    #[test]
    fn a_description_is_believed_as_long_as_its_server_says_within_bounds() {
        let day = MOST_AGE;
        for (said, renewed) in [
            (None, USUAL_AGE),
            (Some(Duration::ZERO), LEAST_AGE),
            (Some(Duration::from_mins(10)), Duration::from_mins(10)),
            (Some(Duration::MAX), day),
        ] {
            assert_eq!(believed(true, said), (renewed, day), "{said:?}");
            assert_eq!(believed(false, said), (LEAST_AGE, LEAST_AGE), "{said:?}");
        }
    }

    #[test]
    fn an_id_leads_to_one_place_over_https() {
        assert_eq!(host_of(ID).as_deref(), Some("app.example.com"));
        for bad in [
            "",
            "client",
            "http://app.example.com/client.json",
            "https://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/a?b",
            "https://app.example.com/a#b",
            "https://u@app.example.com/a",
            "https://APP.example.com/a",
            "https://app.example.com/x/../a",
        ] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_description_is_of_its_own_address_and_of_a_client_without_a_secret() {
        let good =
            json!({"client_id": ID, "client_name": "App", "redirect_uris": ["https://app.example.com/back"]});
        let read = read_as(&good).unwrap();
        assert_eq!(
            (read.name.as_str(), read.host.as_deref()),
            ("App", Some("app.example.com"))
        );
        let with = |name: &str, value: Value| {
            let mut document = good.clone();
            document[name] = value;
            read_as(&document)
        };
        assert!(with("token_endpoint_auth_method", json!("none")).is_some());
        assert!(!read.proves_key && with("dpop_bound_access_tokens", json!(true)).unwrap().proves_key);
        assert!(with("dpop_bound_access_tokens", json!("yes")).is_none());
        assert_eq!(
            with("client_name", json!("a\u{202e}b")).unwrap().name,
            "app.example.com"
        );
        for (name, value) in [
            ("client_id", json!("https://app.example.com/other.json")),
            ("client_secret", json!("s")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("redirect_uris", json!([])),
            ("redirect_uris", json!(["http://app.example.com/back"])),
            (
                "redirect_uris",
                json!(vec!["https://app.example.com/back"; MAX_REDIRECTS + 1]),
            ),
            ("redirect_uris", json!(null)),
        ] {
            assert!(with(name, value.clone()).is_none(), "{name}: {value}");
        }
    }
}
