//! What leaves the ledger as lines.

use std::io;

use caracal_audit::{ExportError, ExportFormat, ExportSpan, export};
use caracal_core::{Timestamp, ZoneId};
use serde_json::Value;

use crate::ledger::{Backends, Ledger};

async fn lines(ledger: &Ledger, zone: &ZoneId, span: ExportSpan, format: ExportFormat) -> Vec<String> {
    let mut lines = Vec::new();
    let store = ledger.deps.store.as_ref();
    let written = export(store, zone, span, format, |line| {
        lines.push(line.to_owned());
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(written, lines.len() as u64);
    lines
}

/// Seconds since 1970 of the events, in the order of the ledger.
async fn dated(ledger: &Ledger, zone: &ZoneId, seconds: &[i64]) {
    for second in seconds {
        let mut event = ledger.event(zone, &format!("at-{second}"));
        event.occurred_at = Timestamp::from_unix_seconds(*second);
        ledger.append(&[event]).await;
    }
}

fn requests(lines: &[String]) -> Vec<String> {
    let request = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["event"]["request_id"].as_str().unwrap().to_owned()
    };
    lines.iter().map(request).collect()
}

#[tokio::test]
async fn an_export_has_the_events_of_its_zone_and_span_as_they_arrived_and_goes_on_where_it_stopped() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let (zone, other) = (ledger.zone(), ledger.zone());
    let day = 1_764_331_200;
    dated(&ledger, &other, &[day]).await;
    dated(&ledger, &zone, &[day, day + 2, day + 1, day + 3]).await;
    let at = |second| Some(Timestamp::from_unix_seconds(day + second));
    let all = lines(&ledger, &zone, ExportSpan::default(), ExportFormat::Ndjson).await;
    assert_eq!(all.len(), 4);
    for line in &all {
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(line).unwrap();
        let received = value["event"].to_string();
        assert_eq!(value["event"]["zone_id"], zone.as_str());
        assert!(!received.is_empty() && !value["content_sha256"].as_str().unwrap().is_empty());
    }
    let span = ExportSpan {
        since: at(1),
        until: at(3),
        after: 0,
    };
    let some = lines(&ledger, &zone, span, ExportFormat::Ndjson).await;
    assert_eq!(
        requests(&some),
        [format!("at-{}", day + 2), format!("at-{}", day + 1)]
    );
    // Its last line says where to go on.
    let first: Value = serde_json::from_str(&all[0]).unwrap();
    let span = ExportSpan {
        after: first["chain_seq"].as_i64().unwrap(),
        ..ExportSpan::default()
    };
    assert_eq!(lines(&ledger, &zone, span, ExportFormat::Ndjson).await, all[1..]);
    assert!(
        lines(
            &ledger,
            &ledger.zone(),
            ExportSpan::default(),
            ExportFormat::Ndjson
        )
        .await
        .is_empty()
    );
}

#[tokio::test]
async fn a_siem_gets_api_activities_that_hold_the_whole_event() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let event = ledger.event(&zone, "req-1");
    ledger.append(std::slice::from_ref(&event)).await;
    let line = lines(&ledger, &zone, ExportSpan::default(), ExportFormat::Ocsf)
        .await
        .remove(0);
    let activity: Value = serde_json::from_str(&line).unwrap();
    for (pointer, value) in [
        ("/class_uid", Value::from(6003)),
        ("/category_uid", Value::from(6)),
        ("/type_uid", Value::from(600_399)),
        ("/status_id", Value::from(2)),
        ("/severity_id", Value::from(2)),
        ("/time", Value::from(event.occurred_at.as_micros() / 1_000)),
        ("/metadata/version", Value::from("1.7.0")),
        ("/metadata/uid", Value::from(event.id.as_str())),
        ("/metadata/correlation_uid", Value::from("req-1")),
        ("/api/request/uid", Value::from("req-1")),
        ("/unmapped/event", serde_json::to_value(&event).unwrap()),
    ] {
        assert_eq!(activity.pointer(pointer), Some(&value), "{pointer} of {line}");
    }
}

#[tokio::test]
async fn an_export_that_cannot_be_written_ends_with_what_is_wrong() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    ledger
        .append(&[ledger.event(&zone, "one"), ledger.event(&zone, "two")])
        .await;
    let mut tries = 0;
    let (store, format) = (ledger.deps.store.as_ref(), ExportFormat::Ndjson);
    let ended = export(store, &zone, ExportSpan::default(), format, |_| {
        tries += 1;
        Err(io::Error::from(io::ErrorKind::BrokenPipe))
    })
    .await;
    assert!(matches!(ended, Err(ExportError::Write(_))), "{ended:?}");
    assert_eq!(tries, 1);
}
