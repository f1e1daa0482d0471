//! `caracald audit pack`.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use caracal_audit::{PackLimits, pack};
use caracal_core::{Timestamp, ZoneId};
use caracal_ledger::pack::PackQuery;
use caracal_service::config::Settings;
use caracal_storage::{Access, AuthorityRecordFilter, PageRequest, Store};

use super::{instant, say};
use crate::{config::Config, wire};

/// Authority records of one subject that a pack may be about.
const MOST_RECORDS: usize = 1_000;

/// Of which one at least is given.
const ABOUT: [&str; 5] = ["session", "subject", "authority_record", "from", "to"];

/// What the pack is to hold.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("about").multiple(true).required(true).args(ABOUT)))]
pub(crate) struct PackOptions {
    /// The zone.
    #[arg(long)]
    zone: String,
    /// Events of this session, and others of the same requests.
    #[arg(long)]
    session: Option<String>,
    /// Events of the authority records of this subject that the deployment has, and others of the same requests.
    #[arg(long)]
    subject: Option<String>,
    /// Events of this authority record, and others of the same requests. May be given again.
    #[arg(long, value_name = "ID")]
    authority_record: Vec<String>,
    /// Events that happened from then on (RFC 3339).
    #[arg(long, value_parser = instant)]
    from: Option<Timestamp>,
    /// Events that happened before (RFC 3339).
    #[arg(long, value_parser = instant)]
    to: Option<Timestamp>,
    /// The file to be made. One that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes a pack.
pub(crate) fn run(wanted: PackOptions) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        wanted.subject.is_none() || wanted.authority_record.is_empty(),
        "--subject names the authority records itself: leave --authority-record out"
    );
    let config = Config::read(Settings::from_process(), &[])?;
    let zone = ZoneId::parse(&wanted.zone).context("--zone is not a zone id")?;
    super::block_on(async move {
        let (store, checkpoints) = Box::pin(wire::signed_ledger(config)).await?;
        let authority_record_ids = match &wanted.subject {
            Some(subject) => records(store.as_ref(), &zone, subject).await?,
            None => wanted.authority_record,
        };
        let asked = PackQuery {
            session_id: wanted.session,
            subject_id: wanted.subject,
            authority_record_ids,
            since: wanted.from,
            until: wanted.to,
        };
        let out = &wanted.out;
        let staged = Staged::beside(out)?;
        let file = io::BufWriter::new(&staged.file);
        let manifest = pack(&checkpoints, &zone, asked, PackLimits::COMMAND, file).await?;
        staged.publish(out)?;
        say(&format!(
            "{}: {} events of {} entries of {}",
            out.display(),
            manifest.entries,
            manifest.size,
            manifest.origin
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The authority records of a subject.
async fn records(store: &dyn Store, zone: &ZoneId, subject: &str) -> anyhow::Result<Vec<String>> {
    let mut work = store.zone(zone, Access::Read).await?;
    let filter = AuthorityRecordFilter {
        subject_id: Some(subject.to_owned()),
        ..AuthorityRecordFilter::default()
    };
    let (mut ids, mut page) = (Vec::new(), PageRequest::first(100));
    loop {
        let found = work.authority_records().list(&filter, &page).await;
        let found =
            found.context("cannot read the authority records of the subject; as whom is DATABASE_URL?")?;
        ids.extend(found.items.iter().map(|record| record.id.to_string()));
        anyhow::ensure!(
            ids.len() <= MOST_RECORDS,
            "the subject has more than {MOST_RECORDS} authority records: name them with --authority-record"
        );
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    anyhow::ensure!(
        !ids.is_empty(),
        "the zone has no authority record of subject {subject}; one that ended long ago can be named with --authority-record"
    );
    Ok(ids)
}

/// The pack before it is whole.
struct Staged {
    path: PathBuf,
    file: File,
}

impl Staged {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        let mut path = out.as_os_str().to_owned();
        path.push(format!(".{}.new", std::process::id()));
        let path = PathBuf::from(path);
        let file =
            File::create_new(&path).with_context(|| format!("--out: cannot make {}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Gives it its name, if nothing has that name.
    fn publish(&self, out: &Path) -> anyhow::Result<()> {
        (&self.file).flush()?;
        self.file.sync_all()?;
        std::fs::hard_link(&self.path, out).with_context(|| format!("--out: cannot make {}", out.display()))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What stays is named as what it is.
        let _ = std::fs::remove_file(&self.path);
    }
}
