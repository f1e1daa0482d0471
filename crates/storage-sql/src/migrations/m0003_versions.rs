//! How often what administrators register was changed, counted by the database: a statement cannot forget it, nor can a
//! build that does not know the column. And the receipt of a zone's creation is written with the zone.

/// Versions begin at 1.
pub(super) const COMMON: &[&str] = &[
    "ALTER TABLE zones ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE applications ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE providers ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE resources ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE policies ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE policy_sets ADD COLUMN version BIGINT NOT NULL DEFAULT 1",
];

macro_rules! counted {
    ($($table:literal: $row:literal),+ $(,)?) => {
        /// The row is written once more; that it then has another version ends it.
        pub(super) const SQLITE: &[&str] = &[$(concat!(
            "CREATE TRIGGER ", $table, "_version AFTER UPDATE ON ", $table, " WHEN NEW.version = OLD.version BEGIN ",
            "UPDATE ", $table, " SET version = OLD.version + 1 WHERE ", $row, "; END",
        )),+];

        /// As SQLite's.
        pub(super) const POSTGRES: &[&str] = &[
            "CREATE FUNCTION count_version() RETURNS TRIGGER LANGUAGE plpgsql AS $$
                BEGIN
                    NEW.version := OLD.version + 1;
                    RETURN NEW;
                END $$",
            $(concat!(
                "CREATE TRIGGER ", $table, "_version BEFORE UPDATE ON ", $table,
                " FOR EACH ROW EXECUTE FUNCTION count_version()",
            ),)+
            "CREATE POLICY deployment_insert ON idempotency_receipts FOR INSERT
                WITH CHECK (current_setting('caracal.zone_id', TRUE) = '*')",
        ];
    };
}
counted!(
    "zones": "id = NEW.id",
    "applications": "zone_id = NEW.zone_id AND id = NEW.id",
    "providers": "zone_id = NEW.zone_id AND id = NEW.id",
    "resources": "zone_id = NEW.zone_id AND id = NEW.id",
    "policies": "zone_id = NEW.zone_id AND id = NEW.id",
    "policy_sets": "zone_id = NEW.zone_id AND id = NEW.id",
);
