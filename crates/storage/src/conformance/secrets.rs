//! Sealed values.

use super::{Backend, fixture::Fixture};

pub async fn a_sealed_value_is_replaced_and_removed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let bytes: Vec<u8> = (0..=255).collect();
    let mut work = fixture.a.write().await;
    work.secrets().put("zones/z/x", &bytes, now).await.unwrap();
    assert_eq!(work.secrets().get("zones/z/x").await.unwrap(), Some(bytes));
    work.secrets().put("zones/z/x", b"", now).await.unwrap();
    assert_eq!(work.secrets().get("zones/z/x").await.unwrap(), Some(Vec::new()));
    assert_eq!(
        work.secrets().list("zones/").await.unwrap().len(),
        1,
        "a value was doubled instead of replaced"
    );
    work.secrets().delete("zones/z/x").await.unwrap();
    work.secrets().delete("zones/z/x").await.unwrap();
    assert_eq!(work.secrets().get("zones/z/x").await.unwrap(), None);
    work.commit().await.unwrap();
}

pub async fn a_prefix_is_literal_text(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let references = [
        "zones/a_b/1",
        "zones/aXb/2",
        "zones/A_B/3",
        "zones/a%/4",
        "zones/a*/5",
        "zones/a\\b/6",
        "Zones/7",
    ];
    let mut work = fixture.a.write().await;
    for reference in references {
        work.secrets()
            .put(reference, reference.as_bytes(), fixture.world.now())
            .await
            .unwrap();
    }
    for (prefix, expected) in [
        ("zones/a_", vec!["zones/a_b/1"]),
        ("zones/a%", vec!["zones/a%/4"]),
        ("zones/a*", vec!["zones/a*/5"]),
        ("zones/a\\", vec!["zones/a\\b/6"]),
        ("zones/A", vec!["zones/A_B/3"]),
        ("Zones/", vec!["Zones/7"]),
        ("%", vec![]),
        ("zones/a_b/1", vec!["zones/a_b/1"]),
        ("zones/a_b/12", vec![]),
    ] {
        let mut listed = work.secrets().list(prefix).await.unwrap();
        listed.sort();
        assert!(
            listed
                .iter()
                .all(|(reference, envelope)| reference.as_bytes() == envelope)
        );
        let found: Vec<_> = listed.iter().map(|(reference, _)| reference.as_str()).collect();
        assert_eq!(found, expected, "prefix {prefix}");
    }
    assert_eq!(work.secrets().list("").await.unwrap().len(), references.len());
}
