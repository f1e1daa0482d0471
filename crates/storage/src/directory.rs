//! What administrators register: zones, applications, workloads, providers, resources, issuers of
//! subjects, sealed values.

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, ProviderId, ResourceId, SubjectIssuerId, Timestamp, WorkloadId, ZoneId,
    entity::{Application, Provider, Resource, SubjectIssuer, Workload, Zone},
};

use crate::{Error, IdempotencyReceipt, Page, PageRequest};

/// Which of what is registered is listed.
#[derive(Debug, Clone, Default)]
pub struct Registered {
    /// Archived ones, or unarchived ones.
    pub archived: bool,
    /// Applications with this trait are neither listed nor counted.
    pub without_trait: Option<String>,
    /// The resource with this identifier is neither listed nor counted.
    pub without_identifier: Option<String>,
}

impl Registered {
    /// All that is in use.
    pub const LIVE: Self = Self {
        archived: false,
        without_trait: None,
        without_identifier: None,
    };
    /// All that was put away.
    pub const ARCHIVED: Self = Self {
        archived: true,
        without_trait: None,
        without_identifier: None,
    };
}

/// Which zones are listed.
#[derive(Debug, Clone, Default)]
pub struct ZoneFilter {
    /// The one with exactly this slug.
    pub slug: Option<String>,
    /// Frozen ones, or those that are not.
    pub frozen: Option<bool>,
    /// Those in which applications may register themselves, or may not.
    pub dcr_enabled: Option<bool>,
    /// Made by exactly this one.
    pub created_by: Option<String>,
    /// None but these.
    pub among: Option<Vec<ZoneId>>,
    /// None whose name begins so, whatever the case of ASCII letters; no pattern.
    pub without_name: Option<&'static str>,
    /// None whose slug begins so; no pattern.
    pub without_slug: Option<&'static str>,
}

/// Zones.
#[async_trait]
pub trait Zones: Send {
    /// The zone, unless absent or archived.
    async fn get(&mut self, id: &ZoneId) -> Result<Option<Zone>, Error>;
    /// The zone, archived or not.
    async fn get_with_archived(&mut self, id: &ZoneId) -> Result<Option<Zone>, Error>;
    /// Unarchived zones by `(created_at, id)`, newest first.
    async fn list(&mut self, filter: &ZoneFilter, page: &PageRequest) -> Result<Page<Zone>, Error>;
    /// All zones, archived ones included: what they leave behind is kept for a time and then deleted.
    async fn list_with_archived(&mut self, page: &PageRequest) -> Result<Page<Zone>, Error>;
    /// Whether any zone, archived ones included, has the slug.
    async fn slug_taken(&mut self, slug: &str) -> Result<bool, Error>;
    /// Inserts a zone.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`zones_slug`) when the slug is taken.
    async fn create(&mut self, zone: &Zone) -> Result<(), Error>;
    /// Keeps the receipt of a zone that was created in this work, where those of requests in the zone are.
    async fn keep_receipt(&mut self, zone: &ZoneId, receipt: &IdempotencyReceipt) -> Result<(), Error>;
    /// Replaces name, slug, flags and attribution. `false` when absent or archived.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`zones_slug`) when the slug is taken; [`Error::Contended`] when it has another version.
    async fn update(&mut self, zone: &Zone) -> Result<bool, Error>;
    /// The version of the zone, unless it is absent or archived. Nobody else changes it until the end of the work.
    async fn held_version(&mut self, id: &ZoneId) -> Result<Option<i64>, Error>;
    /// As [`Applications::hold_registrations`], of the zone `id`.
    async fn hold_registrations(&mut self, id: &ZoneId, now: Timestamp) -> Result<u64, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &ZoneId, at: Timestamp) -> Result<bool, Error>;
}

/// How many applications there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountedApplications {
    /// All of them.
    pub total: u64,
    /// Past their end.
    pub expired: u64,
    /// Not past it, but soon.
    pub expiring_soon: u64,
}

/// Applications of the zone.
#[async_trait]
pub trait Applications: Send {
    /// The application, archived or not.
    async fn get(&mut self, id: &ApplicationId) -> Result<Option<Application>, Error>;
    /// Applications by `(created_at, id)`, newest first.
    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Application>, Error>;
    /// Every application that is neither archived nor past its end at `now`, for the in-memory snapshot.
    async fn all_live(&mut self, now: Timestamp) -> Result<Vec<Application>, Error>;
    /// Whether another unarchived managed application has the name, ignoring case.
    async fn name_taken(&mut self, name: &str, except: Option<&ApplicationId>) -> Result<bool, Error>;
    /// Up to `limit` applications that are archived, or past their end at `now`, and still have sessions that did not
    /// end with them.
    async fn ended_with_sessions(&mut self, now: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, Error>;
    /// Up to `limit` unarchived `dcr` applications that ended at or before `ended_by`, those that ended first first.
    async fn ended_dcr(&mut self, ended_by: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, Error>;
    /// How many unarchived applications there are at `now`, and how many of them end until `soon`.
    async fn count(&mut self, now: Timestamp, soon: Timestamp) -> Result<CountedApplications, Error>;
    /// Unarchived, unexpired `dcr` applications at `now`.
    async fn count_live_dcr(&mut self, now: Timestamp) -> Result<u64, Error>;
    /// As [`Applications::count_live_dcr`], and nobody else who holds registrations of the zone counts until the end of the
    /// work: whoever registers one does, and whoever says that none may be registered.
    async fn hold_registrations(&mut self, now: Timestamp) -> Result<u64, Error>;
    /// Inserts an application.
    async fn create(&mut self, application: &Application) -> Result<(), Error>;
    /// Replaces name, traits, secret digest, expiry and attribution. `false` when absent or archived.
    ///
    /// # Errors
    /// [`Error::Contended`] when it has another version.
    async fn update(&mut self, application: &Application) -> Result<bool, Error>;
    /// Replaces the secret's digest `seen` by one of the same secret. `false` when it is another by now.
    async fn rehash(&mut self, id: &ApplicationId, seen: &str, hash: &str) -> Result<bool, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &ApplicationId, at: Timestamp) -> Result<bool, Error>;
    /// Deletes up to `limit` `dcr` applications that were archived before `before` and that no authority record,
    /// session, delegation or grant names; returns how many.
    async fn reap(&mut self, before: Timestamp, limit: u32) -> Result<u64, Error>;
}

/// Providers of the zone.
#[async_trait]
pub trait Providers: Send {
    /// The provider, archived or not.
    async fn get(&mut self, id: &ProviderId) -> Result<Option<Provider>, Error>;
    /// Providers by `(created_at, id)`, newest first.
    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Provider>, Error>;
    /// Every unarchived provider.
    async fn all_live(&mut self) -> Result<Vec<Provider>, Error>;
    /// Whether another unarchived provider has the identifier.
    async fn identifier_taken(
        &mut self,
        identifier: &str,
        except: Option<&ProviderId>,
    ) -> Result<bool, Error>;
    /// Inserts a provider.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`providers_identifier`) when an active one has the identifier.
    async fn create(&mut self, provider: &Provider) -> Result<(), Error>;
    /// Replaces everything but id, zone and creation. `false` when absent or archived.
    ///
    /// # Errors
    /// As [`Providers::create`]; [`Error::Contended`] when it has another version.
    async fn update(&mut self, provider: &Provider) -> Result<bool, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &ProviderId, at: Timestamp) -> Result<bool, Error>;
}

/// Resources of the zone.
#[async_trait]
pub trait Resources: Send {
    /// The resource, archived or not.
    async fn get(&mut self, id: &ResourceId) -> Result<Option<Resource>, Error>;
    /// The unarchived resource whose identifier, or else whose row id, is `name`.
    async fn find(&mut self, name: &str) -> Result<Option<Resource>, Error>;
    /// Resources by `(created_at, id)`, newest first.
    async fn list(&mut self, which: &Registered, page: &PageRequest) -> Result<Page<Resource>, Error>;
    /// Every unarchived resource.
    async fn all_live(&mut self) -> Result<Vec<Resource>, Error>;
    /// How many unarchived resources there are, those of this work included. It costs the same however many they are; whoever
    /// relies on it until the commit takes a lock of the zone first.
    async fn count_live(&mut self) -> Result<u64, Error>;
    /// How many of them allow operations that they do not declare.
    async fn count_unenforced(&mut self) -> Result<u64, Error>;
    /// Whether any resource, archived ones included when `archived_too`, has the identifier.
    async fn identifier_taken(
        &mut self,
        identifier: &str,
        except: Option<&ResourceId>,
        archived_too: bool,
    ) -> Result<bool, Error>;
    /// Inserts a resource.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`resources_identifier`) when an active one has the identifier;
    /// [`Error::MissingReference`] when the provider is not in the zone.
    async fn create(&mut self, resource: &Resource) -> Result<(), Error>;
    /// Replaces everything but id, zone and creation. `false` when absent or archived.
    ///
    /// # Errors
    /// As [`Resources::create`]; [`Error::Contended`] when it has another version.
    async fn update(&mut self, resource: &Resource) -> Result<bool, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &ResourceId, at: Timestamp) -> Result<bool, Error>;
}

/// Workloads of the zone.
#[async_trait]
pub trait Workloads: Send {
    /// The workload.
    async fn get(&mut self, id: &WorkloadId) -> Result<Option<Workload>, Error>;
    /// Workloads by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<Workload>, Error>;
    /// Every workload.
    async fn all(&mut self) -> Result<Vec<Workload>, Error>;
    /// Inserts a workload.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`workloads_name`) when another of the zone has the name, whatever its case.
    async fn create(&mut self, workload: &Workload) -> Result<(), Error>;
    /// Replaces everything but id, zone and creation. `false` when absent.
    ///
    /// # Errors
    /// As [`Workloads::create`]; [`Error::Contended`] when it has another version.
    async fn update(&mut self, workload: &Workload) -> Result<bool, Error>;
    /// Replaces the secret's digest `seen` by one of the same secret. `false` when it is another by now.
    async fn rehash(&mut self, id: &WorkloadId, seen: &str, hash: &str) -> Result<bool, Error>;
    /// Deletes. `false` when absent.
    async fn delete(&mut self, id: &WorkloadId) -> Result<bool, Error>;
}

/// Identity providers that the zone trusts.
#[async_trait]
pub trait SubjectIssuers: Send {
    /// The issuer, unless absent or archived.
    async fn get(&mut self, id: &SubjectIssuerId) -> Result<Option<SubjectIssuer>, Error>;
    /// The unarchived issuer with exactly this `iss`.
    async fn find(&mut self, issuer: &str) -> Result<Option<SubjectIssuer>, Error>;
    /// Unarchived issuers by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<SubjectIssuer>, Error>;
    /// How many unarchived issuers there are.
    async fn count_live(&mut self) -> Result<u64, Error>;
    /// Inserts an issuer.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`subject_issuers_issuer`) when it is trusted already.
    async fn create(&mut self, issuer: &SubjectIssuer) -> Result<(), Error>;
    /// Replaces keys' place, audience and attribution. `false` when absent or archived.
    ///
    /// # Errors
    /// [`Error::Contended`] when it has another version.
    async fn update(&mut self, issuer: &SubjectIssuer) -> Result<bool, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &SubjectIssuerId, at: Timestamp) -> Result<bool, Error>;
}

/// Sealed values of the zone (CSS1 envelopes), by reference such as `zones/{z}/providers/{p}/secretConfig`.
#[async_trait]
pub trait SecretStore: Send {
    /// The envelope, if there is one.
    async fn get(&mut self, reference: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Every envelope whose reference starts with `prefix`, as `(reference, envelope)`.
    async fn list(&mut self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Error>;
    /// Inserts or replaces.
    async fn put(&mut self, reference: &str, envelope: &[u8], at: Timestamp) -> Result<(), Error>;
    /// Replaces the envelope `seen` by one of the same content. `false` when it is another by now.
    async fn reseal(&mut self, reference: &str, seen: &[u8], envelope: &[u8]) -> Result<bool, Error>;
    /// Removes; absence is fine.
    async fn delete(&mut self, reference: &str) -> Result<(), Error>;
}
