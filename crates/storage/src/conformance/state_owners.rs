//! Which document an object comes from.

use caracal_core::entity::StateKind;

use crate::StateOwner;

use super::{Backend, fixture::Fixture};

pub async fn an_object_comes_from_one_document_until_another_takes_it_over(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let owner = |kind, manager: &str| StateOwner {
        kind,
        object_id: String::from("one"),
        manager: manager.to_owned(),
    };
    let mut work = fixture.a.write().await;
    for claimed in [
        owner(StateKind::Resource, "ours"),
        owner(StateKind::Application, "ours"),
        owner(StateKind::Application, "theirs"),
    ] {
        work.state_owners().claim(&claimed, now).await.unwrap();
    }
    work.commit().await.unwrap();
    let both = [
        owner(StateKind::Application, "theirs"),
        owner(StateKind::Resource, "ours"),
    ];
    assert_eq!(fixture.a.read().await.state_owners().all().await.unwrap(), both);
    // Objects with the same ids in another zone are others.
    let mut elsewhere = fixture.b.write().await;
    assert!(elsewhere.state_owners().all().await.unwrap().is_empty());
    elsewhere
        .state_owners()
        .release(StateKind::Resource, "one")
        .await
        .unwrap();
    elsewhere.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    for _ in 0..2 {
        work.state_owners()
            .release(StateKind::Application, "one")
            .await
            .unwrap();
    }
    let left = work.state_owners().all().await.unwrap();
    assert_eq!(left, [owner(StateKind::Resource, "ours")]);
    work.commit().await.unwrap();
}
