use std::fs;

use caracal_export::{Export, PartFormat};
use caracal_testkit::parts::Backends;
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::RowAccessor as _,
};

use crate::fixture::{Fixture, at};

/// Where parts begin and end, in their order.
fn stretches(fixture: &Fixture) -> Vec<(u64, u64)> {
    let mut stretches: Vec<(u64, u64)> = fixture
        .files()
        .iter()
        .filter(|(name, _)| name.contains("/_part-"))
        .map(|(_, content)| {
            let record: serde_json::Value = serde_json::from_slice(content).unwrap();
            (record["first"].as_u64().unwrap(), record["end"].as_u64().unwrap())
        })
        .collect();
    stretches.sort_unstable();
    stretches
}

#[tokio::test]
async fn every_entry_is_in_one_part_of_its_hour_once_the_hour_is_over_or_the_part_is_full() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = Fixture::over(backends, PartFormat::Parquet).await;
        let (zone, other) = (fixture.zone(), fixture.zone());
        fixture.append(&zone, 20, at(5)).await;
        fixture.append(&zone, 4, at(50)).await;
        fixture.append(&other, 3, at(30)).await;
        fixture.export(at(55)).await;
        // The hour goes on: only what is full is exported.
        assert_eq!(stretches(&fixture), [(0, 16)]);
        fixture.export(at(61)).await;
        assert_eq!(stretches(&fixture), [(0, 16)]);
        fixture.append(&zone, 5, at(65)).await;
        fixture.export(at(63)).await;
        assert_eq!(stretches(&fixture), [(0, 3), (0, 16), (16, 24)]);
        fixture.append(&zone, 1, at(59)).await;
        fixture.export(at(125)).await;
        assert_eq!(
            stretches(&fixture),
            [(0, 3), (0, 16), (16, 24), (24, 29), (29, 30)]
        );
        let names: Vec<String> = fixture
            .files()
            .into_keys()
            .filter(|name| name.contains(zone.as_str()))
            .collect();
        let directory = format!("zone={zone}/date=2026-05-21");
        let expected = [
            format!("{directory}/hour=12/_part-00000000000000000001.json"),
            format!("{directory}/hour=12/_part-00000000000000000017.json"),
            format!("{directory}/hour=12/_part-00000000000000000030.json"),
            format!("{directory}/hour=12/part-00000000000000000001.parquet"),
            format!("{directory}/hour=12/part-00000000000000000017.parquet"),
            format!("{directory}/hour=12/part-00000000000000000030.parquet"),
            format!("{directory}/hour=13/_part-00000000000000000025.json"),
            format!("{directory}/hour=13/part-00000000000000000025.parquet"),
        ];
        assert_eq!(names, expected);
        let verified = fixture.verify().await;
        assert!(verified.iter().all(|zone| zone.fault.is_none()), "{verified:?}");
        let mut sizes: Vec<_> = verified.iter().map(|zone| (zone.parts, zone.entries)).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [(1, (0, 3)), (4, (0, 30))]);
    }
}

#[tokio::test]
async fn a_table_has_the_documented_columns_and_the_events_as_they_arrived() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Parquet).await;
    let zone = fixture.zone();
    fixture.append(&zone, 2, at(5)).await;
    fixture.export(at(70)).await;
    let (_, content) = fixture
        .files()
        .into_iter()
        .find(|(name, _)| name.ends_with(".parquet"))
        .unwrap();
    let table = SerializedFileReader::new(bytes::Bytes::from(content)).unwrap();
    let columns: Vec<String> = table
        .metadata()
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .map(|column| column.path().string())
        .collect();
    assert_eq!(
        columns,
        [
            "position",
            "id",
            "occurred_at",
            "taken_at",
            "event_type",
            "request_id",
            "decision",
            "application_id",
            "session_id",
            "authority_record_id",
            "labels.list.element",
            "producer_key",
            "content_sha256",
            "event",
        ]
    );
    let mut work = fixture
        .store()
        .zone(&zone, caracal_storage::Access::Read)
        .await
        .unwrap();
    let rows = work.ledger().range(0, 10).await.unwrap();
    for (row, kept) in table.get_row_iter(None).unwrap().zip(&rows) {
        let row = row.unwrap();
        assert_eq!(row.get_long(0).unwrap(), kept.chain_seq);
        assert_eq!(*row.get_string(1).unwrap(), kept.event.id);
        assert_eq!(row.get_timestamp_micros(2).unwrap(), at(5).as_micros());
        assert_eq!(row.get_string(8).unwrap(), "ses");
        assert_eq!(
            row.get_list(10).unwrap().len(),
            if kept.chain_seq == 1 { 0 } else { 2 }
        );
        assert_eq!(*row.get_string(13).unwrap(), kept.received);
    }
}

#[tokio::test]
async fn what_a_killed_exporter_left_is_finished_and_nothing_is_written_twice() {
    for form in [PartFormat::Parquet, PartFormat::Ndjson, PartFormat::Ocsf] {
        let fixture = Fixture::over(Backends::Embedded, form).await;
        let zone = fixture.zone();
        fixture.append(&zone, 40, at(5)).await;
        fixture.export(at(70)).await;
        let whole = fixture.files();
        let newest = |files: &std::collections::BTreeMap<String, Vec<u8>>, part: &str| {
            files.keys().rfind(|name| name.contains(part)).unwrap().clone()
        };
        // Killed after the record, and before it.
        for part in [vec!["/part-"], vec!["/part-", "/_part-"]] {
            for kind in &part {
                fs::remove_file(fixture.directory().join(newest(&whole, kind))).unwrap();
            }
            fixture.export(at(70)).await;
            let (again, entries) = (fixture.files(), newest(&whole, "/part-"));
            assert!(again.keys().eq(whole.keys()), "{part:?}");
            assert_eq!(again[&entries], whole[&entries], "{part:?}");
        }
        // One of the signatures is another each time.
        let whole = fixture.files();
        // One that knows nothing, and several at once, change nothing.
        let exporters = [1, 2, 3].map(|_| fixture.exporter(at(70), fixture.target()));
        futures_util::future::join_all(exporters.iter().map(Export::round)).await;
        assert_eq!(fixture.files(), whole);
        assert!(fixture.verify().await[0].fault.is_none());
    }
}

#[tokio::test]
async fn several_exporters_at_once_write_one_export() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Parquet).await;
    let zone = fixture.zone();
    fixture.append(&zone, 100, at(5)).await;
    let exporters = [0, 1, 2].map(|_| fixture.exporter(at(70), fixture.target()));
    futures_util::future::join_all(exporters.iter().map(Export::round)).await;
    fixture.append(&zone, 100, at(75)).await;
    futures_util::future::join_all(exporters.iter().map(Export::round)).await;
    fixture.export(at(130)).await;
    let verified = fixture.verify().await;
    assert_eq!((verified[0].entries, &verified[0].fault), ((0, 200), &None));
}

#[tokio::test]
async fn a_zone_that_cannot_be_exported_delays_no_other() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Parquet).await;
    let (broken, good) = (fixture.zone(), fixture.zone());
    for zone in [&broken, &good] {
        fixture.append(zone, 3, at(5)).await;
    }
    fs::create_dir_all(fixture.directory()).unwrap();
    // No directory can be made there.
    let in_the_way = fixture.directory().join(format!("zone={broken}"));
    fs::write(&in_the_way, "").unwrap();
    fixture.export(at(70)).await;
    let names: Vec<String> = fixture.files().into_keys().collect();
    assert!(names.iter().any(|name| name.contains(good.as_str())), "{names:?}");
    fs::remove_file(&in_the_way).unwrap();
    fixture.export(at(70)).await;
    assert!(
        fixture
            .verify()
            .await
            .iter()
            .all(|zone| zone.fault.is_none() && zone.parts == 1)
    );
}
