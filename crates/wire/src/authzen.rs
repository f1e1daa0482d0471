//! The AuthZEN Authorization API 1.0 (OpenID Foundation): who may do what, in the words of any enforcement point.

use std::fmt;

use caracal_core::words;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{bounded::at_most, control::Line};

/// Most questions of a request, and labels of a subject.
const MAX_QUESTIONS: usize = 256;
const MAX_LABELS: usize = 32;

/// An object that means nothing: read to its end, and nothing of it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Unread {}

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Unread;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unread, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Unread {})
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Labels that a question says: at most 32.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(#[serde(deserialize_with = "at_most::<_, _, MAX_LABELS>")] pub Vec<Line<200>>);

/// What is said is no `null`.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What is said about a subject. Other members mean nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectProperties {
    /// Labels of the session that an application would act in; any one where there are none.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Line<200>>, max_items = 32, required = false)]
    pub labels: Option<Labels>,
}

/// Whoever is to act (§5.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// `application` or `session`.
    #[serde(rename = "type")]
    pub kind: Line<64>,
    /// Id of the application or the session.
    pub id: Line<128>,
    /// Of an application: the labels of its session. Others mean nothing.
    #[serde(default)]
    pub properties: SubjectProperties,
}

/// What is to be acted on (§5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// `resource`.
    #[serde(rename = "type")]
    pub kind: Line<64>,
    /// Its identifier.
    pub id: Line<512>,
    /// They mean nothing.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub properties: Unread,
}

/// What is to be done (§5.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// A scope that the resource declares.
    pub name: Line<200>,
    /// They mean nothing.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub properties: Unread,
}

/// A question (§6.1). Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccessEvaluation {
    /// Who.
    pub subject: Subject,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// It changes nothing: policy is asked about nothing but the above.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub context: Unread,
}

/// An answer (§6.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Whether it is allowed, without anybody having to say yes first.
    pub decision: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<DecisionContext>,
}

/// Why a decision is as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionContext {
    /// The reason, for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason, for whoever administers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_admin: Option<LocalText>,
    /// Tiers for which somebody has to say yes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approval_tiers: Vec<String>,
    /// The version of the policy set that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_set_version_id: Option<String>,
    /// What was wrong with this one of several questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<EvaluationError>,
}

/// A text by language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalText {
    /// In English.
    pub en: String,
}

/// What was wrong with a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationError {
    /// Status that it would be answered with alone.
    pub status: u16,
    /// For a person.
    pub message: String,
}

words!(
    /// How far several questions are answered (§7.1.2.1).
    Semantic {
        /// All of them.
        ExecuteAll = "execute_all",
        /// Up to the first that is denied.
        DenyOnFirstDeny = "deny_on_first_deny",
        /// Up to the first that is permitted.
        PermitOnFirstPermit = "permit_on_first_permit",
    }
);

/// How several questions are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationsOptions {
    /// All of them when absent.
    #[serde(default)]
    pub evaluations_semantic: Option<Semantic>,
}

/// One of several questions: what it leaves out is what they all have. Each part has at most 16384 bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PartialEvaluation {
    /// Who.
    #[serde(default)]
    #[schema(value_type = Option<Subject>)]
    pub subject: Option<Box<RawValue>>,
    /// Does what.
    #[serde(default)]
    #[schema(value_type = Option<Action>)]
    pub action: Option<Box<RawValue>>,
    /// To what.
    #[serde(default)]
    #[schema(value_type = Option<Resource>)]
    pub resource: Option<Box<RawValue>>,
    /// It changes nothing.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Unread>,
}

/// Several questions (§7.1); without `evaluations` one, as [`AccessEvaluation`]. What stands beside `evaluations` is meant for
/// those that leave it out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Evaluations {
    /// Who.
    #[serde(default)]
    #[schema(value_type = Option<Subject>)]
    pub subject: Option<Box<RawValue>>,
    /// Does what.
    #[serde(default)]
    #[schema(value_type = Option<Action>)]
    pub action: Option<Box<RawValue>>,
    /// To what.
    #[serde(default)]
    #[schema(value_type = Option<Resource>)]
    pub resource: Option<Box<RawValue>>,
    /// It changes nothing.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Unread>,
    /// At most 256.
    #[serde(default, deserialize_with = "at_most::<_, _, MAX_QUESTIONS>")]
    #[schema(max_items = 256)]
    pub evaluations: Vec<PartialEvaluation>,
    /// How they are answered.
    #[serde(default)]
    pub options: EvaluationsOptions,
}

/// Answers to several questions in their order, or to the one (§7.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum EvaluationsAnswer {
    /// Of several.
    Several {
        /// As far as they were answered.
        evaluations: Vec<Decision>,
    },
    /// Of one.
    One(Decision),
}

/// Which part of an answer is asked for (§8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageAsked {
    /// `next_token` of the page before.
    #[serde(default)]
    pub token: Option<Line<512>>,
    /// Most results, 1 to 500; 200 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Where an answer goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageTold {
    /// What to send as `token` for the next page, which may have no results; empty on the last one.
    pub next_token: String,
}

/// Something of a kind, without saying which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfKind {
    /// The kind.
    #[serde(rename = "type")]
    pub kind: Line<64>,
}

/// Who may do this to that (§8.4)?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchSubject {
    /// Of the kind `application`.
    pub subject: OfKind,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// Which part of the answer.
    #[serde(default)]
    pub page: PageAsked,
}

/// To what may they do this (§8.5)?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchResource {
    /// Who.
    pub subject: Subject,
    /// Does what.
    pub action: Action,
    /// Of the kind `resource`.
    pub resource: OfKind,
    /// Which part of the answer.
    #[serde(default)]
    pub page: PageAsked,
}

/// What may they do to that (§8.6)?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchAction {
    /// Who.
    pub subject: Subject,
    /// To what.
    pub resource: Resource,
    /// Which part of the answer.
    #[serde(default)]
    pub page: PageAsked,
}

/// A subject or a resource that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// An action that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundAction {
    /// The scope.
    pub name: String,
}

/// Subjects or resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundEntities {
    /// Those for which the question is answered with `true`.
    pub results: Vec<Found>,
    /// Where the answer goes on.
    pub page: PageTold,
}

/// Actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundActions {
    /// Those for which the question is answered with `true`.
    pub results: Vec<FoundAction>,
    /// Where the answer goes on.
    pub page: PageTold,
}

/// Where everything is (§9.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Configuration {
    /// Base of the addresses.
    pub policy_decision_point: String,
    /// One question.
    pub access_evaluation_endpoint: String,
    /// Several.
    pub access_evaluations_endpoint: String,
    /// Who may?
    pub search_subject_endpoint: String,
    /// To what?
    pub search_resource_endpoint: String,
    /// What may they do?
    pub search_action_endpoint: String,
}
