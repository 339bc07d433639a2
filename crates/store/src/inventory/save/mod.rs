//! Applies a plan in one transaction: the same script of steps on both databases.

mod links;
mod pg;
mod pg_binary;
mod rows;
mod script;
mod sqlite;

use std::sync::Arc;

use stocktake_model::CollectionIx;
use stocktake_saver::SavePlan;

use super::lease::Lease;
use crate::db::Statement;
use crate::error::{Result, StoreError};
use crate::store::{Backend, Store};

/// Everything one run writes.
#[derive(Debug, Clone)]
pub struct Save {
    /// Checked by the database inside the transaction: a writer whose lease was taken over writes nothing.
    pub lease: Lease,
    pub plan: Arc<SavePlan>,
    /// Collections seen whole, whose deletions this run decided anew: what was held before is forgotten.
    pub complete: Vec<CollectionIx>,
    /// Carried out in the same transaction, after the inventory: the run's record and the like.
    pub also: Vec<Statement>,
}

/// What a save did, as the database counted it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SaveStats {
    pub written: Written,
    pub statements: u64,
    /// Times the program had to wait for the database's answer; 1 on SQLite.
    pub round_trips: u64,
}

/// Rows written, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: u64,
    pub updated: u64,
    pub archived: u64,
    pub deleted: u64,
    /// Links of rows that did not change otherwise.
    pub linked: u64,
    /// Providers' own documents.
    pub documents: u64,
    /// Rows of the saver's own tables: remembered links, held deletions.
    pub notes: u64,
}

impl Written {
    /// Rows of inventory tables.
    pub fn inventory(&self) -> u64 {
        self.inserted + self.updated + self.archived + self.deleted + self.linked
    }

    fn add(&mut self, what: What, rows: u64) {
        match what {
            What::Inserted => self.inserted += rows,
            What::Updated => self.updated += rows,
            What::Archived => self.archived += rows,
            What::Deleted => self.deleted += rows,
            What::Linked => self.linked += rows,
            What::Document => self.documents += rows,
            What::Note => self.notes += rows,
            What::Other => {}
        }
    }
}

/// What the rows of a step count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Inserted,
    Updated,
    Archived,
    Deleted,
    Linked,
    Document,
    Note,
    Other,
}

impl Store {
    /// Applies a plan: all of it or, on any error, nothing.
    pub async fn save(&self, save: &Save) -> Result<SaveStats> {
        if let Some(failure) = &save.plan.failure {
            return Err(failure.clone().into());
        }
        let now = jiff::Timestamp::now().as_microsecond();
        let saved = match &self.backend {
            Backend::Pg(pg) => pg::save(pg, save, now).await,
            Backend::Sqlite(sqlite) => sqlite::save(sqlite, save.clone(), now).await,
        };
        saved.map_err(|error| match error {
            StoreError::Constraint { rule, .. } if rule == "lease_fence" => {
                StoreError::Fenced { provider: save.lease.provider }
            }
            error => error,
        })
    }
}
