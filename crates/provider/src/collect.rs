//! The shape of collecting: pages go to a sink as they come; what is known of the whole is told at the end.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stocktake_model::{Coverage, Listed};

use crate::traffic::ApiUsage;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One answer of the API, not yet looked into further than paging needs.
#[derive(Debug, Clone)]
pub struct Page {
    /// Which of the provider's listings it belongs to: `servers`, `ports`, …
    pub listing: &'static str,
    /// Counted from 1.
    pub number: u32,
    /// Facts the parser needs that stand outside the body, e.g. the project that was asked for.
    pub context: Cow<'static, str>,
    pub body: Bytes,
}

/// Takes pages and progress while a provider collects. May wait: that is the back-pressure.
pub trait PageSink: Send + Sync {
    fn page(&self, page: Page) -> BoxFuture<'_, ()>;
    fn progress(&self, progress: Progress);
}

#[derive(Debug, Clone)]
pub enum Progress {
    Started {
        listing: &'static str,
    },
    /// Records seen so far in this listing.
    Records {
        listing: &'static str,
        records: u64,
    },
    Ended {
        listing: &'static str,
        listed: Listed,
    },
    /// Something a person would want to know while waiting, e.g. `compute answers 429, waiting 2 s`.
    Notice(String),
}

/// How one listing went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListingReport {
    pub listing: Cow<'static, str>,
    pub listed: Listed,
    /// `all projects`, `own project only`: how far the credential could see.
    pub reach: Option<String>,
    pub records: u64,
    pub pages: u64,
    pub millis: u64,
}

/// What a collection run knows at its end.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    pub coverage: Coverage,
    pub listings: Vec<ListingReport>,
    pub usage: ApiUsage,
}

impl Collected {
    /// Adds what a second collection of the same run knows.
    pub fn add(&mut self, other: Self) {
        self.coverage.add(other.coverage);
        self.usage.add(other.usage);
        for report in other.listings {
            match self.listings.iter_mut().find(|known| known.listing == report.listing) {
                Some(known) => known.add(report),
                None => self.listings.push(report),
            }
        }
    }
}

impl ListingReport {
    fn add(&mut self, other: Self) {
        let listed = std::mem::replace(&mut self.listed, Listed::Complete);
        self.listed = listed.and(other.listed);
        self.reach = self.reach.take().or(other.reach);
        self.records += other.records;
        self.pages += other.pages;
        self.millis += other.millis;
    }
}
