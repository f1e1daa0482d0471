//! Objects as a document says they are to be: compared with what there is, in what the document says of them, and made so.
//!
//! Each object is made or changed by the routes that anybody changes it with, in a change of its own; one in error does not
//! keep the others. Kinds are looked at in the order in which they refer to each other, and go in the opposite one.

mod drift;
mod kind;
mod known;
mod object;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use caracal_core::{
    ZoneId,
    text::{excerpt, without_long_quotes},
};
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    control::commands::{
        Declarative, DeclarativeKind, DocumentReport, ObjectAction, ObjectError, ObjectOutcome,
        OutcomeSummary,
    },
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::{kind::Kind, object::Object, zone::Zone};
use super::{
    flags::{CommandInput, invalid},
    invocation::Invocation,
    run::require,
};
use crate::call::Call;

/// Most objects of a document.
const MAX_OBJECTS: usize = 256;

#[derive(Deserialize)]
struct Document {
    objects: Vec<DocumentObject>,
    #[serde(default)]
    prune: bool,
}

#[derive(Deserialize)]
struct DocumentObject {
    kind: String,
    spec: Map<String, Value>,
}

/// How a document is treated.
#[derive(Debug, Clone, Copy)]
struct Treatment {
    applies: bool,
    prune: bool,
}

/// `state`: the flag `document`.
pub(super) async fn of_flags(
    call: &Call,
    invocation: &Invocation,
    input: &CommandInput,
    applies: bool,
) -> Result<Value, Refusal> {
    let document = input.own.get("document").cloned().unwrap_or_default();
    let document: Document = serde_json::from_value(document).map_err(|error| {
        invalid(
            "document",
            &format!(
                "must be {{objects: [{{kind, spec}}], prune?}}: {}",
                without_long_quotes(&error.to_string())
            ),
        )
    })?;
    let treatment = Treatment {
        applies: applies && !input.is_set("dry-run"),
        prune: input
            .own
            .get("prune")
            .map_or(document.prune, |_| input.is_set("prune")),
    };
    treat(call, invocation, document.objects, treatment).await
}

/// `ensure`: the flag `spec`.
pub(super) async fn of_spec(
    call: &Call,
    invocation: &Invocation,
    input: &CommandInput,
    kind: &str,
) -> Result<Value, Refusal> {
    let Some(Value::Object(spec)) = input.own.get("spec").cloned() else {
        return Err(invalid("spec", "must be a JSON object"));
    };
    let treatment = Treatment {
        applies: !input.is_set("dry-run"),
        prune: false,
    };
    let object = DocumentObject {
        kind: kind.to_owned(),
        spec,
    };
    treat(call, invocation, vec![object], treatment).await
}

async fn treat(
    call: &Call,
    invocation: &Invocation,
    objects: Vec<DocumentObject>,
    treatment: Treatment,
) -> Result<Value, Refusal> {
    let mut objects = checked(objects, &invocation.zone)?;
    let kinds: BTreeSet<Kind> = objects.iter().map(|object| object.kind).collect();
    for kind in &kinds {
        require(invocation, &kind.scope("read"))?;
        if treatment.applies {
            require(invocation, &kind.scope("write"))?;
            if treatment.prune {
                require(invocation, &kind.scope("delete"))?;
            }
        }
    }
    for object in &objects {
        let refers = match object.kind {
            Kind::Resource if object.says("credential_provider").is_some() => Some(Kind::Provider),
            Kind::PolicySet if object.says("policies").is_some() => Some(Kind::Policy),
            Kind::Provider | Kind::Application | Kind::Resource | Kind::Policy | Kind::PolicySet => None,
        };
        if let Some(kind) = refers {
            require(invocation, &kind.scope("read"))?;
        }
    }
    objects.sort_by_key(|object| object.kind);
    let mut zone = Zone::new(call, &objects, treatment.applies);
    let mut outcomes = Vec::new();
    for object in &objects {
        outcomes.push(zone.treat(object).await);
    }
    if treatment.prune {
        for kind in kinds.iter().rev() {
            let named: BTreeSet<&str> = objects
                .iter()
                .filter(|object| object.kind == *kind)
                .map(|object| object.identity.as_str())
                .collect();
            outcomes.extend(zone.prune(*kind, &named).await);
        }
    }
    let report = report(outcomes, treatment, invocation.zone.clone());
    serde_json::to_value(report).map_err(|_| Refusal::of(ErrorCode::Upstream))
}

/// Every object with its identity, each named once.
fn checked(objects: Vec<DocumentObject>, zone: &ZoneId) -> Result<Vec<Object>, Refusal> {
    if objects.is_empty() || objects.len() > MAX_OBJECTS {
        return Err(invalid(
            "document",
            &format!("must hold 1 to {MAX_OBJECTS} objects"),
        ));
    }
    let mut seen: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    let mut checked = Vec::with_capacity(objects.len());
    for (position, DocumentObject { kind, spec }) in objects.into_iter().enumerate() {
        let object = Object::read(position, &kind, spec, zone)?;
        if seen
            .insert((object.kind, object.identity.clone()), position)
            .is_some()
        {
            let rule = format!("objects.{position}: {} is named twice", excerpt(&object.identity));
            return Err(invalid("document", &rule));
        }
        checked.push(object);
    }
    Ok(checked)
}

fn report(outcomes: Vec<ObjectOutcome>, treatment: Treatment, zone_id: ZoneId) -> DocumentReport {
    let mut summary = OutcomeSummary::default();
    for outcome in &outcomes {
        let counted = match (&outcome.error, outcome.action) {
            (Some(_), _) => &mut summary.failed,
            (None, ObjectAction::Create) => &mut summary.created,
            (None, ObjectAction::Update) => &mut summary.updated,
            (None, ObjectAction::Unchanged) => &mut summary.unchanged,
            (None, ObjectAction::Prune) => &mut summary.pruned,
        };
        *counted += 1;
    }
    DocumentReport {
        ok: summary.failed == 0,
        dry_run: !treatment.applies,
        prune: treatment.prune,
        zone_id,
        drift: summary.unchanged != outcomes.len(),
        outcomes,
        summary,
    }
}

fn failed(refusal: &Refusal) -> ObjectError {
    ObjectError {
        code: refusal.code.to_string(),
        reason: refusal.sentence().into_owned(),
    }
}

/// What documents may hold.
pub(super) fn declarative() -> Declarative {
    let kind = |kind: &Kind| DeclarativeKind {
        kind: kind.as_str(),
        identity_field: kind.identity_field(),
        command: kind.command(),
    };
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Declarative {
        kinds: Kind::ALL.iter().map(kind).collect(),
        document_schema: json!({
            "type": "object",
            "required": ["objects"],
            "properties": {
                "objects": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_OBJECTS,
                    "items": {
                        "type": "object",
                        "required": ["kind", "spec"],
                        "properties": { "kind": { "enum": names }, "spec": { "type": "object" } },
                    },
                },
                "prune": { "type": "boolean" },
            },
        }),
    }
}
