//! The Control API, as the canary asks it.
//!
//! Of each answer no more is read than is needed: the deployment may be of another version than the canary.

use anyhow::ensure;
use caracal_wire::control::zones::CreateZone;
use http::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Answer, Client, Deployment, RequestOptions};

pub(super) const JSON: &str = "application/json";

/// Something that was made.
#[derive(Debug, Deserialize)]
pub(super) struct Created<I = String> {
    pub(super) id: I,
}

/// One zone there.
pub(super) struct Control<'c> {
    pub(super) client: &'c Client,
    pub(super) deployment: &'c Deployment,
    token: &'c str,
    /// Its id.
    pub(super) zone: String,
}

impl<'c> Control<'c> {
    /// Makes a zone.
    pub(super) async fn make_zone(
        client: &'c Client,
        deployment: &'c Deployment,
        token: &'c str,
        name: &str,
    ) -> anyhow::Result<Self> {
        let mut control = Self {
            client,
            deployment,
            token,
            zone: String::new(),
        };
        let body = serde_json::to_string(&CreateZone::named(name))?;
        let answer = control.ask(Method::POST, "/v1/zones", Some(body)).await?;
        let made: Created = answer.expect(201)?.read()?;
        control.zone = made.id;
        Ok(control)
    }

    /// Asks; `body` is JSON.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.deployment.api.trim_end_matches('/'));
        let asked = RequestOptions {
            token: Some(self.token),
            body: body.map(|body| (JSON, body)),
            ..RequestOptions::default()
        };
        self.client.ask(method, &url, asked).await
    }

    /// Asks below the zone.
    pub(super) async fn below(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<Answer> {
        let path = format!("/v1/zones/{}{path}", self.zone);
        self.ask(method, &path, body).await
    }

    /// Makes something in the zone.
    pub(super) async fn made<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_string(body)?;
        self.below(Method::POST, path, Some(body))
            .await?
            .expect(201)?
            .read()
    }

    /// Puts the zone away.
    pub(super) async fn archive(&self) -> anyhow::Result<()> {
        let answer = self.below(Method::DELETE, "", None).await?;
        ensure!(
            (200..300).contains(&answer.status),
            "the canary's zone {} is left: {answer}",
            self.zone
        );
        Ok(())
    }
}
