//! Whether an admin token may see live credentials; and what large listings are searched in and sorted by.

/// Both dialects. Of tokens that say nothing those may that write, as before.
pub(super) const COMMON: &[&str] = &[
    "ALTER TABLE admin_tokens ADD COLUMN reveals BOOLEAN",
    "CREATE INDEX applications_by_name ON applications (zone_id, name, id) WHERE archived_at IS NULL",
    "CREATE INDEX resources_by_name ON resources (zone_id, name, id) WHERE archived_at IS NULL",
];

/// SQLite's own: what is searched stands in an index in the order of the listing.
pub(super) const SQLITE: &[&str] = &[
    "ALTER TABLE resources ADD COLUMN searched TEXT GENERATED ALWAYS AS (lower(name) || char(10) || lower(identifier)) VIRTUAL",
    "CREATE INDEX resources_searched ON resources (zone_id, created_at, id, searched) WHERE archived_at IS NULL",
];

/// PostgreSQL's own: as SQLite's. An index of trigrams would not be asked under row-level security, since matching a
/// pattern may tell of rows that the policy has not admitted; a narrow index that is read through costs a tenth of the rows.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE resources ADD COLUMN searched TEXT COLLATE \"C\"
        GENERATED ALWAYS AS (lower(name) || chr(10) || lower(identifier)) STORED",
    "CREATE INDEX resources_searched ON resources (zone_id, created_at, id) INCLUDE (searched)
        WHERE archived_at IS NULL",
];
