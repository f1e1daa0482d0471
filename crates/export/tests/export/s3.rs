//! An S3-compatible server that is none of ours, and a reader of tables that is none of ours.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use caracal_audit::KeptCheckpoints;
use caracal_core::Secret;
use caracal_export::{Export, ExportTarget, PartFormat, verify_export};
use caracal_testkit::parts::Backends;

use crate::fixture::{Fixture, at, public};

/// The environment that the end-to-end suite uses, with `moto` and `duckdb` in it.
pub(crate) fn python() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap().to_owned();
    let venv = target.join("e2e-venv");
    let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let made = Command::new(checkout.join("scripts/e2e-venv.sh"))
        .arg(&venv)
        .status()
        .unwrap();
    assert!(made.success(), "scripts/e2e-venv.sh");
    venv.join("bin/python")
}

/// A private server, ended with the test.
pub(crate) struct S3 {
    process: Child,
    port: u16,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl S3 {
    pub(crate) async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(python())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { process, port };
        let answers = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), answers)
            .await
            .expect("the server answers");
        this
    }

    /// Runs a program with the server's client in `s3`.
    pub(crate) fn python(&self, program: &str) -> String {
        let begin = format!(
            "import boto3, sys\ns3 = boto3.client('s3', endpoint_url='http://127.0.0.1:{}', region_name='us-east-1', aws_access_key_id='a', aws_secret_access_key='b')\n",
            self.port
        );
        let output = Command::new(python())
            .args(["-c", &(begin + program)])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn target(&self) -> ExportTarget {
        target_at(self.address())
    }
}

/// A bucket of a server that is reached at `address`.
pub(crate) fn target_at(address: SocketAddr) -> ExportTarget {
    let settings = [
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ALLOW_HTTP", "true"),
    ];
    let endpoint = format!("http://{address}");
    let settings = settings
        .into_iter()
        .chain([("AWS_ENDPOINT_URL", endpoint.as_str())]);
    let settings: Vec<_> = settings.map(|(name, value)| (name, Secret::new(value))).collect();
    ExportTarget::open("s3://evidence/of/caracal", None, &settings).unwrap()
}

#[tokio::test]
async fn an_s3_compatible_store_takes_each_part_once_and_another_reader_reads_it() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Parquet).await;
    let zone = fixture.zone();
    let s3 = S3::start().await;
    fixture.append(&zone, 40, at(5)).await;
    // A store that refuses keeps nothing back: it is tried again.
    fixture.exporter(at(70), s3.target()).round().await;
    s3.python("s3.create_bucket(Bucket='evidence')");
    let exporters = [0, 1].map(|_| fixture.exporter(at(70), s3.target()));
    futures_util::future::join_all(exporters.iter().map(Export::round)).await;
    let verified = verify_export(&s3.target(), &public(), &KeptCheckpoints::default(), &mut ())
        .await
        .unwrap();
    assert_eq!(
        (verified[0].parts, verified[0].entries, &verified[0].fault),
        (3, (0, 40), &None)
    );
    let listing = "print(*(one['Key'] + ' ' + one['ETag'] for one in s3.list_objects_v2(Bucket='evidence')['Contents']), sep='\\n')";
    let before = s3.python(listing);
    assert_eq!(before.lines().count(), 6);
    assert!(
        before
            .lines()
            .all(|line| line.starts_with(&format!("of/caracal/zone={zone}/date=2026-05-21/hour=12/")))
    );
    fixture.exporter(at(70), s3.target()).round().await;
    assert_eq!(s3.python(listing), before);
    // A table, as others read it.
    let directory = tempfile::tempdir().unwrap();
    let read = format!(
        "import duckdb, os
for one in s3.list_objects_v2(Bucket='evidence')['Contents']:
    path = os.path.join({:?}, one['Key'])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    s3.download_file('evidence', one['Key'], path)
rows = duckdb.sql(\"\"\"select position, zone, hour, session_id, labels, json_extract_string(event, '$.decision'), epoch_us(occurred_at)
    from read_parquet('{}/of/caracal/*/*/*/*.parquet', hive_partitioning = true) order by position\"\"\").fetchall()
print(len(rows), rows[1])",
        directory.path(),
        directory.path().display()
    );
    let said = s3.python(&read);
    let expected = format!(
        "40 (2, '{zone}', 12, 'ses', ['one', 'two'], 'allow', {})",
        at(5).as_micros()
    );
    assert_eq!(said.trim().replace("'12'", "12"), expected);
}
