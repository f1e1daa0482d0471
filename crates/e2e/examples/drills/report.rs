//! What clients were told, held against the ledger.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    time::Duration,
};

use caracal_e2e::{Fixture, Role};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{
    load::{ClientAnswer, Load, Phase, RequestKind},
    revoker::Endings,
};

/// An answer that takes longer hangs.
const HANG: Duration = Duration::from_secs(5);
/// Longest wait for the ledger to have everything.
const LEDGER: Duration = Duration::from_mins(2);

/// One drill.
#[derive(Debug)]
pub(crate) struct Report {
    name: String,
    /// While the fault lasted.
    passed: usize,
    later: usize,
    /// Refused because the memory of uses was lost.
    forgotten: usize,
    /// No answer, from the process that was gone.
    silent: usize,
    longest: Duration,
    /// Answers that should not be, by what they were.
    wrong: HashMap<String, usize>,
    endings: Endings,
    acknowledged: usize,
    lost: usize,
    doubled: usize,
    chain_holds: bool,
    recovered: Option<Duration>,
}

impl Report {
    pub(crate) async fn of(
        name: &str,
        silent: Option<Role>,
        load: &Load,
        recovered: Option<Duration>,
        endings: Endings,
        fixture: &Fixture<'_>,
    ) -> Self {
        let answers = load.answers();
        let mut report = Self {
            name: name.to_owned(),
            passed: 0,
            later: 0,
            forgotten: 0,
            silent: 0,
            longest: answers.iter().map(|answer| answer.took).max().unwrap_or_default(),
            wrong: HashMap::new(),
            endings,
            acknowledged: 0,
            lost: 0,
            doubled: 0,
            chain_holds: false,
            recovered,
        };
        for answer in &answers {
            report.count(answer, silent);
        }
        report.compare(&answers, fixture).await;
        report
    }

    fn count(&mut self, answer: &ClientAnswer, silent: Option<Role>) {
        let lasting = answer.phase == Phase::Fault;
        let asked_of = match answer.asked {
            RequestKind::Mint => Role::Sts,
            RequestKind::Call => Role::Gateway,
        };
        let slot = match answer.status {
            _ if answer.timed_out || answer.took > HANG => None,
            Some(200) => Some(&mut self.passed),
            Some(503) if answer.retry_after => Some(&mut self.later),
            Some(401) if answer.reason == "replay_state_lost" => Some(&mut self.forgotten),
            // Nobody is there to answer for a process that is gone.
            None if silent == Some(asked_of) => Some(&mut self.silent),
            _ => None,
        };
        match slot {
            Some(slot) if lasting => *slot += 1,
            // Load on its own never disturbs.
            Some(_) if answer.status == Some(200) => {}
            // Sent before the fault began, or answered just after it ended.
            Some(slot) => *slot += 1,
            None => {
                let what = match answer.status {
                    Some(status) => {
                        format!("{:?} {status} {} {:?}", answer.asked, answer.reason, answer.phase)
                    }
                    None if answer.timed_out => format!("{:?} hung {:?}", answer.asked, answer.phase),
                    None => format!("{:?} cut {:?}", answer.asked, answer.phase),
                };
                *self.wrong.entry(what).or_default() += 1;
            }
        }
    }

    async fn compare(&mut self, answers: &[ClientAnswer], fixture: &Fixture<'_>) {
        let acknowledged: Vec<&ClientAnswer> = answers
            .iter()
            .filter(|answer| answer.status == Some(200))
            .collect();
        self.acknowledged = acknowledged.len();
        let deadline = Instant::now() + LEDGER;
        loop {
            let ledger = fixture.zone.ledger().await;
            let mut decisions: HashMap<&str, usize> = HashMap::new();
            for event in &ledger {
                if event["event_type"] == "token_exchange" && event["decision"] == "allow" {
                    *decisions
                        .entry(event["request_id"].as_str().unwrap_or_default())
                        .or_default() += 1;
                }
            }
            let count = |answer: &&&ClientAnswer| decisions.get(answer.id.as_str()).copied().unwrap_or(0);
            self.lost = acknowledged.iter().filter(|answer| count(answer) == 0).count();
            self.doubled = acknowledged.iter().filter(|answer| count(answer) > 1).count();
            if self.lost == 0 || Instant::now() > deadline {
                break;
            }
            sleep(Duration::from_millis(250)).await;
        }
        let verified = fixture.zone.stack.caracald(&["audit", "verify", "--json"]).await;
        let verdict: Value = serde_json::from_str(&verified.stdout).unwrap_or(Value::Null);
        self.chain_holds = verdict["holds"] == true;
    }

    /// Adds what evidence should have said and did not.
    pub(crate) fn add(&mut self, broken: Vec<String>) {
        for what in broken {
            *self.wrong.entry(what).or_default() += 1;
        }
    }

    /// Whether every promise was kept.
    pub(crate) fn holds(&self) -> bool {
        self.wrong.is_empty()
            && self.endings.violations == 0
            && self.lost == 0
            && self.doubled == 0
            && self.chain_holds
            && self.recovered.is_some()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  {self:?}\n  {}",
            if self.holds() { "holds" } else { "DOES NOT HOLD" }
        )
    }
}

/// The page for the handbook.
pub(crate) fn table(reports: &[Report], away: Duration) -> String {
    let mut page = format!(
        "# Failure drills\n\n\
         What happens to governed calls while a part of a production deployment fails. Made by `make drills`, which\n\
         runs one process for each role, a PostgreSQL and a Redis on one machine, eight callers that mint and call all\n\
         the time, and somebody who ends sessions and delegations and tries at once what has ended. \"Stopped\" is\n\
         {} s; a killed process is started again after a second, as a supervisor does; nobody else lends a hand.\n\n\
         | What fails | passed | 503 | forgotten | no answer | longest answer | endings | used after its end | decisions | lost | doubled | back after | |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
        away.as_secs()
    );
    for report in reports {
        let back = report.recovered.map_or_else(
            || String::from("never"),
            |span| format!("{:.1} s", span.as_secs_f64()),
        );
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} ms | {} | {} | {} | {} | {} | {} | {} |",
            report.name,
            report.passed,
            report.later,
            report.forgotten,
            report.silent,
            report.longest.as_millis(),
            report.endings.acknowledged,
            report.endings.violations,
            report.acknowledged,
            report.lost,
            report.doubled,
            back,
            if report.holds() {
                "holds"
            } else {
                "**does not hold**"
            },
        );
    }
    page.push_str(
        "\nThe first columns count answers from the beginning of the fault until everything was ready again:\n\n\
         - **passed**: mints and calls that succeeded. A stopped Coordinator, Audit, API or PostgreSQL does not stop\n  \
           calls: what they need is in memory, for as long as it is recent.\n\
         - **503**: answers with `Retry-After`.\n\
         - **forgotten**: mandates minted before Redis lost its memory. Whether they were used cannot be known any\n  \
           more, so they are refused, and the client mints another.\n\
         - **no answer**: connections to the very process that was gone.\n\
         - **endings**: sessions and delegations whose end was acknowledged, and how many of them were good for\n  \
           anything afterwards.\n\
         - **decisions**: every mint and call that a client was told had succeeded, over the whole drill; **lost** and\n  \
           **doubled** are those that the ledger does not have, or has twice. Its hash chain is verified as well.\n\
         - **back after**: from the end of the fault, or the start of the new process, until a governed call passed and\n  \
           every role was ready.\n\n\
         Five rows are about evidence, and hold only where it says what happened: events of another age are put aside\n\
         once each and keep no other back, refusals of odd labels are all in the ledger, `caracald audit verify` finds the\n\
         changed block and nothing once it is put back, and the call that was cut off has an unknown outcome.\n\n\
         \"Another zone\" is not a fault: a neighbour does what [Performance](performance.md#one-zone-beside-another) tells\n\
         of each of its cases, on the same machine, for a third of the time. How much longer calls take beside it is\n\
         measured there; here no promise may be broken.\n",
    );
    page
}
