//! The way to a server, step by step.

use std::sync::Arc;

use caracal_service::egress::{CertificateProblem, Egress, EgressError, Target};
use caracal_wire::control::checks::{CheckStep, CheckedStep, StepOutcome};

/// Why a server was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreached {
    /// Somebody has to configure something else.
    Settings,
    /// The network or the server.
    Network,
}

/// What was found up to here.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<CheckedStep>);

impl Steps {
    pub(super) fn passed(&mut self, step: CheckStep, found: impl Into<String>) {
        self.push(step, StepOutcome::Passed, found.into(), None);
    }

    pub(super) fn failed(&mut self, step: CheckStep, found: impl Into<String>, fix: &str) {
        self.push(step, StepOutcome::Failed, found.into(), Some(fix.to_owned()));
    }

    fn push(&mut self, step: CheckStep, outcome: StepOutcome, found: String, fix: Option<String>) {
        self.0.push(CheckedStep {
            step,
            outcome,
            found,
            fix,
        });
    }

    /// What the last step found, and all steps, with those that were not taken.
    pub(super) fn finish(mut self) -> (String, Vec<CheckedStep>) {
        let detail = self.0.last().map(|step| step.found.clone()).unwrap_or_default();
        for step in CheckStep::ALL {
            if !self.0.iter().any(|taken| taken.step == *step) {
                let found = String::from("an earlier step failed");
                self.push(*step, StepOutcome::NotTried, found, None);
            }
        }
        (detail, self.0)
    }

    /// Goes to `url` as far as one gets without asking anything.
    pub(super) async fn reach(&mut self, egress: &Egress, url: &str) -> Result<Arc<Target>, Unreached> {
        let target = match egress.target(url) {
            Ok(target) => target,
            Err(error) => return Err(self.refused(&error)),
        };
        self.passed(CheckStep::Settings, "the address can be used");
        match egress.reach(&target).await {
            Ok(()) => self.arrived(&target, None),
            Err(error) => {
                if matches!(error, EgressError::Tls(_)) {
                    self.arrived(&target, Some(&error));
                    return Err(Unreached::Network);
                }
                return Err(self.refused(&error));
            }
        }
        Ok(target)
    }

    /// Somebody listens; with which certificate is another question.
    fn arrived(&mut self, target: &Target, tls: Option<&EgressError>) {
        self.passed(CheckStep::Address, "the host may be called");
        self.passed(CheckStep::Resolve, "the name leads to an address");
        self.passed(CheckStep::Connect, "somebody listens there");
        match tls {
            None if target.scheme().as_str() == "https" => {
                self.passed(CheckStep::Tls, "the certificate is trusted and of this host");
            }
            None => self.passed(CheckStep::Tls, "the address is http: nothing is encrypted"),
            Some(error) => {
                let (found, fix) = certificate(error.certificate_problem());
                self.failed(CheckStep::Tls, found, fix);
            }
        }
    }

    /// The step at which the guard or the network said no.
    fn refused(&mut self, error: &EgressError) -> Unreached {
        // The class of an address is not told: whoever may try servers out would learn what is inside.
        const ALLOW: &str = "use a public host, or have the operator name it in CARACAL_PRIVATE_EGRESS_HOSTS";
        const MAY_NOT: &str = "the host may not be called from here";
        match error {
            EgressError::InvalidTarget(_) => {
                let fix = "write an absolute URL without user, query and fragment";
                self.failed(CheckStep::Settings, "the address cannot be used", fix);
                return Unreached::Settings;
            }
            EgressError::HostNotAllowed | EgressError::AddressRefused(_) => {
                self.settings_passed();
                self.failed(CheckStep::Address, MAY_NOT, ALLOW);
                return Unreached::Settings;
            }
            EgressError::Resolve(_) => {
                self.passed(CheckStep::Address, "the host may be called");
                let fix = "correct the host, or the name server that this deployment asks";
                self.failed(CheckStep::Resolve, "the name leads to no address", fix);
            }
            EgressError::Connect(_) | EgressError::TimedOut | EgressError::Tls(_) => {
                self.passed(CheckStep::Address, "the host may be called");
                self.passed(CheckStep::Resolve, "the name leads to an address");
                let found = if matches!(error, EgressError::TimedOut) {
                    "nobody accepted a connection in time"
                } else {
                    "nobody accepts connections there"
                };
                let fix = "start the server, correct the port, or let this deployment through the firewall";
                self.failed(CheckStep::Connect, found, fix);
            }
        }
        Unreached::Network
    }

    fn settings_passed(&mut self) {
        if self.0.is_empty() {
            self.passed(CheckStep::Settings, "the address can be used");
        }
    }
}

/// What is wrong with a certificate, and what to do.
const fn certificate(problem: Option<CertificateProblem>) -> (&'static str, &'static str) {
    match problem {
        Some(CertificateProblem::Time) => (
            "the certificate has expired or is not good yet",
            "renew the certificate of the server",
        ),
        Some(CertificateProblem::Name) => (
            "the certificate is of another host",
            "use a name that the certificate is of, or give the server one of this name",
        ),
        Some(CertificateProblem::Issuer) => (
            "nobody who is trusted signed the certificate",
            "have the operator add the authority with CARACAL_TLS_EXTRA_CA_FILE, or use a public one",
        ),
        Some(CertificateProblem::Other) => (
            "the certificate cannot be used",
            "give the server a certificate for TLS servers",
        ),
        None => (
            "the TLS handshake failed",
            "let the server speak TLS 1.2 or 1.3 on this port",
        ),
    }
}
