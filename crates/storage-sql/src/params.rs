//! Parameters of statements: domain types in, driver values out.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, ApprovalId, AuthorityRecordId, CanaryId, ConnectionId, DelegationId, GrantId, KeyId,
    NotificationDeliveryId, NotificationSinkId, PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId,
    ProviderId, ResourceId, SessionId, SubjectIssuerId, Timestamp, WorkloadId, ZoneId,
};
use sea_orm::Value;

/// What may be bound to a statement.
pub(crate) trait Param {
    /// The driver's value. Absent values keep their type, which PostgreSQL needs.
    fn value(&self) -> Value;
}

/// Lists the parameters of a statement, `$1` first.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::params::Param::value(&$value)),*] };
}
pub(crate) use params;

impl<P: Param + ?Sized> Param for &P {
    fn value(&self) -> Value {
        (**self).value()
    }
}

impl Param for Value {
    fn value(&self) -> Value {
        self.clone()
    }
}

impl Param for str {
    fn value(&self) -> Value {
        Value::String(Some(self.to_owned()))
    }
}

impl Param for String {
    fn value(&self) -> Value {
        self.as_str().value()
    }
}

impl Param for Arc<str> {
    fn value(&self) -> Value {
        self.as_ref().value()
    }
}

impl Param for bool {
    fn value(&self) -> Value {
        Value::Bool(Some(*self))
    }
}

impl Param for i64 {
    fn value(&self) -> Value {
        Value::BigInt(Some(*self))
    }
}

impl Param for u32 {
    fn value(&self) -> Value {
        i64::from(*self).value()
    }
}

impl Param for u16 {
    fn value(&self) -> Value {
        i64::from(*self).value()
    }
}

impl Param for Timestamp {
    fn value(&self) -> Value {
        self.as_micros().value()
    }
}

impl Param for [u8] {
    fn value(&self) -> Value {
        Value::Bytes(Some(self.to_vec()))
    }
}

/// Stored as lower-case hex.
impl Param for [u8; 32] {
    fn value(&self) -> Value {
        hex::encode(self).value()
    }
}

impl Param for Vec<u8> {
    fn value(&self) -> Value {
        self.as_slice().value()
    }
}

impl Param for Option<Vec<u8>> {
    fn value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

/// A type whose absence is an absent text.
pub(crate) trait TextParam: Param {}
impl TextParam for str {}
impl TextParam for String {}
impl<P: TextParam + ?Sized> TextParam for &P {}

impl<P: TextParam> Param for Option<P> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::String(None), Param::value)
    }
}

impl Param for Option<Timestamp> {
    fn value(&self) -> Value {
        Value::BigInt(self.map(Timestamp::as_micros))
    }
}

impl Param for Option<bool> {
    fn value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Param for Option<u32> {
    fn value(&self) -> Value {
        Value::BigInt(self.map(i64::from))
    }
}

macro_rules! id_params {
    ($($id:ty),+) => {
        $(
            impl Param for $id {
                fn value(&self) -> Value {
                    self.as_str().value()
                }
            }
            impl TextParam for $id {}
        )+
    };
}

/// Hands every kind of id that is a column to a macro.
macro_rules! every_id {
    ($then:ident) => {
        $then!(
            ZoneId,
            ApplicationId,
            ProviderId,
            ResourceId,
            WorkloadId,
            ApprovalId,
            SubjectIssuerId,
            PolicyId,
            PolicyVersionId,
            PolicySetId,
            PolicySetVersionId,
            CanaryId,
            AuthorityRecordId,
            SessionId,
            DelegationId,
            NotificationSinkId,
            NotificationDeliveryId,
            ConnectionId,
            GrantId,
            KeyId
        );
    };
}
pub(crate) use every_id;
every_id!(id_params);

/// A list of texts as the one JSON parameter that `Dialect::is_one_of` takes, also the stored form of a list.
pub(crate) fn json_list<S: AsRef<str>>(members: impl IntoIterator<Item = S>) -> String {
    let members: Vec<serde_json::Value> = members
        .into_iter()
        .map(|member| serde_json::Value::from(member.as_ref()))
        .collect();
    serde_json::Value::Array(members).to_string()
}
