//! The zone as the holder of the mandate sees it, and what a document makes of it.

use std::collections::{BTreeMap, BTreeSet};

use caracal_core::entity::ProviderConfig;
use caracal_crypto::{Location, constant_time_eq, sha256_hex};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    control::commands::{ObjectAction, ObjectOutcome},
};
use serde_json::{Map, Value};

use super::{
    super::{flags::CommandInput, run::run},
    drift, failed,
    kind::Kind,
    known::{Known, id_of},
    object::Object,
};
use crate::call::Call;

/// The provider that stands for no credential: the platform makes it where it needs one.
const NO_CREDENTIAL: &str = "provider://none";

/// One zone and one document.
pub(super) struct Zone<'z> {
    call: &'z Call,
    applies: bool,
    known: Known<'z>,
    /// What the document names.
    named: BTreeSet<(Kind, &'z str)>,
    /// Policies that have, or would have, another version than there was.
    moved: BTreeSet<&'z str>,
}

impl<'z> Zone<'z> {
    pub(super) fn new(call: &'z Call, objects: &'z [Object], applies: bool) -> Self {
        Self {
            call,
            applies,
            known: Known::new(call),
            named: objects
                .iter()
                .map(|object| (object.kind, object.identity.as_str()))
                .collect(),
            moved: BTreeSet::new(),
        }
    }

    /// Compares an object, and makes it as it is to be.
    pub(super) async fn treat(&mut self, object: &'z Object) -> ObjectOutcome {
        let mut outcome = ObjectOutcome {
            kind: object.kind.as_str(),
            identity: object.identity.clone(),
            action: ObjectAction::Create,
            drift: Vec::new(),
            id: None,
            applied: false,
            error: None,
        };
        if let Err(refusal) = self.converge(object, &mut outcome).await {
            outcome.error = Some(failed(&refusal));
        }
        outcome
    }

    async fn converge(&mut self, object: &'z Object, outcome: &mut ObjectOutcome) -> Result<(), Refusal> {
        let item = self.known.find(object.kind, &object.identity).await?;
        let Some(item) = item else {
            if object.kind == Kind::Policy {
                self.moved.insert(&object.identity);
            }
            if object.kind == Kind::PolicySet {
                self.manifest(object).await?;
            }
            if self.applies {
                outcome.id = Some(self.create(object).await?);
                outcome.applied = true;
            }
            return Ok(());
        };
        outcome.id = Some(id_of(&item).to_owned());
        outcome.action = ObjectAction::Update;
        outcome.drift = self.drift(object, &item).await?;
        if outcome.drift.is_empty() {
            outcome.action = ObjectAction::Unchanged;
        } else {
            if object.kind == Kind::Policy {
                self.moved.insert(&object.identity);
            }
            if self.applies {
                self.update(object, &item, &outcome.drift).await?;
                outcome.applied = true;
            }
        }
        Ok(())
    }

    async fn drift(&mut self, object: &Object, item: &Value) -> Result<Vec<&'static str>, Refusal> {
        match object.kind {
            Kind::Application => Ok(drift::of_application(object, item)),
            Kind::Resource => {
                let mut drift = drift::of_resource(object, item);
                if let Some(named) = object.text("credential_provider") {
                    let bound = item.get("credential_provider_id").and_then(Value::as_str);
                    if self.provider_id(named).await?.as_deref() != bound {
                        drift.push("credential_provider");
                    }
                }
                Ok(drift)
            }
            Kind::Provider => {
                let (mut drift, config) = drift::of_provider(object, item)?;
                if let Some(config) = config
                    && !drift.contains(&"config")
                    && self.secrets_differ(id_of(item), &config).await?
                {
                    drift.push("config");
                }
                Ok(drift)
            }
            Kind::Policy => {
                let Some(content) = object.text("content") else {
                    return Ok(Vec::new());
                };
                let latest = self.known.latest_version(id_of(item)).await?;
                let kept = latest.get("content_sha256").and_then(Value::as_str);
                let same = kept == Some(sha256_hex(content.as_bytes()).as_str());
                Ok(if same { Vec::new() } else { vec!["content"] })
            }
            Kind::PolicySet => {
                let Some(wanted) = self.manifest(object).await? else {
                    return Ok(Vec::new());
                };
                let moves = drift::texts(object.says("policies"));
                let moves = moves.iter().any(|policy| self.moved.contains(policy));
                let same = !moves && self.in_force(item).await? == Some(wanted);
                Ok(if same { Vec::new() } else { vec!["policies"] })
            }
        }
    }

    /// Whether a secret that the document says is another than the one that is kept. It is compared only where the document
    /// is applied, and then replaced: whoever only looks is not told whether they guessed.
    async fn secrets_differ(&self, id: &str, config: &ProviderConfig) -> Result<bool, Refusal> {
        let secrets = config.secrets();
        let (Some(zone), Ok(id), true) = (self.call.caller.home_zone(), id.parse(), self.applies) else {
            return Ok(false);
        };
        if secrets.is_empty() {
            return Ok(false);
        }
        let api = &self.call.role;
        let location = Location::provider_secret_config(zone, &id);
        let mut work = api.store.zone(zone, Access::Read).await?;
        let Some(envelope) = work.secrets().get(location.as_str()).await? else {
            return Ok(true);
        };
        let kept = api.keyring.open(&location, &envelope).map_err(|error| {
            tracing::error!(zone.id = %zone, %error, "a secret cannot be opened");
            Refusal::of(ErrorCode::Upstream).describe("the store of secrets does not answer")
        })?;
        let kept: BTreeMap<String, String> = serde_json::from_slice(&kept).unwrap_or_default();
        let same = |(key, said): &(&str, &caracal_core::Secret)| {
            let kept = kept.get(*key);
            kept.is_some_and(|kept| constant_time_eq(kept.as_bytes(), said.expose().as_bytes()))
        };
        Ok(!secrets.iter().all(same))
    }

    async fn create(&mut self, object: &Object) -> Result<String, Refusal> {
        let mut body = object.spec.clone();
        let field = object.kind.identity_field();
        body.insert(field.to_owned(), Value::from(object.identity.as_str()));
        match object.kind {
            Kind::Application => drop(body.insert(String::from("registration_method"), "managed".into())),
            Kind::Provider => {
                if let Some(config) = body.remove("config") {
                    body.insert(String::from("config_json"), config);
                }
            }
            Kind::Resource => self.name_provider(object, &mut body).await?,
            Kind::PolicySet => drop(body.remove("policies")),
            Kind::Policy => {}
        }
        let made = self.known.ask(object.kind.routes().create, None, body).await?;
        let id = id_of(&made).to_owned();
        self.known.note(object.kind, &object.identity, made);
        if object.kind == Kind::PolicySet {
            self.put_in_force(object, &id).await?;
        }
        Ok(id)
    }

    async fn update(&mut self, object: &Object, item: &Value, drift: &[&'static str]) -> Result<(), Refusal> {
        let id = id_of(item);
        let mut body: Map<String, Value> = object
            .spec
            .iter()
            .filter(|(name, _)| drift.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        match object.kind {
            Kind::Application | Kind::Policy => {}
            Kind::Provider => {
                body.remove("config");
                // A kind goes with its settings.
                if let Some(config) = object.says("config")
                    && (drift.contains(&"config") || drift.contains(&"kind"))
                {
                    body.insert(String::from("config_json"), config.clone());
                }
            }
            Kind::Resource => self.name_provider(object, &mut body).await?,
            Kind::PolicySet => return self.put_in_force(object, id).await,
        }
        self.known
            .ask(object.kind.routes().update, Some(id), body)
            .await
            .map(drop)
    }

    /// Archives what the document does not name.
    pub(super) async fn prune(&mut self, kind: Kind, named: &BTreeSet<&str>) -> Vec<ObjectOutcome> {
        let known = match self.known.all(kind).await {
            Ok(known) => known,
            Err(refusal) => {
                return vec![ObjectOutcome {
                    error: Some(failed(&refusal)),
                    ..pruned(kind, "", "")
                }];
            }
        };
        let gone: Vec<(String, String)> = known
            .iter()
            .filter(|(identity, item)| {
                !named.contains(identity.as_str()) && is_prunable(kind, identity, item)
            })
            .map(|(identity, item)| (identity.clone(), id_of(item).to_owned()))
            .collect();
        let mut outcomes = Vec::new();
        for (identity, id) in gone {
            let mut outcome = pruned(kind, &identity, &id);
            if self.applies {
                match self.known.ask(kind.routes().archive, Some(&id), Map::new()).await {
                    Ok(_) => outcome.applied = true,
                    Err(refusal) => outcome.error = Some(failed(&refusal)),
                }
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Puts the id of a provider where the document has its name.
    async fn name_provider(&mut self, object: &Object, body: &mut Map<String, Value>) -> Result<(), Refusal> {
        body.remove("credential_provider");
        let Some(named) = object.text("credential_provider") else {
            return Ok(());
        };
        let id = self.provider_id(named).await?.ok_or_else(|| {
            let rule = "names a provider that does not exist";
            Refusal::invalid_field(ErrorCode::Invalid, "spec.credential_provider", rule)
        })?;
        body.insert(String::from("credential_provider_id"), Value::from(id));
        Ok(())
    }

    async fn provider_id(&mut self, identifier: &str) -> Result<Option<String>, Refusal> {
        let provider = self.known.find(Kind::Provider, identifier).await?;
        Ok(provider.map(|provider| id_of(&provider).to_owned()))
    }

    /// The newest versions of the policies of a set, where the document says which it has.
    async fn manifest(&mut self, object: &Object) -> Result<Option<BTreeSet<String>>, Refusal> {
        let Some(said) = object.says("policies") else {
            return Ok(None);
        };
        let wrong = |rule: String| Refusal::invalid_field(ErrorCode::Invalid, "spec.policies", rule);
        let policies = said
            .as_array()
            .filter(|list| !list.is_empty() && list.iter().all(Value::is_string))
            .ok_or_else(|| wrong(String::from("must be names of policies")))?;
        let mut versions = BTreeSet::new();
        for policy in policies.iter().filter_map(Value::as_str) {
            match self.known.find(Kind::Policy, policy).await? {
                Some(item) => {
                    let latest = self.known.latest_version(id_of(&item)).await?;
                    versions.insert(id_of(&latest).to_owned());
                }
                None if !self.applies && self.named.contains(&(Kind::Policy, policy)) => {}
                None => {
                    let policy = caracal_core::text::excerpt(policy);
                    return Err(wrong(format!("there is no policy {policy}")));
                }
            }
        }
        Ok(Some(versions))
    }

    /// Adds the version that the document says, if it says one, and puts it in force.
    async fn put_in_force(&mut self, object: &Object, id: &str) -> Result<(), Refusal> {
        let Some(versions) = self.manifest(object).await? else {
            return Ok(());
        };
        let manifest: Vec<_> = versions
            .iter()
            .map(|version| Value::from_iter([("policy_version_id", version.as_str())]))
            .collect();
        let body = Map::from_iter([(String::from("manifest"), Value::from(manifest))]);
        let added = self.known.ask("policy_sets.add_version", Some(id), body).await?;
        let version = added.get("version_id").cloned().unwrap_or_default();
        let body = Map::from_iter([(String::from("version_id"), version)]);
        self.known
            .ask("policy_sets.activate", Some(id), body)
            .await
            .map(drop)
    }

    /// Policy versions of the version that is in force.
    async fn in_force(&self, item: &Value) -> Result<Option<BTreeSet<String>>, Refusal> {
        let Some(version) = item.get("active_version_id").and_then(Value::as_str) else {
            return Ok(None);
        };
        let input = CommandInput {
            params: vec![
                (String::from("id"), id_of(item).to_owned()),
                (String::from("versionId"), version.to_owned()),
            ],
            ..CommandInput::default()
        };
        let detail = run(self.call, "policy_sets.get_version", input).await?;
        let policies = drift::texts(detail.get("policies"));
        Ok(Some(policies.into_iter().map(str::to_owned).collect()))
    }
}

fn is_prunable(kind: Kind, identity: &str, item: &Value) -> bool {
    kind != Kind::Provider || identity != NO_CREDENTIAL && item.get("kind").is_none_or(|kind| kind != "none")
}

fn pruned(kind: Kind, identity: &str, id: &str) -> ObjectOutcome {
    ObjectOutcome {
        kind: kind.as_str(),
        identity: identity.to_owned(),
        action: ObjectAction::Prune,
        drift: Vec::new(),
        id: Some(id.to_owned()).filter(|id| !id.is_empty()),
        applied: false,
        error: None,
    }
}
