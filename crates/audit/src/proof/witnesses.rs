//! Witnesses: asked for a cosignature of each checkpoint, and not waited for when they are away.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use caracal_ledger::{
    chain::LogId,
    checkpoint::SignedCheckpoint,
    note::{NoteKey, NoteSignature},
    witness::{AddCheckpoint, parse_cosignatures},
};
use caracal_service::egress::{Egress, EgressClient, EgressError, InvalidTarget};
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use metrics::counter;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Checkpoints, consistency};
use crate::metrics as names;

/// Longest wait for one witness. A checkpoint waits for the slowest of them.
const TIMEOUT: Duration = Duration::from_millis(600);
/// How long a witness that failed is left alone, doubled up to the limit.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_mins(1);
/// Most bytes of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// A witness that cosigns the checkpoints of this deployment.
#[derive(Debug)]
pub struct WitnessClient {
    keys: Vec<NoteKey>,
    client: EgressClient<Full<Bytes>>,
    uri: Uri,
    host: http::HeaderValue,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What it cosigned last of each log, as far as is known here.
    sizes: HashMap<LogId, u64>,
    failures: u32,
    away_until: Option<Instant>,
}

/// A line that names no witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is not a URL and verifier keys of one witness")]
pub struct InvalidWitnesses(pub usize);

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
enum NotCosigned {
    #[error("it does not answer")]
    Away,
    #[error("the ledger cannot be read")]
    Storage(#[from] caracal_storage::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("it cosigned {0} entries, and the log has fewer or others")]
    Ahead(u64),
    #[error("its answer holds no cosignature of its keys")]
    Unsigned,
}

impl NotCosigned {
    const fn label(&self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Storage(_) => "storage",
            Self::Refused(_) => "refused",
            Self::Ahead(_) => "ahead",
            Self::Unsigned => "unsigned",
        }
    }
}

impl WitnessClient {
    /// The witness with these keys below `url`, reached through `egress`.
    ///
    /// # Errors
    /// [`EgressError`] when the URL is refused.
    pub fn new(egress: &Egress, url: &str, keys: Vec<NoteKey>) -> Result<Self, EgressError> {
        let target = egress.target(url)?;
        let uri = Uri::builder()
            .scheme(target.scheme().clone())
            .authority(target.authority().clone())
            .path_and_query([target.path().trim_end_matches('/'), "/add-checkpoint"].concat())
            .build()
            .map_err(|_| EgressError::InvalidTarget(InvalidTarget::Malformed))?;
        Ok(Self {
            keys,
            client: egress.client(),
            uri,
            host: target.host_header().clone(),
            state: Mutex::default(),
        })
    }

    /// Reads witnesses, one a line: its URL, then its keys, which have one name. Empty lines and those that begin with `#`
    /// say nothing.
    ///
    /// # Errors
    /// [`InvalidWitnesses`] with the number of the line, from 1.
    pub fn read(egress: &Egress, text: &str) -> Result<Vec<Self>, InvalidWitnesses> {
        (1..)
            .zip(text.lines().map(str::trim))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| {
                let invalid = InvalidWitnesses(number);
                let (url, keys) = line.split_once(char::is_whitespace).ok_or(invalid)?;
                let keys: Result<Vec<_>, _> = keys.split_whitespace().map(NoteKey::parse).collect();
                let keys = keys.map_err(|_| invalid)?;
                if keys
                    .iter()
                    .any(|key| Some(key.name()) != keys.first().map(NoteKey::name))
                {
                    return Err(invalid);
                }
                Self::new(egress, url, keys).map_err(|_| invalid)
            })
            .collect()
    }

    fn is_away(&self) -> bool {
        let until = self.state.lock().away_until;
        until.is_some_and(|until| Instant::now() < until)
    }

    /// The lines of this witness under `signed`; none where it is away or declines.
    pub(super) async fn cosign(
        &self,
        checkpoints: &Checkpoints,
        log: &LogId,
        signed: &SignedCheckpoint,
    ) -> Vec<NoteSignature> {
        if self.is_away() {
            return Vec::new();
        }
        let asked = tokio::time::timeout(TIMEOUT, self.ask(checkpoints, log, signed)).await;
        let outcome = asked.unwrap_or(Err(NotCosigned::Away));
        let name = self.keys.first().map_or("", NoteKey::name);
        let mut state = self.state.lock();
        match outcome {
            Ok(lines) => {
                state.failures = 0;
                state.away_until = None;
                state.sizes.insert(log.clone(), signed.checkpoint().size);
                counter!(names::COSIGNATURES, "outcome" => "cosigned").increment(1);
                lines
            }
            Err(error) => {
                counter!(names::COSIGNATURES, "outcome" => error.label()).increment(1);
                if matches!(error, NotCosigned::Ahead(_)) {
                    tracing::error!(witness = name, log = %log, size = signed.checkpoint().size, %error, "a witness saw another log than there is");
                } else if state.failures == 0 {
                    tracing::warn!(witness = name, log = %log, %error, "a witness does not cosign; checkpoints go without it");
                }
                let backoff = FIRST_BACKOFF.saturating_mul(1 << state.failures.min(10));
                state.failures = state.failures.saturating_add(1);
                state.away_until = Some(Instant::now() + backoff.min(LONGEST_BACKOFF));
                Vec::new()
            }
        }
    }

    async fn ask(
        &self,
        checkpoints: &Checkpoints,
        log: &LogId,
        signed: &SignedCheckpoint,
    ) -> Result<Vec<NoteSignature>, NotCosigned> {
        let size = signed.checkpoint().size;
        let known = self.state.lock().sizes.get(log).copied();
        let mut old_size = known.unwrap_or(0).min(size);
        // A second time where another replica, or an earlier life of this process, was here before.
        for _ in 0..2 {
            let proof = match old_size {
                0 => Vec::new(),
                _ => consistency(checkpoints.view(log).await?.log(), old_size, size).await?,
            };
            let request = AddCheckpoint {
                old_size,
                proof,
                checkpoint: signed.clone(),
            };
            let (status, answer) = self.send(request.encode()).await?;
            match status {
                StatusCode::OK => return self.lines(signed, &answer),
                StatusCode::CONFLICT => {
                    let text = std::str::from_utf8(&answer).unwrap_or_default();
                    let last: u64 = text.trim_end().parse().map_err(|_| NotCosigned::Unsigned)?;
                    if last > size || last == old_size {
                        return Err(NotCosigned::Ahead(last));
                    }
                    old_size = last;
                }
                StatusCode::UNPROCESSABLE_ENTITY => return Err(NotCosigned::Ahead(old_size)),
                other => return Err(NotCosigned::Refused(other)),
            }
        }
        Err(NotCosigned::Refused(StatusCode::CONFLICT))
    }

    async fn send(&self, body: String) -> Result<(StatusCode, Bytes), NotCosigned> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert(header::HOST, self.host.clone());
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| {
            tracing::debug!(error = %caracal_service::error_chain(&error), "the witness did not answer");
            NotCosigned::Away
        })?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        Ok((status, body.map_err(|_| NotCosigned::Away)?.to_bytes()))
    }

    /// The lines of known keys that sign this checkpoint. Others are of nobody.
    fn lines(&self, signed: &SignedCheckpoint, answer: &[u8]) -> Result<Vec<NoteSignature>, NotCosigned> {
        let lines = parse_cosignatures(answer).map_err(|_| NotCosigned::Unsigned)?;
        let mut both = signed.clone();
        for line in &lines {
            both.add(line.clone());
        }
        let ours = |line: &NoteSignature| {
            let mut keys = self.keys.iter();
            let key = keys.find(|key| key.name() == line.name && key.id() == line.key_id);
            key.is_some_and(|key| matches!(both.verify(key), Some(Some(_))))
        };
        let lines: Vec<_> = lines.iter().filter(|line| ours(line)).cloned().collect();
        if lines.is_empty() {
            return Err(NotCosigned::Unsigned);
        }
        Ok(lines)
    }
}
