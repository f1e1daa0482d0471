//! Those whom nobody has proved, and who waits for them.

use std::net::{IpAddr, SocketAddr};

use tokio::task::JoinSet;

use super::*;

fn request(token: &str, host: u8) -> Request {
    let peer = SocketAddr::from(([10, 0, 0, host], 4000));
    Request::get("/items")
        .header("authorization", format!("Bearer {token}"))
        .extension(PeerAddr(peer))
        .body(HttpBody::empty())
        .unwrap()
}

fn has_turn(role: &Shop, host: u8) -> bool {
    let address = IpAddr::from([10, 0, 0, host]);
    role.limits.free_stranger_turn(Some(address)).is_some()
}

#[tokio::test]
async fn strangers_whose_proof_hangs_keep_out_strangers_and_nobody_who_may_be_somebody() {
    let role = shop();
    let router = mount(&role, routes());
    let mut stuck = JoinSet::new();
    for number in 0..20 {
        stuck.spawn(router.clone().oneshot(request("stuck", number % 2)));
    }
    while has_turn(&role, 7) {
        tokio::task::yield_now().await;
    }
    // From the address of the strangers, and from another.
    for host in [0, 9] {
        let answer = router.clone().oneshot(request("reader", host)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let mut next = JoinSet::new();
    next.spawn(router.clone().oneshot(request("stranger", 9)));
    tokio::task::yield_now().await;
    assert!(next.try_join_next().is_none(), "a turn was free");
    stuck.shutdown().await;
    let answer = next.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "whoever waited is next");
    assert!(has_turn(&role, 9));
}

#[tokio::test]
async fn one_network_leaves_turns_to_another() {
    let role = shop();
    let router = mount(&role, routes());
    let mut stuck = JoinSet::new();
    for _ in 0..20 {
        stuck.spawn(router.clone().oneshot(request("stuck", 1)));
    }
    while has_turn(&role, 1) {
        tokio::task::yield_now().await;
    }
    let answer = router.oneshot(request("stranger", 2)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}
