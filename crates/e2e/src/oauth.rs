//! A real OAuth 2.0 server, and a stack that may reach it.

use std::{collections::BTreeMap, fs, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_testkit::process::Process;
use caracal_wire::{
    Listing,
    control::{
        providers::{CreateProvider, ProviderItem},
        resources::ResourceItem,
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Deployment, Fixture, Stack, TICKETS, installed};

/// Longest wait for it to listen: the first start installs it.
const LIMIT: Duration = Duration::from_mins(2);

/// The secret of the clients that have one: characters that the encodings of a form and of basic authentication differ
/// in, and a canary, which must be nowhere in clear.
pub const CLIENT_SECRET: &str = "canary~f4b1:%41+z_and-long-enough-to-sign-with";

/// Where the clients `web` and `people` wait for their codes. Nobody is there.
const REDIRECT_URI: &str = "https://app.example.com/back";

/// Where the console is in people's browsers, and where the client `console` waits for its codes.
pub const CONSOLE_URL: &str = "https://console.example.com";
const CONSOLE_CALLBACK: &str = "https://console.example.com/sign-in/callback";

/// Where an STS waits for the codes of people who sign in with clients of others, below its address.
const STS_CALLBACK: &str = "/oauth/2/callback";

/// The server, on this machine, with a certificate of an authority of its own. It ends with this.
#[derive(Debug)]
pub struct OauthServer {
    issuer: String,
    /// The same in plain HTTP, for the test itself.
    plain: String,
    /// The private key of the client `signs`, in PEM form.
    pub client_key: String,
    http: reqwest::Client,
    files: TempDir,
    _process: Process,
}

impl OauthServer {
    /// Starts it; its tokens live `seconds`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(seconds: u32) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = files.path().join(name);
            fs::write(&path, text).expect("the directory is ours");
            path
        };
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Another name than that of the certificate, which otherwise looks as if it had signed itself.
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of the end-to-end tests");
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![String::from("localhost")]).expect("a name");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        file("authority.pem", &authority.pem());
        let certificate = file("certificate.pem", &certificate.pem());
        let key = file("key.pem", &key.serialize_pem());
        let client_key = KeyPair::generate().expect("a key");

        let directory = tokio::task::spawn_blocking(|| installed("e2e-oauth"))
            .await
            .expect("it runs");
        let mut process = Process::options("node")
            .arg(directory.join("server.mjs"))
            .env("TLS_CERT", certificate)
            .env("TLS_KEY", key)
            .env("TOKEN_SECONDS", seconds.to_string())
            .env("CLIENTS", clients(&client_key).to_string())
            .start();
        let mut said = String::new();
        process
            .until("it listens", LIMIT, async |process| {
                said = process.stdout();
                said.lines().count() == 2 && said.ends_with('\n')
            })
            .await;
        let (issuer, plain) = said.trim().split_once('\n').expect("two lines");
        Self {
            issuer: issuer.to_owned(),
            plain: plain.to_owned(),
            client_key: client_key.serialize_pem(),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            files,
            _process: process,
        }
    }

    /// Where it listens: its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where tokens are asked for.
    pub fn token_endpoint(&self) -> String {
        format!("{}/token", self.issuer)
    }

    /// A stack that trusts its certificate and may reach it, told `variables` besides.
    pub async fn stack(&self, deployment: Deployment, variables: &[(&str, &str)]) -> Stack {
        let authority = self.authority();
        let authority = authority.to_str().expect("a path that is text");
        let own = [
            ("CARACAL_TLS_EXTRA_CA_FILE", authority),
            ("CARACAL_PRIVATE_EGRESS_HOSTS", "localhost"),
        ];
        Stack::with(deployment, &[&own, variables].concat()).await
    }

    /// What it was asked for so far, in order.
    pub async fn grants(&self) -> Vec<Value> {
        let url = format!("{}/grants", self.plain);
        let answer = self.http.get(url).send().await.expect("it answers");
        answer.json().await.expect("JSON")
    }

    /// Its token endpoint answers with `status` from now on; none means as it should.
    pub async fn outage(&self, status: Option<u16>) {
        let status = status.map_or_else(String::new, |status| format!("?status={status}"));
        let url = format!("{}/outage{status}", self.plain);
        self.http.post(url).send().await.expect("it answers");
    }

    /// It signs with another key from now on.
    pub async fn rotate(&self) {
        let url = format!("{}/rotate", self.plain);
        self.http.post(url).send().await.expect("it answers");
    }

    /// How often its keys were fetched.
    pub async fn key_fetches(&self) -> usize {
        self.count("fetches").await
    }

    /// How often the description of a client of others was fetched.
    pub async fn described(&self) -> usize {
        self.count("described").await
    }

    async fn count(&self, what: &str) -> usize {
        let url = format!("{}/{what}", self.plain);
        let answer = self.http.get(url).send().await.expect("it answers");
        answer.text().await.expect("text").parse().expect("a number")
    }

    /// The identity token of a person who signs in with the client `web`, which is its audience.
    pub async fn identity_token(&self) -> String {
        let verifier = "v".repeat(43);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(digest);
        let query = format!(
            "client_id=web&response_type=code&redirect_uri={REDIRECT_URI}&scope=openid&state=s\
             &code_challenge={challenge}&code_challenge_method=S256"
        );
        let arrived = self
            .follow(&format!("{}/auth?{query}", self.plain), REDIRECT_URI)
            .await;
        let code = arrived.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.unwrap_or_else(|| panic!("no code: {arrived}"));
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "web"),
            ("client_secret", CLIENT_SECRET),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &verifier),
            ("code", code.as_ref()),
        ];
        let url = format!("{}/token", self.plain);
        let answer = self.http.post(url).form(&form).send().await.expect("it answers");
        let answer: Value = answer.json().await.expect("JSON");
        let token = answer["id_token"].as_str();
        token.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Settings of a provider at which people connect accounts.
    pub fn people(&self) -> Value {
        json!({
            "authorization_endpoint": format!("{}/auth", self.issuer), "token_endpoint": self.token_endpoint(),
            "revocation_endpoint": format!("{}/token/revocation", self.issuer), "redirect_uri": REDIRECT_URI,
            "client_id": "people", "client_secret": CLIENT_SECRET, "scopes": ["openid", "tickets:read"],
            "issuer": self.issuer,
        })
    }

    /// Knows an STS from now on as its client `sts`; settings of the provider at which people sign in there.
    pub async fn knows_sts(&self, sts: &str) -> Value {
        let callback = format!("{sts}{STS_CALLBACK}");
        let client = json!({
            "client_id": "sts", "client_secret": CLIENT_SECRET, "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"], "redirect_uris": [callback], "response_types": ["code"],
        });
        let mut url: reqwest::Url = format!("{}/client", self.plain).parse().expect("a URL");
        url.query_pairs_mut().append_pair("settings", &client.to_string());
        self.http.post(url).send().await.expect("it answers");
        json!({
            "authorization_endpoint": format!("{}/auth", self.issuer), "token_endpoint": self.token_endpoint(),
            "redirect_uri": callback, "client_id": "sts", "client_secret": CLIENT_SECRET, "issuer": self.issuer,
        })
    }

    /// The file with the certificate of the authority that it is trusted by.
    pub fn authority(&self) -> std::path::PathBuf {
        self.files.path().join("authority.pem")
    }

    /// What a person comes back with who says yes at `url`.
    ///
    /// # Panics
    /// When it is not this server's, or the person does not come back.
    pub async fn agree(&self, url: &str) -> Vec<(String, String)> {
        let path = url.strip_prefix(&self.issuer);
        let path = path.unwrap_or_else(|| panic!("{url} is elsewhere"));
        let url = format!("{}{path}", self.plain);
        let asked: reqwest::Url = url.parse().expect("a URL");
        let back = asked.query_pairs().find(|(name, _)| name == "redirect_uri");
        let back = back.expect("a redirect URI").1.into_owned();
        let known = [REDIRECT_URI, CONSOLE_CALLBACK].contains(&back.as_str());
        assert!(known || back.ends_with(STS_CALLBACK), "{back}");
        let arrived = self.follow(&url, &back).await;
        arrived.query_pairs().into_owned().collect()
    }

    /// Whoever comes from now on is the subject of `claims`.
    pub async fn person(&self, claims: &Value) {
        let mut url: reqwest::Url = format!("{}/person", self.plain).parse().expect("a URL");
        url.query_pairs_mut().append_pair("claims", &claims.to_string());
        self.http.post(url).send().await.expect("it answers");
    }

    /// Its identity tokens say everything themselves from now on.
    pub async fn claims_in_tokens(&self) {
        let url = format!("{}/claims?in=token", self.plain);
        self.http.post(url).send().await.expect("it answers");
    }

    /// What makes it the identity provider of the console.
    pub fn of_the_console(&self) -> Vec<(&'static str, String)> {
        vec![
            ("CONSOLE_URL", String::from(CONSOLE_URL)),
            ("CONSOLE_OIDC_ISSUER", self.issuer.clone()),
            ("CONSOLE_OIDC_CLIENT_ID", String::from("console")),
            ("CONSOLE_OIDC_CLIENT_SECRET", String::from(CLIENT_SECRET)),
            ("CONSOLE_OIDC_NAME", String::from("Example")),
        ]
    }

    /// It forgets every refresh token.
    pub async fn forget(&self) {
        let url = format!("{}/forget", self.plain);
        self.http.post(url).send().await.expect("it answers");
    }

    /// Follows the redirections of an authorization as a browser does, to the client's door.
    async fn follow(&self, url: &str, back: &str) -> reqwest::Url {
        let mut cookies: BTreeMap<String, String> = BTreeMap::new();
        let mut url = url.to_owned();
        loop {
            let held = cookies.iter().map(|(name, value)| format!("{name}={value}"));
            let held = held.collect::<Vec<_>>().join("; ");
            let request = self.http.get(&url).header("cookie", held);
            let answer = request.send().await.expect("it answers");
            for cookie in answer.headers().get_all("set-cookie") {
                let cookie = cookie
                    .to_str()
                    .expect("text")
                    .split(';')
                    .next()
                    .unwrap_or_default();
                let (name, value) = cookie.split_once('=').expect("a cookie");
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let location = answer.headers().get("location");
            let location = location.unwrap_or_else(|| panic!("no redirection: {answer:?}"));
            let location = location.to_str().expect("text");
            if location.starts_with(back) {
                return location.parse().expect("a URL");
            }
            url = if location.starts_with('/') {
                format!("{}{location}", self.plain)
            } else {
                location.to_owned()
            };
        }
    }

    /// What it says of a token (RFC 7662).
    pub async fn introspect(&self, token: &str) -> Value {
        let url = format!("{}/token/introspection", self.plain);
        let form = [
            ("client_id", "post"),
            ("client_secret", CLIENT_SECRET),
            ("token", token),
        ];
        let answer = self.http.post(url).form(&form).send().await.expect("it answers");
        answer.json().await.expect("JSON")
    }
}

fn clients(key: &KeyPair) -> Value {
    let point = key.public_key_raw();
    let public = json!({
        "kty": "EC", "crv": "P-256", "kid": "client-key", "use": "sig", "alg": "ES256",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
    });
    let service = |id: &str, method: &str| {
        json!({
            "client_id": id, "client_secret": CLIENT_SECRET, "token_endpoint_auth_method": method,
            "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [],
            "scope": "tickets:read",
        })
    };
    let mut signs = service("signs", "private_key_jwt");
    signs["jwks"] = json!({"keys": [public]});
    let web = json!({
        "client_id": "web", "client_secret": CLIENT_SECRET, "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code"], "redirect_uris": [REDIRECT_URI], "response_types": ["code"],
    });
    let people = json!({
        "client_id": "people", "client_secret": CLIENT_SECRET, "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [REDIRECT_URI],
        "response_types": ["code"],
    });
    let console = json!({
        "client_id": "console", "client_secret": CLIENT_SECRET, "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"], "redirect_uris": [CONSOLE_CALLBACK], "response_types": ["code"],
        "post_logout_redirect_uris": [format!("{CONSOLE_URL}/sign-in")],
    });
    json!([
        web,
        people,
        console,
        service("basic", "client_secret_basic"),
        service("post", "client_secret_post"),
        service("signs-by-secret", "client_secret_jwt"),
        signs
    ])
}

/// Makes the provider that `body` says and puts it in front of the tickets; its id.
///
/// # Panics
/// When it is refused, or its answer has the client's secret.
pub async fn in_front_of_the_tickets(fixture: &Fixture<'_>, body: &CreateProvider) -> String {
    let made = fixture.zone.provider(body).await;
    assert!(!made.text.contains(CLIENT_SECRET), "{made:#?}");
    let provider = made.read::<ProviderItem>().id;
    let listed = fixture.zone.admin("GET", "/resources", None).await.expect(200);
    let resources: Listing<ResourceItem> = listed.read();
    let mut resources = resources.items.into_iter();
    let resource = resources.find(|resource| resource.identifier == TICKETS);
    let body = json!({"credential_provider_id": provider});
    let path = format!("/resources/{}", resource.expect("the resource").id);
    fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    provider.to_string()
}

/// The token that the upstream got last.
///
/// # Panics
/// When it got none.
pub fn token_of_the_last_call(fixture: &Fixture<'_>) -> String {
    let seen = fixture.upstream.received().pop().expect("a request");
    let authorization = seen.header("authorization").expect("an authorization");
    authorization
        .strip_prefix("Bearer ")
        .expect("a bearer")
        .to_owned()
}
