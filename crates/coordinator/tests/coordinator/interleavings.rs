//! Whatever happens at the same time, nothing goes on below what ended.

use std::{collections::HashMap, sync::Arc};

use caracal_coordinator::CoordinatorConfig;
use caracal_core::entity::{DelegationStatus, Session, SessionStatus};
use caracal_storage::{DelegationDirection, PageRequest, SessionFilter, ZoneWork};
use caracal_testkit::parts::Backends;
use parking_lot::Mutex;
use serde_json::json;

use crate::stack::{App, Stack};

/// Callers at the same time.
const CALLERS: usize = 8;
/// What each of them asks for, one after another.
const STEPS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_on_below_what_ended_in_whatever_order() {
    interleave(Stack::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_on_below_what_ended_in_whatever_order_over_postgresql() {
    interleave(Stack::over(Backends::Production, CoordinatorConfig::default()).await).await;
}

async fn interleave(stack: Stack) {
    let app = stack.app().await;
    let stack = Arc::new(stack);
    // Few enough that the callers meet at the same sessions all the time.
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(stack.task(&app).await);
    }
    let known = Arc::new((Mutex::new(sessions), Mutex::new(Vec::new())));
    let callers = (0..CALLERS).map(|_| {
        let (stack, app, known) = (stack.clone(), app.clone(), known.clone());
        tokio::spawn(async move {
            for _ in 0..STEPS {
                step(&stack, &app, &known).await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    check(&stack, &app).await;
}

/// Session ids, and delegations with who holds them.
type Known = (Mutex<Vec<String>>, Mutex<Vec<(String, String)>>);

async fn step(stack: &Stack, app: &App, known: &Known) {
    let [what, first, second, ..] = stack.world.random_bytes::<4>().map(usize::from);
    // The latest are the deepest, and those that others are about to use.
    let pick = |n: usize| {
        let sessions = known.0.lock();
        sessions[sessions.len().saturating_sub(6) + n % sessions.len().min(6)].clone()
    };
    let (one, other) = (pick(first), pick(second));
    let answer = match what % 16 {
        0..=5 => {
            let answer = stack.child(app, &one, json!({})).await;
            if answer.status == 201 {
                known.0.lock().push(answer.text("agent_session_id"));
            }
            answer
        }
        6..=9 => {
            let held = known
                .1
                .lock()
                .iter()
                .rev()
                .find(|(_, holder)| *holder == one)
                .cloned();
            let parent = held.map_or(json!({}), |(id, _)| json!({"parent_edge_id": id}));
            let answer = stack.delegate((app, &one), (app, &other), parent).await;
            if answer.status == 201 {
                known.1.lock().push((answer.text("delegation_edge_id"), other));
            }
            answer
        }
        10 => {
            let root = stack.start(app, json!({})).await;
            if root.status == 201 {
                known.0.lock().push(root.text("agent_session_id"));
            }
            root
        }
        11 => stack.patch(&format!("/agents/{one}/suspend"), &app.token).await,
        12 | 13 => stack.patch(&format!("/agents/{one}/resume"), &app.token).await,
        14 => stack.delete(&format!("/agents/{one}"), &app.token).await,
        _ => {
            let last = known.1.lock().last().cloned();
            let Some((id, _)) = last else { return };
            let path = format!("/delegations/{id}/revoke?terminate_target={}", second % 2 == 0);
            stack.patch(&path, &app.token).await
        }
    };
    // What others ended meanwhile is refused. On a busy machine a wait for each other may take too long, and says so.
    let told = answer.status.is_success() || answer.status.is_client_error() || answer.status == 503;
    assert!(told, "{answer}");
}

async fn check(stack: &Stack, app: &App) {
    let mut work = stack.read().await;
    let page = PageRequest::first(1_000);
    let sessions = work
        .sessions()
        .list(&SessionFilter::default(), &page)
        .await
        .unwrap()
        .items;
    let by_id: HashMap<&str, &Session> = sessions.iter().map(|one| (one.id.as_str(), one)).collect();
    let goes_on = |one: &Session| matches!(one.status, SessionStatus::Active | SessionStatus::Suspended);
    let going: Vec<&Session> = sessions.iter().filter(|one| goes_on(one)).collect();
    for session in &going {
        if let Some(parent) = &session.parent_id {
            let parent = by_id[parent.as_str()];
            assert!(goes_on(parent), "{session:?} below {parent:?}");
            let paused = parent.status == SessionStatus::Suspended;
            assert!(
                !paused || session.status == SessionStatus::Suspended,
                "{session:?} below {parent:?}"
            );
        }
        let children = going
            .iter()
            .filter(|one| one.parent_id.as_ref() == Some(&session.id))
            .count();
        assert_eq!(session.child_count as usize, children, "{session:?}");
    }
    let now = stack.world.now();
    let counted = work.sessions().count_slots(Some(&app.id), now).await.unwrap();
    assert_eq!(counted, going.len() as u64);
    for session in &sessions {
        check_held(work.as_mut(), session, goes_on(session), &by_id, goes_on).await;
    }
    assert!(sessions.len() > 10, "{}", sessions.len());
}

/// What the session holds holds at both ends and all the way up.
async fn check_held(
    work: &mut dyn ZoneWork,
    session: &Session,
    holds: bool,
    sessions: &HashMap<&str, &Session>,
    goes_on: impl Fn(&Session) -> bool,
) {
    let (inbound, page) = (DelegationDirection::Inbound, PageRequest::first(1_000));
    let held = work
        .delegations()
        .list(&session.id, inbound, &page)
        .await
        .unwrap()
        .items;
    for delegation in held.iter().filter(|one| one.status == DelegationStatus::Active) {
        assert!(holds, "{delegation:?} into {session:?}");
        assert!(
            goes_on(sessions[delegation.source_session_id.as_str()]),
            "{delegation:?}"
        );
        for above in work.delegations().lineage(&delegation.id, 20).await.unwrap() {
            assert_eq!(
                above.status,
                DelegationStatus::Active,
                "{above:?} above {delegation:?}"
            );
        }
    }
}
