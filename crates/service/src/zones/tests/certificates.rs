//! How long certificates for upstreams still hold.

use caracal_core::entity::{Provider, ProviderKind};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

const METRIC: &str = "caracal_zones_client_certificate_left_seconds";

fn provider(zone: &Given, until: i32) -> Provider {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([String::from("agent.test")]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    let config = serde_json::json!({ "client_certificate": pem });
    Provider {
        kind: ProviderKind::None,
        config_json: config.as_object().cloned().unwrap(),
        secret_config_keys: Vec::new(),
        ..zone.provider()
    }
}

#[tokio::test]
async fn the_certificate_that_ends_first_is_told_of_as_long_as_there_is_one() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);
    let fixture = Fixture::new().await;
    let left = || -> Option<f64> {
        let shown = metrics.render();
        let line = shown.lines().find_map(|line| line.strip_prefix(METRIC))?;
        line.trim().parse().ok()
    };
    let year = |year: i32| {
        let at = date_time_ymd(year, 1, 1).unix_timestamp() - fixture.world.now().unix_seconds();
        Some(f64::from(i32::try_from(at).unwrap()))
    };
    let (zone, other) = (fixture.zone().await, fixture.zone().await);
    let (first, late, plain) = (provider(&zone, 2040), provider(&other, 2045), zone.provider());
    let mut work = fixture.write(&zone).await;
    work.providers().create(&first).await.unwrap();
    work.providers().create(&plain).await.unwrap();
    work.commit().await.unwrap();
    fixture.directory.report();
    assert!(left().unwrap().is_nan(), "nothing is in memory");

    fixture.directory.zone(&zone.zone_id).await.unwrap();
    fixture.directory.zone(&other.zone_id).await.unwrap();
    fixture.directory.report();
    assert_eq!(left(), year(2040));
    let mut work = fixture.write(&other).await;
    work.providers().create(&late).await.unwrap();
    work.commit().await.unwrap();
    let kind = DirectoryKind::Provider;
    fixture.changed(&other, kind, late.id.as_str()).await;
    fixture.directory.report();
    assert_eq!(left(), year(2040));

    // Rotated, and then gone.
    let rotated = Provider {
        config_json: provider(&zone, 2001).config_json,
        ..first.clone()
    };
    let mut work = fixture.write(&zone).await;
    assert!(work.providers().update(&rotated).await.unwrap());
    work.commit().await.unwrap();
    fixture.changed(&zone, kind, first.id.as_str()).await;
    fixture.directory.report();
    assert!(left() < Some(0.0) && left() == year(2001), "it is over");
    let now = fixture.world.now();
    let mut work = fixture.write(&zone).await;
    assert!(work.providers().archive(&first.id, now).await.unwrap());
    work.commit().await.unwrap();
    fixture.changed(&zone, kind, first.id.as_str()).await;
    fixture.directory.report();
    assert_eq!(left(), year(2045));
}
