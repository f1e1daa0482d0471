//! A write that ends between any two of its steps leaves nothing, or all of it with its record: every route that changes
//! something, from the table, on both stores.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::Duration,
};

use caracal_api::{ApiConfig, ApiDeps, Capability, Reach, router, table};
use caracal_core::ZoneId;
use caracal_ledger::chain::LogId;
use caracal_service::front::Route;
use caracal_storage::{Access, AdminAuditRecord, conformance::given::Given};
use caracal_testkit::{
    client::{Answer, Client},
    database::{connect_with, server},
    fault_proxy::{Cut, FaultProxy},
    parts::Backends,
};
use http::Method;
use serde_json::Value;
use std::sync::Arc;

use crate::{
    evidence::{Made, under_way},
    outside::Outside,
    stack::{ADMIN, Stack},
};

/// Most steps of a write: past them something waits for ever.
const MOST: u64 = 800;

/// Made of several units of work, each with a record of its own: what a cut leaves of them is whole by itself, and asking
/// again does the rest.
const SEVERAL: [&str; 2] = ["zones.archive", "provider_connections.revoke"];

/// Whether a route is about the deployment, and not about what is in one zone.
fn is_of_deployment(route: &Route<ApiDeps>) -> bool {
    matches!(route.needs.reach, Reach::Deployment { .. })
}

/// Routes in whose midst somebody outside is asked.
const ASK_OTHERS: [&str; 3] = ["provider_connections.finish", "providers.test", "resources.test"];

/// The routes that change or reveal something in a zone or in the deployment, in the form of one request that succeeds;
/// those that ask others apart.
fn writes(asking: bool) -> Vec<Route<ApiDeps>> {
    let routes = table().into_iter();
    routes
        .filter(|route| (route.needs.reach == Reach::Zone || is_of_deployment(route)) && route.needs.changes)
        .filter(|route| ASK_OTHERS.contains(&route.name) == asking)
        .collect()
}

/// What there is to read of a zone, by route.
type Seen = BTreeMap<String, String>;

/// The routes that list or read what a zone holds, or the deployment where `route` is about that; not what counts, decides or
/// records.
fn reads(of: &Route<ApiDeps>) -> Vec<Route<ApiDeps>> {
    let deployment = is_of_deployment(of);
    let told = |name: &str| {
        let verb = name.rsplit_once('.').map(|(_, verb)| verb);
        verb.is_some_and(|verb| {
            ["list", "get", "list_versions", "list_blocked", "get_of_zone"].contains(&verb)
        })
    };
    let routes = table().into_iter();
    routes
        .filter(|route| route.method == Method::GET && told(route.name))
        .filter(|route| match route.needs.reach {
            Reach::Zone => !deployment,
            _ => deployment && is_of_deployment(route) && !route.path.contains("{id}"),
        })
        .filter(|route| !route.name.contains("audit."))
        .collect()
}

async fn look(stack: &Stack, made: &Made, routes: &[Route<ApiDeps>]) -> Seen {
    let mut seen = Seen::new();
    for route in routes {
        let mut path = made.path(route);
        if is_of_deployment(route) && route.name.rsplit('.').next() == Some("list") {
            path.push_str("?include_total=true&limit=1000");
        }
        let answer = stack.get(&path).await;
        seen.insert(route.name.to_owned(), stable(&answer));
    }
    seen
}

/// What an answer says, without what each request has anew and without what asking leaves behind.
fn stable(answer: &Answer) -> String {
    fn forget(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| {
                    name != "last_used_at" && !name.to_ascii_lowercase().starts_with("request")
                });
                members.values_mut().for_each(forget);
            }
            Value::Array(items) => items.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let mut body = answer.body.clone();
    forget(&mut body);
    format!("{} {body}", answer.status)
}

/// How many records each administrative log has.
type Lengths = HashMap<LogId, i64>;

pub(crate) async fn lengths(stack: &Stack) -> Lengths {
    let mut work = stack.parts.store.global(Access::Read).await.unwrap();
    let chains = work.chains().set().await.unwrap().chains.into_iter();
    chains
        .filter(|chain| chain.log.is_administrative())
        .map(|chain| (chain.log, chain.head.chain_seq))
        .collect()
}

/// Records since `before`, in whatever log, that say that something was done.
pub(crate) async fn done_since(stack: &Stack, before: &Lengths) -> usize {
    let mut done = 0;
    for (log, length) in lengths(stack).await {
        let from = before.get(&log).copied().unwrap_or(0);
        let more = u32::try_from(length - from).unwrap();
        if more == 0 {
            continue;
        }
        let mut work = stack.parts.store.log(&log, Access::Read).await.unwrap();
        let entries = work.log().entries(from.unsigned_abs(), more).await.unwrap();
        assert_eq!(entries.len(), usize::try_from(more).unwrap());
        done += entries
            .iter()
            .map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap())
            .filter(|record| record["status_code"].as_u64().is_some_and(|status| status < 300))
            .count();
    }
    done
}

/// Where writes are cut.
enum Knife {
    /// The request is given up at its n-th wait, as when a process is told to end.
    GivenUp,
    /// The connection to PostgreSQL is cut at its n-th step.
    Connection(FaultProxy),
}

struct Cutter<'s> {
    stack: &'s Stack,
    client: Client,
    knife: Knife,
    /// Who is asked by the routes that ask others.
    outside: Option<Outside>,
}

/// Polls `future` until it has waited `waits` times, and drops it then.
async fn given_up_after<F: Future>(future: F, waits: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = waits;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

impl Cutter<'_> {
    /// Sends a request to `path` that is cut at `step`; whether it was.
    async fn cut(
        &self,
        route: &Route<ApiDeps>,
        (path, made): (&str, &Made),
        token: &str,
        step: u64,
        cut: Cut,
    ) -> bool {
        let call = self.client.call(route.method.clone(), path).bearer(token);
        let call = match made.body(route.name) {
            Some(body) => call.json(&body),
            None => call,
        };
        let was_cut = match &self.knife {
            Knife::GivenUp => match given_up_after(call.send(), step).await {
                None => true,
                Some(answer) => {
                    assert!(
                        answer.status.is_success(),
                        "{} not cut at {step}: {}",
                        route.name,
                        answer.text
                    );
                    false
                }
            },
            Knife::Connection(proxy) => {
                proxy.cut_at(step, cut);
                let answer = call.send().await;
                let was_cut = !proxy.cut_nothing();
                let told = [409, 500, 503].contains(&answer.status.as_u16());
                assert!(
                    was_cut || answer.status.is_success(),
                    "{}: {}",
                    route.name,
                    answer.text
                );
                assert!(
                    told || answer.status.is_success(),
                    "{} cut at {step}: {}",
                    route.name,
                    answer.text
                );
                was_cut
            }
        };
        // What was given up in the middle of a commit is waited for: it holds the ends of the logs that it writes to until it has
        // ended, and whoever would write there waits. Nothing of this is kept.
        let zone = ZoneId::parse(&made.zone).unwrap();
        let record = Given::in_zone(&self.stack.parts.world, &zone).admin_audit_record();
        let mut work = self.stack.parts.store.global(Access::Write).await.unwrap();
        for zone_id in [Some(zone), None] {
            let record = AdminAuditRecord {
                zone_id,
                ..record.clone()
            };
            work.admin_audit().append(&record).await.unwrap();
        }
        drop(work);
        was_cut
    }

    /// What a route is about is under way; the path of the route then.
    async fn under_way(&self, route: &Route<ApiDeps>, made: &Made) -> String {
        match &self.outside {
            Some(outside) => {
                // Whoever tries a server out too often in a minute is told to wait.
                self.stack
                    .parts
                    .world
                    .manual_clock()
                    .advance(Duration::from_secs(10));
                outside.under_way(self.stack, route, made).await
            }
            None => under_way(self.stack, route, made).await,
        }
    }

    async fn token(&self, route: &Route<ApiDeps>, made: &Made) -> String {
        match route.needs.capability {
            Capability::Decide => self.stack.token("zone", Some(&made.zone), "approve").await,
            _ => ADMIN.to_owned(),
        }
    }

    /// What a route changes and how many records that has, found by letting it.
    async fn try_out<'r>(&self, route: &'r Route<ApiDeps>) -> Tried<'r> {
        let made = Made::of(self.stack).await;
        let path = self.under_way(route, &made).await;
        let token = self.token(route, &made).await;
        let reads = reads(route);
        let before = look(self.stack, &made, &reads).await;
        let lengths = lengths(self.stack).await;
        let body = made.body(route.name);
        let answer = self
            .stack
            .call(Some(&token), &[], route.method.clone(), &path, body.as_ref())
            .await;
        assert!(answer.status.is_success(), "{}: {}", route.name, answer.text);
        let records = done_since(self.stack, &lengths).await;
        let after = look(self.stack, &made, &reads).await;
        let changed = reads.into_iter();
        Tried {
            route,
            changed: changed
                .filter(|read| before[read.name] != after[read.name])
                .collect(),
            records,
        }
    }

    /// Cuts a route at `step`, and looks at what that left. Whether it was cut, and whether it was done all the same.
    async fn at(&self, tried: &Tried<'_>, made: &(String, Made), step: u64, cut: Cut) -> (bool, bool) {
        let (route, changed) = (tried.route, &tried.changed);
        let (path, made) = made;
        let token = self.token(route, made).await;
        let (before, records) = (look(self.stack, made, changed).await, lengths(self.stack).await);
        let was_cut = self.cut(route, (path, made), &token, step, cut).await;
        let (after, recorded) = (
            look(self.stack, made, changed).await,
            done_since(self.stack, &records).await,
        );
        let differ = changed
            .iter()
            .filter(|read| before[read.name] != after[read.name])
            .count();
        let what = format!(
            "{} cut at {step}: {differ} of {} read otherwise, {recorded} records",
            route.name,
            changed.len()
        );
        assert!(differ == 0 || recorded > 0, "{what}: nobody wrote it down");
        if !SEVERAL.contains(&route.name) {
            assert!(differ == 0 || differ == changed.len(), "{what}: half of it");
            assert!([0, tried.records].contains(&recorded), "{what}");
            // What reads the same although it was done again has its record all the same.
            assert!(
                recorded == 0 || differ > 0 || changed.is_empty(),
                "{what}: nothing was done"
            );
        }
        assert!(was_cut || recorded > 0, "{what}: it came through");
        (was_cut, recorded > 0)
    }

    /// What a route is about, whole and not yet touched.
    async fn fresh(&self, route: &Route<ApiDeps>) -> (String, Made) {
        let made = Made::of(self.stack).await;
        (self.under_way(route, &made).await, made)
    }

    /// Cuts a route at every step until one request comes through whole, or at a few: further and further until one does, and
    /// then nearer and nearer to where that begins, which is after the commit. How often.
    async fn through(&self, route: &Route<ApiDeps>, cut: Cut, steps: Steps) -> u64 {
        let tried = self.try_out(route).await;
        let mut made = self.fresh(route).await;
        // Cut at the one, not cut at the other.
        let (mut cut_at, mut through_at, mut step, mut cuts) = (None, None, 0, 0);
        while step < MOST {
            let (was_cut, was_done) = self.at(&tried, &made, step, cut).await;
            if was_done {
                made = self.fresh(route).await;
            } else if self.outside.is_some() {
                // An attempt that was taken serves nobody again.
                made.0 = self.under_way(route, &made.1).await;
            }
            if was_cut {
                cuts += 1;
                cut_at = Some(step);
            } else {
                through_at = Some(step);
            }
            let after = cut_at.map_or(0, |cut_at| cut_at + 1);
            step = match (steps, through_at) {
                (Steps::Every, Some(_)) => return cuts,
                (Steps::Every, None) => after,
                (Steps::Few, None) => 2 * after,
                (Steps::Few, Some(through_at)) if through_at <= after => return cuts,
                (Steps::Few, Some(through_at)) => after.midpoint(through_at),
            };
        }
        panic!("{} has no end", route.name);
    }

    /// Cuts every write, or of so many one.
    async fn every_write(&self, cut: Cut, steps: Steps, one_of: usize) {
        let mut cuts = 0;
        let writes = writes(self.outside.is_some());
        match self.outside {
            None => assert!(writes.len() > 70, "{}", writes.len()),
            Some(_) => assert_eq!(writes.len(), ASK_OTHERS.len()),
        }
        // Of every kind the first, too.
        let mut kinds = BTreeSet::new();
        let mut is_new =
            |route: &Route<ApiDeps>| kinds.insert((route.method.to_string(), is_of_deployment(route)));
        for (number, route) in writes.iter().enumerate() {
            if is_new(route) || number % one_of == 0 {
                cuts += self.through(route, cut, steps).await;
            }
        }
        println!("{cuts} cuts of one in {one_of} of {} routes", writes.len());
    }
}

/// A route, and what reads otherwise once it was carried out.
struct Tried<'t> {
    route: &'t Route<ApiDeps>,
    changed: Vec<Route<ApiDeps>>,
    /// Records of it: one, and of a document one more for each object.
    records: usize,
}

/// How many steps of a write are cut.
#[derive(Clone, Copy)]
enum Steps {
    Every,
    Few,
}

/// Nobody is told to wait: a quick machine cuts one route more often in a second than a limit lets anybody ask.
pub(crate) fn unhurried() -> ApiConfig {
    ApiConfig {
        rate_limit_per_min: 0,
        dcr_limit_per_second: 0,
        ..ApiConfig::default()
    }
}

async fn given_up(backends: Backends, steps: Steps, one_of: usize) {
    let stack = Stack::over(backends, unhurried()).await;
    let client = stack.client().clone();
    let cutter = Cutter {
        stack: &stack,
        client,
        knife: Knife::GivenUp,
        outside: None,
    };
    cutter.every_write(Cut::Before, steps, one_of).await;
}

async fn given_up_while_others_are_asked(backends: Backends, steps: Steps) {
    let outside = Outside::start().await;
    let stack = Stack::over(backends, unhurried())
        .await
        .going_out(outside.egress());
    let cutter = Cutter {
        stack: &stack,
        client: stack.client().clone(),
        knife: Knife::GivenUp,
        outside: Some(outside),
    };
    cutter.every_write(Cut::Before, steps, 1).await;
}

async fn disconnected(cut: Cut) {
    let stack = Stack::over(Backends::Postgres, unhurried()).await;
    let near = stack.parts.database().owner_url();
    let target = server().address();
    let proxy = FaultProxy::to(target).await;
    let far = near.replace(&target.to_string(), &proxy.address().to_string());
    let key = stack.parts.audit_key.current().clone();
    let deps = ApiDeps {
        store: Arc::new(connect_with(&far, key).await),
        ..stack.deps.clone()
    };
    let client = stack.parts.client("api", router(deps));
    let cutter = Cutter {
        stack: &stack,
        client,
        knife: Knife::Connection(proxy),
        outside: None,
    };
    cutter.every_write(cut, Steps::Few, 1).await;
}

#[tokio::test]
async fn a_write_that_is_given_up_is_done_whole_or_not_at_all_on_sqlite() {
    given_up(Backends::Embedded, Steps::Few, 1).await;
}

// What a unit of work is does not depend on the route: of every kind there is one among these, and the long form has all.
#[tokio::test]
async fn a_write_that_is_given_up_is_done_whole_or_not_at_all_on_postgresql() {
    given_up(Backends::Postgres, Steps::Few, 3).await;
}

#[tokio::test]
async fn a_write_that_is_given_up_while_others_are_asked_is_done_whole_or_not_at_all_on_sqlite() {
    given_up_while_others_are_asked(Backends::Embedded, Steps::Few).await;
}

#[tokio::test]
#[ignore = "what it is about is the same on both, and the long form has both"]
async fn a_write_that_is_given_up_while_others_are_asked_is_done_whole_or_not_at_all_on_postgresql() {
    given_up_while_others_are_asked(Backends::Postgres, Steps::Few).await;
}

#[tokio::test]
#[ignore = "a minute or more"]
async fn a_write_that_is_given_up_anywhere_while_others_are_asked_is_done_whole_or_not_at_all() {
    given_up_while_others_are_asked(Backends::Embedded, Steps::Every).await;
}

#[tokio::test]
#[ignore = "a minute or more"]
async fn a_write_that_is_given_up_anywhere_is_done_whole_or_not_at_all_on_sqlite() {
    given_up(Backends::Embedded, Steps::Every, 1).await;
}

#[tokio::test]
#[ignore = "a minute or more"]
async fn a_write_that_is_given_up_anywhere_is_done_whole_or_not_at_all_on_postgresql() {
    given_up(Backends::Postgres, Steps::Every, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: each cut is a connection that is made anew"]
async fn a_write_that_loses_its_connection_is_done_whole_or_not_at_all() {
    Box::pin(disconnected(Cut::Before)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: each cut is a connection that is made anew"]
async fn a_write_whose_answer_is_lost_is_done_whole_or_not_at_all() {
    Box::pin(disconnected(Cut::After)).await;
}
