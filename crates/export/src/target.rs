//! Where parts are written: a directory, or a bucket of an S3-compatible store.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use caracal_core::Secret;
use futures_util::TryStreamExt as _;
use object_store::{
    Certificate, ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use url::Url;

/// Longest wait for one request to a store.
const REQUEST_WITHIN: Duration = Duration::from_mins(1);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Tries of one request. The job tries again by itself.
const RETRIES: usize = 2;

/// A place that takes parts.
#[derive(Debug, Clone)]
pub struct ExportTarget {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// The URL names no target.
#[derive(Debug, thiserror::Error)]
pub enum InvalidExportTarget {
    /// It is neither a directory nor a bucket.
    #[error("an export goes to file:///DIRECTORY or s3://BUCKET/PREFIX")]
    Url,
    /// It cannot be used.
    #[error("the target cannot be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The target did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the target of the export does not answer")]
pub struct TargetError(#[from] object_store::Error);

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> InvalidExportTarget {
    InvalidExportTarget::Unusable(Box::new(error))
}

impl ExportTarget {
    /// The target at `url`. A directory is made where it is missing. Credentials, region and endpoint of a bucket are in
    /// `settings`, by the names that the tools of AWS know them under, such as `AWS_REGION`; `roots` are trusted beside those
    /// of the system, in PEM.
    ///
    /// # Errors
    /// [`InvalidExportTarget`], also for a setting that there is not.
    pub fn open(
        url: &str,
        roots: Option<&[u8]>,
        settings: &[(&str, Secret)],
    ) -> Result<Self, InvalidExportTarget> {
        let url = Url::parse(url).map_err(|_| InvalidExportTarget::Url)?;
        match url.scheme() {
            "file" => {
                let directory = url.to_file_path().map_err(|()| InvalidExportTarget::Url)?;
                std::fs::create_dir_all(&directory).map_err(unusable)?;
                let store = LocalFileSystem::new_with_prefix(directory).map_err(unusable)?;
                Ok(Self {
                    store: Arc::new(store.with_fsync(true)),
                    prefix: Path::default(),
                })
            }
            "s3" => {
                let bucket = url.host_str().ok_or(InvalidExportTarget::Url)?;
                let mut options = ClientOptions::new()
                    .with_timeout(REQUEST_WITHIN)
                    .with_connect_timeout(CONNECT_WITHIN);
                for root in Certificate::from_pem_bundle(roots.unwrap_or_default()).map_err(unusable)? {
                    options = options.with_root_certificate(root);
                }
                let retry = RetryConfig {
                    max_retries: RETRIES,
                    retry_timeout: REQUEST_WITHIN,
                    ..RetryConfig::default()
                };
                let mut builder = AmazonS3Builder::new().with_client_options(options);
                for (name, value) in settings {
                    let key = name.to_ascii_lowercase().parse().map_err(unusable)?;
                    builder = builder.with_config(key, value.expose());
                }
                let store = builder
                    .with_bucket_name(bucket)
                    .with_retry(retry)
                    .build()
                    .map_err(unusable)?;
                Ok(Self {
                    store: Arc::new(store),
                    prefix: Path::parse(url.path().trim_matches('/')).map_err(unusable)?,
                })
            }
            _ => Err(InvalidExportTarget::Url),
        }
    }

    pub(crate) fn store(&self) -> &dyn ObjectStore {
        self.store.as_ref()
    }

    /// What the names of all objects begin with.
    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    fn path(&self, parts: &[&str]) -> Path {
        let parts = parts.iter().map(|part| (*part).into());
        self.prefix.parts().chain(parts).collect()
    }

    /// Puts an object that is not there yet; whether it was not.
    pub(crate) async fn put_new(&self, parts: &[&str], content: Bytes) -> Result<bool, TargetError> {
        let path = self.path(parts);
        match self
            .store
            .put_opts(&path, content.into(), PutMode::Create.into())
            .await
        {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An object; `None` where there is none.
    pub(crate) async fn get(&self, parts: &[&str]) -> Result<Option<Bytes>, TargetError> {
        match self.store.get(&self.path(parts)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is such an object.
    pub(crate) async fn has(&self, parts: &[&str]) -> Result<bool, TargetError> {
        match self.store.head(&self.path(parts)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Names of what is directly below: first those that have something below them, then the others.
    pub(crate) async fn below(&self, parts: &[&str]) -> Result<(Vec<String>, Vec<String>), TargetError> {
        let listed = self.store.list_with_delimiter(Some(&self.path(parts))).await?;
        let name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let mut within: Vec<String> = listed.common_prefixes.iter().map(name).collect();
        let mut names: Vec<String> = listed
            .objects
            .iter()
            .map(|object| name(&object.location))
            .collect();
        within.sort_unstable();
        names.sort_unstable();
        Ok((within, names))
    }

    /// Everything there is, as names from the target on.
    pub(crate) async fn all(&self) -> Result<Vec<Vec<String>>, TargetError> {
        let skipped = self.prefix.parts().count();
        let prefix = (skipped > 0).then_some(&self.prefix);
        let listed: Vec<_> = self.store.list(prefix).try_collect().await?;
        let names = |object: &object_store::ObjectMeta| {
            let parts = object.location.parts().skip(skipped);
            parts.map(|part| part.as_ref().to_owned()).collect()
        };
        Ok(listed.iter().map(names).collect())
    }
}
