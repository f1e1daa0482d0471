//! Policies of a zone.

use std::collections::HashMap;

use async_trait::async_trait;
use caracal_core::{
    PolicyId, PolicyVersionId, Timestamp,
    entity::{ListedPolicyVersion, Policy, PolicyVersion},
};
use caracal_storage::{Error, Order, Page, PageKey, PageRequest, Policies, PolicyFilter, Total};

use crate::{
    mapped::{Mapped, mapped},
    paging::{Listing, not_had},
    params::{json_list, params},
    row::Row,
    sql::Tx,
    work::ZoneUnit,
};

mapped!(Policy in "policies" { zone_id, id, name, description, archived_at; attribution });
mapped!(PolicyVersion in "policy_versions" {
    id, policy_id, version, content, content_sha256, schema_version, created_by, created_at
});

const COLUMNS: &str = Policy::COLUMNS;
const VERSION: &str = PolicyVersion::COLUMNS;

fn decode_listed(row: &Row) -> Result<ListedPolicyVersion, Error> {
    Ok(ListedPolicyVersion {
        id: row.id("id")?,
        policy_id: row.id("policy_id")?,
        version: row.int("version")?,
        content: row.opt_text("content")?,
        content_bytes: row.count("content_bytes")?,
        content_sha256: row.text("content_sha256")?,
        schema_version: row.text("schema_version")?,
        created_by: row.text("created_by")?,
        created_at: row.time("created_at")?,
    })
}

/// The versions with these ids, in that order; absent ones are an error of the stored manifest.
pub(super) async fn versions_in_order(
    tx: &Tx,
    zone: &caracal_core::ZoneId,
    ids: &[PolicyVersionId],
) -> Result<Vec<PolicyVersion>, Error> {
    let sql = format!(
        "SELECT {VERSION} FROM policy_versions WHERE zone_id = $1 AND {}",
        tx.dialect.is_one_of("id", 2)
    );
    let read = |row: &Row| PolicyVersion::read(row).map(|version| (version.id.clone(), version));
    let found: HashMap<_, _> = tx.all_as(sql, params![zone, json_list(ids)], read).await?;
    ids.iter()
        .map(|id| {
            found
                .get(id)
                .cloned()
                .ok_or_else(|| Error::Corrupt(format!("manifest names an absent version {id}")))
        })
        .collect()
}

impl ZoneUnit {
    /// Inserts a version under the highest number plus one, whatever number it carries.
    async fn insert_policy_version(&mut self, version: &PolicyVersion) -> Result<i64, Error> {
        let sql = format!(
            "INSERT INTO policy_versions (zone_id, {VERSION}) SELECT $1, $2, $3, \
             1 + COALESCE((SELECT MAX(version) FROM policy_versions WHERE zone_id = $1 AND policy_id = $3), 0), \
             $4, $5, $6, $7, CAST($8 AS BIGINT) RETURNING version"
        );
        let params = params![
            self.zone,
            version.id,
            version.policy_id,
            version.content,
            version.content_sha256,
            version.schema_version,
            version.created_by,
            version.created_at,
        ];
        let number = self.tx.one_as(sql, params, |row| row.int("version")).await?;
        number.ok_or_else(|| Error::Corrupt(String::from("an inserted version has no number")))
    }
}

#[async_trait]
impl Policies for ZoneUnit {
    async fn get(&mut self, id: &PolicyId) -> Result<Option<Policy>, Error> {
        let sql =
            format!("SELECT {COLUMNS} FROM policies WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL");
        self.tx.one_as(sql, params![self.zone, id], Policy::read).await
    }

    async fn list(&mut self, filter: &PolicyFilter, page: &PageRequest) -> Result<Page<Policy>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM policies WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id")
            .by_name("name", &["name", "description"]);
        listing.is_set("archived_at", Some(filter.archived));
        listing.when("name", "=", filter.name.as_deref());
        listing.when("created_by", "=", filter.created_by.as_deref());
        listing.read(&self.tx, page, Policy::read).await
    }

    async fn versions(
        &mut self,
        id: &PolicyId,
        page: &PageRequest,
        source_bytes: u64,
    ) -> Result<Page<ListedPolicyVersion>, Error> {
        // Numbers have no gaps and never change, so they are the key; the cursor carries them as its instant.
        let (direction, past, first) = match page.order {
            Order::Newest => ("DESC", "<", i64::MAX),
            Order::Oldest => ("ASC", ">", 0),
            Order::Name | Order::NameBackwards => return Err(not_had()),
        };
        let after = page.after.as_ref().map_or(first, |after| after.at_micros);
        let limit = page.limit.max(1);
        let budget = i64::try_from(source_bytes).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT id, policy_id, version, content_sha256, schema_version, created_by, created_at, \
             CAST(octet_length(content) AS BIGINT) AS content_bytes, \
             CASE WHEN SUM(octet_length(content)) OVER (ORDER BY version {direction}) <= $4 THEN content END AS content \
             FROM policy_versions WHERE zone_id = $1 AND policy_id = $2 AND version {past} $3 \
             ORDER BY version {direction} LIMIT $5"
        );
        let params = params![self.zone, id, after, budget, i64::from(limit) + 1];
        let mut rows = self.tx.all(sql, params).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let items: Vec<_> = rows.iter().map(decode_listed).collect::<Result<_, _>>()?;
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| PageKey::new(Timestamp::from_micros(last.version), last.id.as_str()));
        let mut read = Page::new(items, next);
        if page.count {
            let sql = "SELECT COUNT(*) AS n FROM policy_versions WHERE zone_id = $1 AND policy_id = $2";
            read.total = Some(Total::of(self.tx.count(sql, params![self.zone, id]).await?, true));
        }
        Ok(read)
    }

    async fn version(&mut self, id: &PolicyVersionId) -> Result<Option<PolicyVersion>, Error> {
        let sql = format!("SELECT {VERSION} FROM policy_versions WHERE zone_id = $1 AND id = $2");
        self.tx
            .one_as(sql, params![self.zone, id], PolicyVersion::read)
            .await
    }

    async fn create(&mut self, policy: &Policy, first: &PolicyVersion) -> Result<(), Error> {
        self.own(&policy.zone_id)?;
        self.tx.insert(policy, &[]).await?;
        self.insert_policy_version(first).await.map(|_| ())
    }

    async fn add_version(&mut self, version: &PolicyVersion) -> Result<i64, Error> {
        // Whoever read the policy read its versions. Holding its row makes writers of the same policy number them one after
        // the other.
        let sql = "UPDATE policies SET version = version + 1 WHERE zone_id = $1 AND id = $2";
        if !self
            .tx
            .changes_one(sql, params![self.zone, version.policy_id])
            .await?
        {
            return Err(Error::MissingReference);
        }
        self.insert_policy_version(version).await
    }

    async fn archive(&mut self, id: &PolicyId, at: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE policies SET archived_at = $3, updated_at = $3 \
             WHERE zone_id = $1 AND id = $2 AND archived_at IS NULL";
        self.tx.changes_one(sql, params![self.zone, id, at]).await
    }
}
