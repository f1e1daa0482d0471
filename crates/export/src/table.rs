//! Entries as a Parquet table.

use std::{io, sync::Arc};

use caracal_audit::{ExportError, ExportSpan, exported_row};
use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::terms::SearchedEvent;
use caracal_storage::{Access, AuditRow, Store};
use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        reader::{ChunkReader, SerializedFileReader},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    record::{Field, Row, RowAccessor as _, reader::RowIter},
    schema::parser::parse_message_type,
};

/// Rows read at a time.
const PAGE: u32 = 500;

/// The columns. What an event does not have is null.
const SCHEMA: &str = "
message caracal_event {
  REQUIRED INT64 position;
  REQUIRED BYTE_ARRAY id (STRING);
  REQUIRED INT64 occurred_at (TIMESTAMP(MICROS,true));
  REQUIRED INT64 taken_at (TIMESTAMP(MICROS,true));
  REQUIRED BYTE_ARRAY event_type (STRING);
  REQUIRED BYTE_ARRAY request_id (STRING);
  REQUIRED BYTE_ARRAY decision (STRING);
  OPTIONAL BYTE_ARRAY application_id (STRING);
  OPTIONAL BYTE_ARRAY session_id (STRING);
  OPTIONAL BYTE_ARRAY authority_record_id (STRING);
  REQUIRED GROUP labels (LIST) {
    REPEATED GROUP list {
      REQUIRED BYTE_ARRAY element (STRING);
    }
  }
  REQUIRED BYTE_ARRAY producer_key (STRING);
  REQUIRED BYTE_ARRAY content_sha256 (STRING);
  REQUIRED BYTE_ARRAY event (STRING);
}
";

/// The column of labels.
const LABELS: usize = 10;

/// Why a table was not written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table's own fault, or that of what it is written to.
    #[error("a table cannot be written")]
    Parquet(#[from] ParquetError),
    /// A line cannot be written.
    #[error("a line cannot be written")]
    Line(#[from] io::Error),
}

/// A table that is written group by group.
struct Table<W: io::Write + Send>(SerializedFileWriter<W>);

impl<W: io::Write + Send> Table<W> {
    /// Begins a table.
    ///
    /// # Errors
    /// [`TableError`].
    fn begin(write: W) -> Result<Self, TableError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            // Readers skip what statistics say is of no use, so they would have to be evidence too.
            .set_statistics_enabled(EnabledStatistics::None)
            .set_created_by(String::from("caracal"))
            .build();
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        Ok(Self(SerializedFileWriter::new(
            write,
            schema,
            Arc::new(properties),
        )?))
    }

    /// Adds these rows as one group.
    ///
    /// # Errors
    /// [`TableError`].
    fn add(&mut self, rows: &[AuditRow]) -> Result<(), TableError> {
        let said: Vec<SearchedEvent> = rows.iter().map(|row| SearchedEvent::of(&row.event)).collect();
        let mut group = Columns(self.0.next_row_group()?);
        group.numbers(rows.iter().map(|row| row.chain_seq))?;
        group.texts(said.iter().map(|event| event.id.as_str()))?;
        group.numbers(said.iter().map(|event| event.occurred_at.as_micros()))?;
        group.numbers(rows.iter().map(|row| row.ingested_at.as_micros()))?;
        group.texts(said.iter().map(|event| event.event_type.as_str()))?;
        group.texts(said.iter().map(|event| event.request_id.as_str()))?;
        group.texts(said.iter().map(|event| event.decision.as_str()))?;
        group.optional(said.iter().map(|event| event.application_id.as_deref()))?;
        group.optional(said.iter().map(|event| event.session_id.as_deref()))?;
        group.optional(said.iter().map(|event| event.authority_record_id.as_deref()))?;
        group.lists(said.iter().map(|event| event.labels.as_slice()))?;
        group.texts(rows.iter().map(|row| row.producer_key.as_str()))?;
        group.texts(rows.iter().map(|row| row.content_sha256.as_str()))?;
        group.texts(rows.iter().map(|row| row.received.as_str()))?;
        group.0.close()?;
        Ok(())
    }

    /// Ends the table; without that it cannot be read.
    ///
    /// # Errors
    /// [`TableError`].
    fn finish(self) -> Result<W, TableError> {
        Ok(self.0.into_inner()?)
    }
}

/// The columns of a group, in their order.
struct Columns<'g, W: io::Write + Send>(SerializedRowGroupWriter<'g, W>);

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text.as_bytes().to_vec())
}

impl<W: io::Write + Send> Columns<'_, W> {
    fn numbers(&mut self, values: impl Iterator<Item = i64>) -> Result<(), ParquetError> {
        let values: Vec<i64> = values.collect();
        let mut column = self.0.next_column()?.ok_or(ParquetError::EOF(String::new()))?;
        column.typed::<Int64Type>().write_batch(&values, None, None)?;
        column.close()
    }

    fn column(
        &mut self,
        values: &[ByteArray],
        defined: Option<&[i16]>,
        repeated: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        let mut column = self.0.next_column()?.ok_or(ParquetError::EOF(String::new()))?;
        column
            .typed::<ByteArrayType>()
            .write_batch(values, defined, repeated)?;
        column.close()
    }

    fn texts<'t>(&mut self, values: impl Iterator<Item = &'t str>) -> Result<(), ParquetError> {
        self.column(&values.map(bytes).collect::<Vec<_>>(), None, None)
    }

    fn optional<'t>(&mut self, values: impl Iterator<Item = Option<&'t str>>) -> Result<(), ParquetError> {
        let values: Vec<Option<&str>> = values.collect();
        let defined: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<ByteArray> = values.into_iter().flatten().map(bytes).collect();
        self.column(&values, Some(&defined), None)
    }

    fn lists<'t>(&mut self, values: impl Iterator<Item = &'t [String]>) -> Result<(), ParquetError> {
        let (mut texts, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for list in values {
            if list.is_empty() {
                defined.push(0);
                repeated.push(0);
            }
            for (place, text) in list.iter().enumerate() {
                texts.push(bytes(text));
                defined.push(1);
                repeated.push(i16::from(place > 0));
            }
        }
        self.column(&texts, Some(&defined), Some(&repeated))
    }
}

/// A whole table of one group.
pub(crate) fn whole(rows: &[AuditRow]) -> Result<Vec<u8>, TableError> {
    let mut table = Table::begin(Vec::new())?;
    table.add(rows)?;
    table.finish()
}

/// A table cannot be read, or a column of it says something else than the entry itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the table cannot be read, or says of an entry what is not so")]
pub struct UnreadableTable;

/// The entries of a table of a ledger in their order, read as they are asked for.
///
/// # Errors
/// [`UnreadableTable`], also of each entry.
pub fn read_table<R: ChunkReader + 'static>(
    read: R,
) -> Result<impl Iterator<Item = Result<AuditRow, UnreadableTable>>, UnreadableTable> {
    let table = SerializedFileReader::new(read).map_err(|_| UnreadableTable)?;
    let rows = RowIter::from_file_into(Box::new(table));
    Ok(rows.map(|row| row.ok().and_then(|row| entry(&row)).ok_or(UnreadableTable)))
}

/// The entry of a row, where its columns say what the entry says.
fn entry(row: &Row) -> Option<AuditRow> {
    let position = row.get_long(0).ok()?;
    let taken_at = Timestamp::from_micros(row.get_timestamp_micros(3).ok()?);
    let (key, body) = (row.get_string(11).ok()?, row.get_string(13).ok()?);
    let made = exported_row(position, body.clone(), taken_at, key.clone())?;
    says(row, &made).then_some(made)
}

/// Whether the columns say what the entry says.
fn says(row: &Row, made: &AuditRow) -> bool {
    let event = SearchedEvent::of(&made.event);
    let text = |text: &str| Field::Str(text.to_owned());
    let optional = |value: &Option<String>| value.as_deref().map_or(Field::Null, text);
    let instant = |at: Timestamp| Field::TimestampMicros(at.as_micros());
    let expected = [
        Field::Long(made.chain_seq),
        text(&event.id),
        instant(event.occurred_at),
        instant(made.ingested_at),
        text(&event.event_type),
        text(&event.request_id),
        text(&event.decision),
        optional(&event.application_id),
        optional(&event.session_id),
        optional(&event.authority_record_id),
    ];
    let labels = row.get_list(LABELS).is_ok_and(|list| {
        let said = list.elements().iter();
        said.eq(event
            .labels
            .iter()
            .map(|label| text(label))
            .collect::<Vec<_>>()
            .iter())
    });
    let said = row.get_column_iter().map(|(_, field)| field);
    labels
        && said.take(expected.len()).eq(expected.iter())
        && row
            .get_string(LABELS + 2)
            .is_ok_and(|hash| *hash == made.content_sha256)
}

/// Rows of one group of a table that is written as it is read.
const GROUP: usize = 10_000;

/// Writes the events of `zone` in `span` as one table; how many they were. Holds one group at a time.
///
/// # Errors
/// As [`ExportError`], and [`TableError`] as that of what it is written to.
pub async fn write_table(
    store: &dyn Store,
    zone: &ZoneId,
    span: ExportSpan,
    write: impl io::Write + Send,
) -> Result<u64, ExportError> {
    let failed = |error: TableError| ExportError::Write(io::Error::other(error));
    let mut table = Table::begin(write).map_err(failed)?;
    let (mut after, mut written, mut group) = (span.after, 0, Vec::new());
    loop {
        let mut work = store.zone(zone, Access::Read).await?;
        let rows = work.ledger().range(after, PAGE).await?;
        drop(work);
        let done = rows.is_empty();
        after = rows.last().map_or(after, |row| row.chain_seq);
        group.extend(rows.into_iter().filter(|row| {
            let at = row.event.occurred_at;
            span.since.is_none_or(|since| at >= since) && span.until.is_none_or(|until| at < until)
        }));
        if group.len() >= GROUP || (done && !group.is_empty()) {
            table.add(&group).map_err(failed)?;
            written += group.len() as u64;
            group.clear();
        }
        if done {
            table.finish().map_err(failed)?;
            return Ok(written);
        }
    }
}
