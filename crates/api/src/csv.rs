//! CSV (RFC 4180) that a spreadsheet opens without running anything.

use serde_json::Value;

/// A file with a header row; `cell` gives the value of a column, null where there is none.
pub(crate) fn render<R>(columns: &[&str], rows: &[R], cell: impl Fn(&R, &str) -> Value) -> String {
    let mut file = columns.join(",");
    file.push_str("\r\n");
    for row in rows {
        for (position, column) in columns.iter().enumerate() {
            if position > 0 {
                file.push(',');
            }
            file.push_str(&escape(&text(&cell(row, column))));
        }
        file.push_str("\r\n");
    }
    file
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
        let file = render(&["a", "b", "c", "d", "e"], &[row], |row, column| {
            row[column].clone()
        });
        assert_eq!(file, "a,b,c,d,e\r\n'=1+1,x y,\"say \"\"hi\"\", now\",,'-5\r\n");
    }
}
