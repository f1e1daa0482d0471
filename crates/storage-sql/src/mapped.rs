//! Entities as rows: a table's columns are written once, beside the fields that hold them. From that list come what is
//! selected, how a row is read, what is inserted and what an update sets.

use std::fmt::Write as _;

use caracal_core::{
    ApplicationId, ApprovalId, AuthorityRecordId, CanaryId, ConnectionId, DelegationId, GrantId, HeldCall,
    JsonObject, KeyId, NotificationDeliveryId, NotificationSinkId, PolicyId, PolicySetId, PolicySetVersionId,
    PolicyVersionId, ProviderId, ResourceId, SessionId, SubjectIssuerId, Timestamp, WorkloadId, ZoneId,
    claims::SubjectType,
    entity::{
        AccountRole, ApproverClass, Attribution, AuthorityRecordStatus, ConnectionStatus, GrantStatus,
        Lifecycle, NotificationType, OperationEnforcement, PrivacyMode, ProviderKind, RegistrationMethod,
        SessionStatus, SignInWay, StateKind, UpstreamRevocation,
    },
};
use caracal_storage::Error;
use sea_orm::Value;

use crate::{
    params::{Param, every_id},
    row::Row,
    sql::Tx,
    work::ZoneUnit,
};

/// An entity with a table of its own.
pub(crate) trait Mapped: Sized + Sync {
    /// Name of the table.
    const TABLE: &'static str;
    /// Names of the columns with commas between them.
    const COLUMNS: &'static str;

    /// Reads a row that has all of the columns.
    fn read(row: &Row) -> Result<Self, Error>;

    /// The values of the columns, in their order.
    fn values(&self) -> Result<Vec<Value>, Error>;
}

/// A field that is one column.
pub(crate) trait Column: Param + Sized {
    /// Reads it.
    fn read(row: &Row, column: &'static str) -> Result<Self, Error>;
}

/// Implements [`Mapped`]: `mapped!(Zone in "zones" { id, name, tags as json; attribution });`.
macro_rules! mapped {
    ($entity:ident in $table:literal {
        $first:ident $(as $first_how:ident)? $(, $column:ident $(as $how:ident)?)* $(; $by:ident)? $(,)?
    }) => {
        impl $crate::mapped::Mapped for $entity {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static str = concat!(
                stringify!($first) $(, ", ", stringify!($column))* $(, $crate::mapped::mapped!(@columns $by))?
            );

            fn read(row: &$crate::row::Row) -> Result<Self, caracal_storage::Error> {
                Ok(Self {
                    $first: $crate::mapped::mapped!(@read row, $first $(, $first_how)?),
                    $($column: $crate::mapped::mapped!(@read row, $column $(, $how)?),)*
                    $($by: row.attribution()?,)?
                })
            }

            fn values(&self) -> Result<Vec<sea_orm::Value>, caracal_storage::Error> {
                #[allow(unused_mut, reason = "most entities say who made and changed them")]
                let mut values = vec![
                    $crate::mapped::mapped!(@bind self, $first $(, $first_how)?),
                    $($crate::mapped::mapped!(@bind self, $column $(, $how)?),)*
                ];
                $(values.extend($crate::mapped::attribution_values(&self.$by));)?
                Ok(values)
            }
        }
    };
    (@columns attribution) => {
        ", created_by, created_via_operator, created_at, updated_by, updated_via_operator, updated_at, version"
    };
    (@read $row:ident, $column:ident) => { $crate::mapped::Column::read($row, stringify!($column))? };
    (@read $row:ident, $column:ident, json) => { $row.json(stringify!($column))? };
    (@bind $self:ident, $column:ident) => { $crate::params::Param::value(&$self.$column) };
    (@bind $self:ident, $column:ident, json) => {
        $crate::params::Param::value(&$crate::row::to_json(&$self.$column)?)
    };
}
pub(crate) use mapped;

/// Columns of a table that a statement calls otherwise.
pub(crate) fn qualified(table: &str, columns: &str) -> String {
    let each = columns.split(", ").map(|column| format!("{table}.{column}"));
    each.collect::<Vec<_>>().join(", ")
}

/// In the order of the columns that `mapped!` names for it.
pub(crate) fn attribution_values(by: &Attribution) -> [Value; 7] {
    [
        by.created_by.value(),
        by.created_via_operator.value(),
        by.created_at.value(),
        by.updated_by.value(),
        by.updated_via_operator.value(),
        by.updated_at.value(),
        by.version.value(),
    ]
}

/// Columns of an entity that never change, or not by an update of the whole. The database counts versions.
const KEPT: [&str; 8] = [
    "zone_id",
    "id",
    "registration_method",
    "archived_at",
    "created_by",
    "created_via_operator",
    "created_at",
    "version",
];

/// The row has another version than the one that was read; the whole unit of work may be tried again.
pub(crate) fn changed_meanwhile() -> Error {
    Error::Contended("another unit of work changed the row meanwhile".into())
}

impl Tx {
    /// Inserts a row. `more` are columns that no field holds, with their values.
    pub(crate) async fn insert<M: Mapped>(&self, entity: &M, more: &[(&str, Value)]) -> Result<(), Error> {
        self.put(entity, more, "").await.map(|_| ())
    }

    /// Inserts a row unless a uniqueness rule is in its way; whether it was.
    pub(crate) async fn insert_unless_there<M: Mapped>(&self, entity: &M) -> Result<bool, Error> {
        Ok(self.put(entity, &[], " ON CONFLICT DO NOTHING").await? == 1)
    }

    async fn put<M: Mapped>(
        &self,
        entity: &M,
        more: &[(&str, Value)],
        otherwise: &str,
    ) -> Result<u64, Error> {
        let mut params = entity.values()?;
        let mut sql = format!("INSERT INTO {} ({}", M::TABLE, M::COLUMNS);
        for (column, value) in more {
            let _ = write!(sql, ", {column}");
            params.push(value.clone());
        }
        sql.push_str(") VALUES (");
        for place in 1..=params.len() {
            let _ = write!(sql, "{}${place}", if place == 1 { "" } else { ", " });
        }
        sql.push(')');
        sql.push_str(otherwise);
        self.run(sql, params).await
    }
}

impl ZoneUnit {
    /// Writes an entity of this version, unless it is archived; whether there was one to write.
    ///
    /// # Errors
    /// When somebody else has changed the row since it was read.
    pub(crate) async fn update_live<M: Mapped>(
        &mut self,
        entity: &M,
        id: &str,
        version: i64,
        more: &[(&str, Value)],
    ) -> Result<bool, Error> {
        self.changed = true;
        let mut params = vec![self.zone.value(), id.value()];
        let mut sql = format!("UPDATE {} SET ", M::TABLE);
        let columns = M::COLUMNS.split(", ").zip(entity.values()?);
        let more = more.iter().map(|(column, value)| (*column, value.clone()));
        for (column, value) in columns.filter(|(column, _)| !KEPT.contains(column)).chain(more) {
            let comma = if params.len() == 2 { "" } else { ", " };
            params.push(value);
            let _ = write!(sql, "{comma}{column} = ${}", params.len());
        }
        params.push(version.value());
        let seen = params.len();
        let row = if M::COLUMNS.split(", ").any(|column| column == "archived_at") {
            "zone_id = $1 AND id = $2 AND archived_at IS NULL"
        } else {
            "zone_id = $1 AND id = $2"
        };
        let _ = write!(sql, " WHERE {row} AND version = ${seen}");
        if self.tx.changes_one(sql, params).await? {
            return Ok(true);
        }
        // Gone, or still there with another version than the one that was read.
        let there = format!("SELECT 1 AS found FROM {} WHERE {row}", M::TABLE);
        if self.tx.any(there, vec![self.zone.value(), id.value()]).await? {
            return Err(changed_meanwhile());
        }
        Ok(false)
    }
}

/// Columns that [`Row`] reads by a function of its own.
macro_rules! columns {
    ($($field:ty => $read:ident),+ $(,)?) => {
        $(impl Column for $field {
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                row.$read(column)
            }
        })+
    };
}
columns!(
    String => text,
    Option<String> => opt_text,
    i64 => int,
    u32 => small,
    Option<u32> => opt_small,
    bool => flag,
    Option<bool> => opt_flag,
    Vec<u8> => bytes,
    Option<Vec<u8>> => opt_bytes,
    [u8; 32] => digest,
    Timestamp => time,
    Option<Timestamp> => opt_time,
);

impl Param for JsonObject {
    fn value(&self) -> Value {
        self.as_str().value()
    }
}

impl Column for JsonObject {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.object(column)
    }
}

impl Param for Option<HeldCall> {
    fn value(&self) -> Value {
        // Plain data with text for keys always serialises.
        let text = self
            .as_ref()
            .map(|call| serde_json::to_string(call).unwrap_or_default());
        text.value()
    }
}

impl Column for Option<HeldCall> {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let text = row.opt_text(column)?;
        let read = text.as_deref().map(serde_json::from_str).transpose();
        read.map_err(|error| Error::Corrupt(format!("{column}: {error}")))
    }
}

/// Ids, absent ones included.
macro_rules! id_columns {
    ($($id:ty),+ $(,)?) => { $(columns!($id => id, Option<$id> => opt_id);)+ };
}
every_id!(id_columns);

/// Words of closed lists.
macro_rules! word_columns {
    ($($word:ty: $parse:path, $text:path);+ $(;)?) => {
        $(
            impl Param for $word {
                fn value(&self) -> Value {
                    $text(*self).value()
                }
            }
            impl Column for $word {
                fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                    row.word(column, $parse)
                }
            }
        )+
    };
}
word_columns!(
    AccountRole: AccountRole::parse, AccountRole::as_str;
    ApproverClass: ApproverClass::parse, ApproverClass::as_str;
    AuthorityRecordStatus: AuthorityRecordStatus::parse, AuthorityRecordStatus::as_str;
    ConnectionStatus: ConnectionStatus::parse, ConnectionStatus::as_str;
    GrantStatus: GrantStatus::parse, GrantStatus::as_str;
    Lifecycle: Lifecycle::parse, Lifecycle::as_str;
    NotificationType: NotificationType::parse, NotificationType::as_str;
    OperationEnforcement: OperationEnforcement::parse, OperationEnforcement::as_str;
    PrivacyMode: PrivacyMode::parse, PrivacyMode::as_str;
    ProviderKind: ProviderKind::parse, ProviderKind::as_str;
    RegistrationMethod: RegistrationMethod::parse, RegistrationMethod::as_str;
    SessionStatus: SessionStatus::parse, SessionStatus::as_str;
    SignInWay: SignInWay::parse, SignInWay::as_str;
    StateKind: StateKind::parse, StateKind::as_str;
    SubjectType: subject_of, subject_word;
    UpstreamRevocation: UpstreamRevocation::parse, UpstreamRevocation::as_str;
);

/// The word of a kind of subject.
pub(crate) const fn subject_word(kind: SubjectType) -> &'static str {
    match kind {
        SubjectType::Application => "application",
        SubjectType::User => "user",
    }
}

fn subject_of(word: &str) -> Option<SubjectType> {
    match word {
        "application" => Some(SubjectType::Application),
        "user" => Some(SubjectType::User),
        _ => None,
    }
}
