//! Reading rows into domain types. What does not parse is [`Error::Corrupt`]: nobody but us writes these tables.

use std::str::FromStr;

use caracal_core::{JsonObject, Timestamp, entity::Attribution, id::InvalidId};
use caracal_storage::Error;
use sea_orm::{QueryResult, TryGetable};
use serde::de::DeserializeOwned;
use sqlx::{Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

/// One row of an answer; columns by name.
pub(crate) struct Row(pub(crate) QueryResult);

impl Row {
    fn get<T: TryGetable>(&self, column: &'static str) -> Result<T, Error> {
        self.0
            .try_get_by(column)
            .map_err(|source| Error::Corrupt(format!("column {column}: {source}")))
    }

    /// Bytes of all columns together, as the database sent them.
    pub(crate) fn width(&self) -> usize {
        if let Some(row) = self.0.try_as_pg_row() {
            let width = |n| row.try_get_raw(n).ok()?.as_bytes().ok().map(<[u8]>::len);
            (0..row.len()).filter_map(width).sum()
        } else if let Some(row) = self.0.try_as_sqlite_row() {
            // Numbers are read as they are: to ask SQLite for their bytes would turn them into texts.
            let width = |n| {
                let value = row.try_get_raw(n).ok()?;
                if matches!(value.type_info().name(), "TEXT" | "BLOB") {
                    <&[u8] as Decode<Sqlite>>::decode(value).ok().map(<[u8]>::len)
                } else {
                    Some(size_of::<i64>())
                }
            };
            (0..row.len()).filter_map(width).sum()
        } else {
            0
        }
    }

    /// A text.
    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        self.get(column)
    }

    /// A text or nothing.
    pub(crate) fn opt_text(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.get(column)
    }

    /// A 64-bit number.
    pub(crate) fn int(&self, column: &'static str) -> Result<i64, Error> {
        self.get(column)
    }

    /// A small number.
    pub(crate) fn small(&self, column: &'static str) -> Result<u32, Error> {
        u32::try_from(self.int(column)?).map_err(|_| corrupt(column))
    }

    /// A small number or nothing.
    pub(crate) fn opt_small(&self, column: &'static str) -> Result<Option<u32>, Error> {
        let value: Option<i64> = self.get(column)?;
        value
            .map(|value| u32::try_from(value).map_err(|_| corrupt(column)))
            .transpose()
    }

    /// A count.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, Error> {
        u64::try_from(self.int(column)?).map_err(|_| corrupt(column))
    }

    /// A truth value.
    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, Error> {
        self.get(column)
    }

    /// A truth value or nothing.
    pub(crate) fn opt_flag(&self, column: &'static str) -> Result<Option<bool>, Error> {
        self.get(column)
    }

    /// Bytes.
    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, Error> {
        self.get(column)
    }

    /// Bytes or nothing.
    pub(crate) fn opt_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, Error> {
        self.get(column)
    }

    /// 32 bytes stored as lower-case hex.
    pub(crate) fn digest(&self, column: &'static str) -> Result<[u8; 32], Error> {
        let mut digest = [0; 32];
        hex::decode_to_slice(self.text(column)?, &mut digest).map_err(|_| corrupt(column))?;
        Ok(digest)
    }

    /// An instant.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// An instant or nothing.
    pub(crate) fn opt_time(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        let micros: Option<i64> = self.get(column)?;
        Ok(micros.map(Timestamp::from_micros))
    }

    /// A typed id.
    pub(crate) fn id<T: FromStr<Err = InvalidId>>(&self, column: &'static str) -> Result<T, Error> {
        self.text(column)?.parse().map_err(|_| corrupt(column))
    }

    /// A typed id or nothing.
    pub(crate) fn opt_id<T: FromStr<Err = InvalidId>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, Error> {
        self.opt_text(column)?
            .map(|text| text.parse().map_err(|_| corrupt(column)))
            .transpose()
    }

    /// A word of a closed list.
    pub(crate) fn word<T>(&self, column: &'static str, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        parse(&self.text(column)?).ok_or_else(|| corrupt(column))
    }

    /// A JSON document stored as text.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        serde_json::from_str(&self.text(column)?).map_err(|_| corrupt(column))
    }

    /// A JSON object that nobody here looks into.
    pub(crate) fn object(&self, column: &'static str) -> Result<JsonObject, Error> {
        JsonObject::parse(self.text(column)?).ok_or_else(|| corrupt(column))
    }

    /// Who made and last changed the row.
    pub(crate) fn attribution(&self) -> Result<Attribution, Error> {
        Ok(Attribution {
            created_by: self.opt_text("created_by")?,
            created_via_operator: self.flag("created_via_operator")?,
            updated_by: self.opt_text("updated_by")?,
            updated_via_operator: self.flag("updated_via_operator")?,
            created_at: self.time("created_at")?,
            updated_at: self.opt_time("updated_at")?,
            version: self.int("version")?,
        })
    }
}

/// A column holds what we never write.
fn corrupt(column: &str) -> Error {
    Error::Corrupt(format!("column {column} holds an unreadable value"))
}

/// The JSON text of a value that always serialises.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Corrupt(source.to_string()))
}
