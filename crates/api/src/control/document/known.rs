//! What there is in the zone, as the holder of the mandate reads it: through the routes that anybody reads it with.

use std::collections::BTreeMap;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use super::{
    super::{flags::CommandInput, run::run},
    kind::Kind,
};
use crate::call::Call;

/// Items of a page.
const PAGE: usize = 500;
/// Most pages of a kind; a zone with more is not compared with a document.
const MAX_PAGES: usize = 40;

/// Objects of the zone by kind and identity, of kinds that were asked for.
pub(super) struct Known<'k> {
    call: &'k Call,
    objects: BTreeMap<Kind, BTreeMap<String, Value>>,
}

impl<'k> Known<'k> {
    pub(super) fn new(call: &'k Call) -> Self {
        Self {
            call,
            objects: BTreeMap::new(),
        }
    }

    /// Notes one that was made.
    pub(super) fn note(&mut self, kind: Kind, identity: &str, item: Value) {
        if let Some(known) = self.objects.get_mut(&kind) {
            known.insert(identity.to_owned(), item);
        }
    }

    /// The newest version of a policy.
    pub(super) async fn latest_version(&self, policy: &str) -> Result<Value, Refusal> {
        let detail = self.ask("policies.get", Some(policy), Map::new()).await?;
        let versions = detail
            .get("versions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let number = |version: &&Value| version.get("version").and_then(Value::as_i64);
        Ok(versions.max_by_key(number).cloned().unwrap_or_default())
    }

    /// What a route answers, about the object of this id where there is one.
    pub(super) async fn ask(
        &self,
        route: &str,
        id: Option<&str>,
        body: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let params = id.map(|id| (String::from("id"), id.to_owned()));
        let input = CommandInput {
            params: params.into_iter().collect(),
            body,
            ..CommandInput::default()
        };
        run(self.call, route, input).await
    }

    /// The object of this identity.
    pub(super) async fn find(&mut self, kind: Kind, identity: &str) -> Result<Option<Value>, Refusal> {
        Ok(self.all(kind).await?.get(identity).cloned())
    }

    /// Every object of a kind, by identity.
    pub(super) async fn all(&mut self, kind: Kind) -> Result<&BTreeMap<String, Value>, Refusal> {
        if !self.objects.contains_key(&kind) {
            let listed = self.list(kind).await?;
            self.objects.insert(kind, listed);
        }
        Ok(self.objects.entry(kind).or_default())
    }

    async fn list(&self, kind: Kind) -> Result<BTreeMap<String, Value>, Refusal> {
        let mut known = BTreeMap::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = vec![(String::from("limit"), PAGE.to_string())];
            query.extend(cursor.take().map(|cursor| (String::from("cursor"), cursor)));
            let input = CommandInput {
                query,
                ..CommandInput::default()
            };
            let page = run(self.call, kind.routes().list, input).await?;
            let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
            for item in items {
                let identity = item.get(kind.identity_field()).and_then(Value::as_str);
                // Short-lived applications share names with anybody, and are nobody's to keep.
                let short_lived = item
                    .get("registration_method")
                    .is_some_and(|method| method == "dcr");
                if let Some(identity) = identity.filter(|_| !short_lived) {
                    known.insert(identity.to_owned(), item.clone());
                }
            }
            cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                return Ok(known);
            }
        }
        let most = PAGE.saturating_mul(MAX_PAGES);
        let rule = format!(
            "the zone has more than {most} objects of the kind {}, which is more than a document is compared with",
            kind.as_str()
        );
        Err(Refusal::invalid_field(ErrorCode::Invalid, "", rule))
    }
}

pub(super) fn id_of(item: &Value) -> &str {
    item.get("id").and_then(Value::as_str).unwrap_or_default()
}
