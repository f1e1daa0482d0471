//! Zone keys in a token: they sign, are rotated and move between the database and the token while mandates go on, and
//! nothing is given while the token is away.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use caracal_e2e::{Agent, Daemon, Deployment, Document, Fixture, READ, Reply, Role, Stack, token::Token};
use caracal_testkit::softhsm::SoftToken;

use crate::support::{assert_passed, within_a_minute};

/// Key ids that the STS that is asked now publishes for the zone.
async fn published(stack: &Stack, zone: &str) -> BTreeSet<String> {
    let path = format!("/.well-known/jwks.json?zone_id={zone}");
    let document = Reply::of(stack.request(Role::Sts, "GET", &path))
        .await
        .expect(200);
    let keys = document.json["keys"].as_array().expect("keys").clone();
    keys.iter()
        .map(|key| key["kid"].as_str().expect("a key id").to_owned())
        .collect()
}

/// Makes another signing key at the STS at `url`; its id.
async fn rotate(fixture: &Fixture<'_>, url: &str) -> String {
    let stack = fixture.zone.stack;
    let path = format!("/internal/zones/{}/signing-key/rotate", fixture.zone.id);
    // Between these two nobody else is asked to go elsewhere.
    stack.point(Role::Sts, url);
    let request = stack.request(Role::Sts, "POST", &path);
    let rotated = Reply::of(request.bearer_auth(stack.secret("stsAdminToken"))).await;
    rotated.expect(200).text_of("kid")
}

/// The id of the key that signed a mandate.
fn signed_by(mandate: &str) -> String {
    let header = Token::parse(mandate).header;
    header["kid"].as_str().expect("a key id").to_owned()
}

/// Mints at each STS in turn and calls with what it gets, until it is over. All of it has to pass.
struct Mints<'f> {
    fixture: &'f Fixture<'f>,
    agent: &'f Agent,
    sts: [&'f str; 2],
    over: Cell<bool>,
    signed_by: RefCell<[Option<String>; 2]>,
}

impl Mints<'_> {
    async fn run(&self) {
        let stack = self.fixture.zone.stack;
        while !self.over.get() {
            for (place, url) in self.sts.into_iter().enumerate() {
                stack.point(Role::Sts, url);
                let minted = Reply::of(self.fixture.mint_request(self.agent, READ, &[])).await;
                let mandate = minted.expect(200).text_of("access_token");
                assert_passed(&self.fixture.call(&mandate).await);
                self.signed_by.borrow_mut()[place] = Some(signed_by(&mandate));
            }
        }
    }

    /// Waits until both sign with this key.
    async fn until_signed_by(&self, kid: &str) {
        within_a_minute("both sign with the new key", async || {
            self.signed_by
                .borrow()
                .iter()
                .all(|signed| signed.as_deref() == Some(kid))
        })
        .await;
    }
}

#[tokio::test]
async fn keys_move_into_the_token_and_back_without_a_rejected_mandate() {
    let token = SoftToken::create();
    let given = token.variables();
    let mut variables: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // The keys that are made sign once the zone was read again.
    variables.push(("SIGNING_KEY_PUBLISH_AHEAD", "1ms"));
    // Everybody has the token, and new keys are sealed: the first step of the move.
    let stack = Stack::with(Deployment::ProductionAlone, &variables).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let sealing = stack.url(Role::Sts);
    let moving = stack.replicate(Role::Sts, &[("ZONE_KEYS", "pkcs11")]).await;
    assert_eq!(token.keys(), 0);

    let mints = Mints {
        fixture: &fixture,
        agent: &agent,
        sts: [&sealing, &moving],
        over: Cell::new(false),
        signed_by: RefCell::default(),
    };
    let moves = async {
        // Into the token, on in it, and back.
        for (url, in_token) in [(&moving, 1), (&moving, 2), (&sealing, 2)] {
            let kid = rotate(&fixture, url).await;
            assert_eq!(token.keys(), in_token);
            within_a_minute("the new key is published", async || {
                published(&stack, &fixture.zone.id).await.contains(&kid)
            })
            .await;
            // Any change of the zone has it read again.
            let documents: [String; 1] = [Document::of(&fixture.application).into()];
            fixture.zone.activate(&documents).await;
            mints.until_signed_by(&kid).await;
        }
        mints.over.set(true);
    };
    tokio::join!(mints.run(), moves);
    assert_eq!(published(&stack, &fixture.zone.id).await.len(), 4);
    // The database has nothing of what is in the token but the public halves, and where it is.
    let rows = stack.at_rest().await;
    let rows = rows.iter().find(|(place, _)| place.ends_with(" signing_keys"));
    let text = String::from_utf8_lossy(&rows.expect("the table").1).into_owned();
    assert_eq!(text.matches("pkcs11:id=").count(), 2, "{text}");
}

#[tokio::test]
async fn a_token_that_is_away_stops_mandates_and_nothing_else_until_it_is_back() {
    let token = SoftToken::create();
    let given = token.variables();
    let mut variables: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    variables.push(("ZONE_KEYS", "pkcs11"));
    let stack = Stack::with(Deployment::Embedded, &variables).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    assert_eq!(token.keys(), 1, "the zone's first key was made in the token");
    let ready = async || Reply::of(stack.request(Role::Sts, "GET", "/ready")).await;
    let up = async || {
        let request = stack
            .request(Role::Sts, "GET", "/metrics")
            .bearer_auth(stack.metrics_bearer());
        let text = Reply::of(request).await.text;
        let line = text
            .lines()
            .find(|line| line.starts_with("caracal_zone_keys_token_up"));
        line.expect("the metric").to_owned()
    };
    assert_eq!(up().await, "caracal_zone_keys_token_up 1");

    token.take_away();
    let asked = fixture
        .mint_request(&agent, READ, &[])
        .header("X-Request-Id", "while-away");
    Reply::of(asked).await.assert_refused(503, "sts_unavailable", "");
    let events = fixture
        .zone
        .events_of("while-away", |events| !events.is_empty())
        .await;
    assert_eq!(
        events[0]["evaluation_status"], "zone_key_unavailable",
        "{events:#?}"
    );
    assert_eq!(events[0]["decision"], "deny", "{events:#?}");
    let unready = ready().await;
    assert_eq!(unready.status, 503);
    assert_eq!(unready.json["reason"], "zone_keys_unreachable");
    assert_eq!(up().await, "caracal_zone_keys_token_up 0");
    // What was given before is good, and is verified as before.
    assert_passed(&fixture.call(&held).await);
    assert_eq!(published(&stack, &fixture.zone.id).await.len(), 1);

    token.bring_back();
    within_a_minute("the token is found again", async || ready().await.status == 200).await;
    let mandate = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&mandate).await);
    assert_eq!(up().await, "caracal_zone_keys_token_up 1");
}

#[tokio::test]
async fn a_token_that_cannot_be_used_is_refused_at_the_start_in_a_sentence() {
    let token = SoftToken::create();
    let home = tempfile::tempdir().expect("a home");
    let right = token
        .variables()
        .iter()
        .fold(Daemon::embedded(home.path()), |daemon, (name, value)| {
            daemon.with(name, value)
        })
        .with("ZONE_KEYS", "pkcs11");
    let pin = home.path().join("pin");
    crate::key_rotation::write(&pin, "111111\n");
    let wrong = [
        (right.clone().with("PKCS11_PIN", "000000"), "PKCS11_PIN"),
        (
            right
                .clone()
                .without("PKCS11_PIN")
                .with("PKCS11_PIN_FILE", &pin.display().to_string()),
            "PKCS11_PIN",
        ),
        (right.clone().with("PKCS11_TOKEN", "another"), "PKCS11_TOKEN"),
        (
            right.clone().with("PKCS11_MODULE", "/nowhere.so"),
            "PKCS11_MODULE",
        ),
        (right.clone().without("PKCS11_PIN"), "PKCS11_PIN_FILE"),
        (right.clone().without("PKCS11_MODULE"), "PKCS11_MODULE"),
        (right.clone().with("ZONE_KEYS", "hsm"), "sealed or pkcs11"),
    ];
    for (daemon, named) in wrong {
        for arguments in [&["check-config", "sts"][..], &["serve", "sts"]] {
            daemon.run(arguments).await.assert_refused(&[named]);
        }
    }
    right.run(&["check-config", "sts"]).await.assert_good();
    // Who does not mint needs no token.
    right
        .without("PKCS11_MODULE")
        .run(&["check-config", "coordinator"])
        .await
        .assert_good();
}
