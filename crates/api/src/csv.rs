//! CSV (RFC 4180) that a spreadsheet opens without running anything.

use caracal_core::ZoneId;
use caracal_service::{
    Refusal,
    front::{Download, Sheet},
};
use caracal_storage::Page;
use caracal_wire::{
    ErrorCode, Listing,
    control::{Format, audit::Row},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::rows;

/// Gives the value of a row's column.
pub(crate) type Cell = fn(&Value, &str) -> Option<Value>;

/// How a listing of which columns can be chosen is written.
pub(crate) struct Columns {
    /// JSON when absent.
    format: Option<Format>,
    /// Those that were asked for.
    named: Option<Vec<&'static str>>,
    /// Those of a file for which none were named.
    all: Vec<&'static str>,
    cell: Cell,
}

impl Columns {
    /// Those of `all` that `fields` names.
    ///
    /// # Errors
    /// 400 `invalid_fields` as [`named`].
    pub(crate) fn chosen(
        format: Option<Format>,
        fields: Option<&str>,
        all: Vec<&'static str>,
        cell: Cell,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            format,
            named: fields.map(|list| named(list, &all)).transpose()?,
            all,
            cell,
        })
    }

    pub(crate) fn sheet<T: Serialize>(self, name: String, page: Page<T>) -> Sheet<Listing<Row<T>>> {
        if self.format == Some(Format::Csv) {
            let columns = self.named.unwrap_or(self.all);
            return Sheet::Csv(file(name, &columns, &page.items, self.cell));
        }
        Sheet::Json(rows(page.map(|item| match &self.named {
            Some(columns) => Row::Columns(project(&value(&item), columns, self.cell)),
            None => Row::Whole(item),
        })))
    }
}

/// The columns that `list` names, with commas between them.
///
/// # Errors
/// 400 `invalid_fields` for an empty list and for a column that is not `known`.
pub(crate) fn named(list: &str, known: &[&'static str]) -> Result<Vec<&'static str>, Refusal> {
    let columns: Option<Vec<&'static str>> = list
        .split(',')
        .map(str::trim)
        .map(|name| known.iter().copied().find(|column| *column == name))
        .collect();
    columns
        .filter(|columns| !columns.is_empty() && list.len() <= 1000)
        .ok_or_else(|| {
            Refusal::invalid_field(
                ErrorCode::InvalidFields,
                "fields",
                "must be a comma list of known columns",
            )
        })
}

/// A page of rows that are members of their columns: a file where that was asked for, with `name` and the zone's id.
pub(crate) fn sheet<T: Serialize>(
    format: Option<Format>,
    (name, zone): (&str, &ZoneId),
    columns: &[&str],
    page: Page<T>,
) -> Sheet<Listing<T>> {
    match format {
        Some(Format::Csv) => Sheet::Csv(file(format!("{name}-{zone}.csv"), columns, &page.items, member)),
        Some(Format::Json) | None => Sheet::Json(rows(page)),
    }
}

/// The named columns of a row, as far as it has them.
pub(crate) fn project(row: &Value, columns: &[&str], cell: Cell) -> Map<String, Value> {
    columns
        .iter()
        .filter_map(|column| Some(((*column).to_owned(), cell(row, column)?)))
        .collect()
}

/// A file with a header row; `cell` gives the value of a row's column.
fn file<R: Serialize>(name: String, columns: &[&str], rows: &[R], cell: Cell) -> Download {
    let mut content = columns.join(",");
    content.push_str("\r\n");
    for row in rows {
        let row = value(row);
        let cells = columns
            .iter()
            .map(|column| cell(&row, column).unwrap_or_default());
        let cells: Vec<String> = cells.map(|cell| escape(&text(&cell))).collect();
        content.push_str(&cells.join(","));
        content.push_str("\r\n");
    }
    Download { name, content }
}

/// A row as a value. Only a map whose keys are no text has none, and rows are structs.
fn value(row: &impl Serialize) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

/// The cell of a column that is a member of the row.
fn member(row: &Value, column: &str) -> Option<Value> {
    row.get(column).cloned()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// A cell that begins like a formula gets a leading quote, so that a hostile label stays text.
fn escape(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formulas_stay_text_and_quotes_are_doubled() {
        let row = json!({"a": "=1+1", "b": ["x", "y"], "c": "say \"hi\", now", "d": null, "e": -5});
        let columns = ["a", "b", "c", "d", "e"];
        let file = file(String::from("f.csv"), &columns, &[row], member).content;
        assert_eq!(file, "a,b,c,d,e\r\n'=1+1,x y,\"say \"\"hi\"\", now\",,'-5\r\n");
    }
}
