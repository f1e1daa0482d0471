//! Who asks a person to sign in: a client that describes itself at its own address (Client ID Metadata Documents), or one
//! that registered (RFC 7591). Neither has a secret; who it is, is where it has people sent back to.

use std::net::IpAddr;

use caracal_core::SignInRules;
use caracal_crypto::sha256_hex;
use caracal_service::Refusal;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    metadata_document,
    redirect_uri::{check_redirect, is_loopback},
    sealed::{Step, open},
};
use crate::{StsDeps, outside::Client};

/// Longest id of a client.
pub(super) const MAX_ID_BYTES: usize = 2048;
/// What the ids of clients begin with that registered.
pub(super) const REGISTERED: &str = "registered.";

/// What a client said when it registered. Its id is this, sealed: so nothing is kept, and nobody fills a table.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(super) proves_key: bool,
    /// Tells it from others that said the same.
    pub(super) id: String,
}

impl Step for Registered {
    const NAME: &'static str = "client";
}

/// What identifies a client from then on.
pub(super) fn digest(client_id: &str) -> String {
    sha256_hex(client_id.as_bytes())
}

/// The client of this id; nothing where it is none.
///
/// # Errors
/// 429 and 503.
pub(super) async fn find(deps: &StsDeps, id: &str, peer: Option<IpAddr>) -> Result<Option<Client>, Refusal> {
    if let Some(sealed) = id.strip_prefix(REGISTERED) {
        let registered: Option<Registered> = open(deps, sealed);
        return Ok(registered.map(|registered| Client {
            name: registered.name,
            host: None,
            redirect_uris: registered.redirect_uris,
            proves_key: registered.proves_key,
        }));
    }
    metadata_document::fetch(deps, id, peer).await
}

/// Whether the client is still one, and people may still be sent back to `uri` for it.
///
/// # Errors
/// 429 and 503.
pub(super) async fn stands(
    deps: &StsDeps,
    id: &str,
    uri: &str,
    rules: &SignInRules,
    peer: Option<IpAddr>,
) -> Result<bool, Refusal> {
    let client = find(deps, id, peer).await?;
    Ok(client.is_some_and(|client| client.may_have_sent_back(uri, rules)))
}

/// Whether an application lets people be sent back to `uri`, whoever the client is.
pub(super) fn is_let_back(uri: &str, rules: &SignInRules) -> bool {
    check_redirect(uri).is_ok_and(|url| is_allowed(&url, rules))
}

impl Client {
    /// Whether people may be sent back to `uri`: the client named it, byte for byte (but for the port of a program that listens
    /// on the device, RFC 8252 §7.3), and the application lets people be sent there.
    pub(super) fn may_have_sent_back(&self, uri: &str, rules: &SignInRules) -> bool {
        let Ok(asked) = check_redirect(uri) else {
            return false;
        };
        let named = self.redirect_uris.iter().any(|known| {
            known == uri || Url::parse(known).is_ok_and(|known| differ_in_port_alone(&known, &asked))
        });
        named && is_allowed(&asked, rules)
    }
}

fn differ_in_port_alone(known: &Url, asked: &Url) -> bool {
    let portless = |url: &Url| {
        let mut url = url.clone();
        url.set_port(None).is_ok().then_some(url)
    };
    let on_device = |url: &Url| url.scheme() == "http" && is_loopback(url);
    on_device(known) && on_device(asked) && portless(known) == portless(asked)
}

/// A code is worth what the person agrees to, so it goes to the device itself, or where the operator said.
fn is_allowed(url: &Url, rules: &SignInRules) -> bool {
    match url.scheme() {
        "http" => is_loopback(url),
        "https" => {
            // Another port is another program.
            let known = |host| rules.redirect_hosts.iter().any(|known| known == host);
            is_loopback(url) || (url.port().is_none() && url.host_str().is_some_and(known))
        }
        scheme => rules.redirect_schemes.iter().any(|known| known == scheme),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> SignInRules {
        let traits = [
            "sign-in:provider:p",
            "sign-in:resource:r",
            "sign-in:redirect-host:app.example.com",
            "sign-in:redirect-scheme:cursor",
        ];
        SignInRules::of(&traits.map(str::to_owned)).unwrap()
    }

    fn client(uris: &[&str]) -> Client {
        Client {
            name: String::from("a client"),
            host: None,
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            proves_key: false,
        }
    }

    #[test]
    fn people_are_sent_back_to_what_the_client_named_and_the_operator_allows() {
        let client = client(&[
            "http://127.0.0.1/back",
            "http://localhost:3000/back?x=1",
            "https://app.example.com/back",
            "https://elsewhere.example.com/back",
            "cursor://sign-in/back",
            "other://back",
        ]);
        let rules = rules();
        for good in [
            "http://127.0.0.1/back",
            "http://127.0.0.1:49152/back",
            "http://localhost:4000/back?x=1",
            "https://app.example.com/back",
            "cursor://sign-in/back",
        ] {
            assert!(client.may_have_sent_back(good, &rules), "{good}");
        }
        assert!(is_let_back("https://app.example.com/anywhere", &rules));
        assert!(!is_let_back("https://elsewhere.example.com/back", &rules));
        for bad in [
            "",
            "http://127.0.0.1:49152/back/",
            "http://127.0.0.1:49152/back?x",
            "http://127.0.0.1:49152/back#x",
            "http://x@127.0.0.1/back",
            "http://127.0.0.1.example.com/back",
            "http://127.0.0.2/back",
            "http://[::1]/back",
            "https://app.example.com/back/../other",
            "https://app.example.com:444/back",
            "https://app.example.com/back?x",
            "https://elsewhere.example.com/back",
            "http://app.example.com/back",
            "other://back",
            "javascript:alert(1)",
            "//app.example.com/back",
        ] {
            assert!(!client.may_have_sent_back(bad, &rules), "{bad}");
        }
    }
}
