//! What a back-up says of itself.
//!
//! It must never leave out what a restore has to know before it begins.

use crate::store::TableCensus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of this format.
pub const FORMAT: u32 = 1;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The moment that it is of.
    pub taken_at: Timestamp,
    /// Why it was made: `asked`, `scheduled`, `migration` or `upgrade`.
    pub reason: String,
    /// The version of the program that made it.
    pub taydo: String,
    /// The newest migration of the database.
    pub schema: i32,
    /// The major version of the PostgreSQL that it is of.
    pub postgres: u32,
    /// The major version of the `pg_dump` that wrote it; `pg_restore` has to be as new.
    pub dumped_by: u32,
    /// How the database stores history: `plain`, or `timescale` with its version.
    pub layout: String,
    /// The version of TimescaleDB in it.
    pub timescaledb: Option<String>,
    /// Whose it is, where the database knows.
    pub city: Option<CityName>,
    /// The hash of the definition set in force.
    pub definitions: Option<String>,
    /// When data last came in.
    pub newest: Option<Timestamp>,
    /// What the database took on its disk, in bytes.
    pub database_bytes: u64,
    /// What else is in the folder.
    pub files: Vec<SealedFile>,
    /// What each table held at that moment.
    pub tables: Vec<TableCensus>,
}

/// Whose a back-up is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CityName {
    /// Its name in files.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A file of a back-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// The tables in which a copy differs, in words; empty when it is the same.
    #[must_use]
    pub fn differences(&self, copy: &[TableCensus]) -> Vec<String> {
        let missing = self.tables.iter().filter_map(|ours| match copy.iter().find(|theirs| theirs.table == ours.table) {
            None => Some(format!("the table {} is missing", ours.table)),
            Some(theirs) if theirs.rows != ours.rows => Some(format!("{} has {} rows instead of {}", ours.table, theirs.rows, ours.rows)),
            Some(theirs) if theirs.digest != ours.digest => Some(format!("{} has {} rows with other contents", ours.table, ours.rows)),
            Some(_) => None,
        });
        let more = copy.iter().filter(|theirs| !self.tables.iter().any(|ours| ours.table == theirs.table));
        missing.chain(more.map(|theirs| format!("there is a table {} more", theirs.table))).collect()
    }

    /// Rows of all tables together.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(table: &str, rows: u64, digest: &str) -> TableCensus {
        TableCensus { table: table.to_owned(), rows, digest: digest.to_owned() }
    }

    #[test]
    fn every_difference_of_a_copy_is_named() {
        let tables = vec![census("a", 1, "5"), census("b", 2, "6"), census("c", 3, "7")];
        let manifest = Manifest {
            format: FORMAT,
            taken_at: Timestamp::UNIX_EPOCH,
            reason: "asked".to_owned(),
            taydo: "0".to_owned(),
            schema: 1,
            postgres: 15,
            dumped_by: 15,
            layout: "plain".to_owned(),
            timescaledb: None,
            city: None,
            definitions: None,
            newest: None,
            database_bytes: 0,
            files: Vec::new(),
            tables: tables.clone(),
        };
        assert!(manifest.differences(&tables).is_empty());
        let copy = [census("b", 1, "6"), census("c", 3, "8"), census("d", 0, "0")];
        let expected =
            ["the table a is missing", "b has 1 rows instead of 2", "c has 3 rows with other contents", "there is a table d more"];
        assert_eq!(manifest.differences(&copy), expected);
    }
}
