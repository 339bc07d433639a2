//! Following a listing from page to page, to its end and no further.
//!
//! A server that repeats itself must neither be believed nor followed for ever: every stop that is not a proper end is
//! an error, so that a broken listing is never taken for a short one. Knows nothing of the form of pages or links; the
//! caller reads those.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// Where a listing stands. The loop belongs to the caller:
///
/// ```
/// # use stocktake_http::Paging;
/// # fn get(path: &str) -> (Vec<String>, Option<String>) { (vec![path.to_owned()], None) }
/// # fn walk() -> Result<(), stocktake_http::BrokenPaging> {
/// let mut paging = Paging::from("/servers/detail?limit=200");
/// while let Some(path) = paging.next() {
///     let (ids, next) = get(&path);
///     paging.page(ids.iter(), next)?;
///     // hand the page on
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Paging {
    next: Option<String>,
    /// The page asked for last.
    asked: String,
    sceptical: bool,
    /// The page asked for last was empty, and is being asked for again.
    doubted: bool,
    pages: u32,
    records: u64,
    hasher: RandomState,
    /// 64-bit hashes: a cloud of a million ports costs 16 MB here, and two ids meet by chance once in 30 million such runs.
    links: HashSet<u64>,
    ids: HashSet<u64>,
}

/// The pages do not make a listing. What was read before is good, what was not read is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenPaging {
    #[error("page {page} names as its next page one that was already read ({next})")]
    RepeatedLink { page: u32, next: String },
    #[error("page {page} repeats record {id}, which was already seen; others may be missing")]
    RepeatedRecord { page: u32, id: String },
    #[error("page {page} is empty but names a next page ({next})")]
    EmptyWithNext { page: u32, next: String },
}

impl<S: Into<String>> From<S> for Paging {
    fn from(first: S) -> Self {
        let hasher = RandomState::new();
        let first = first.into();
        let links = HashSet::from([hasher.hash_one(&first)]);
        let asked = first.clone();
        Self {
            next: Some(first),
            asked,
            sceptical: false,
            doubted: false,
            pages: 0,
            records: 0,
            hasher,
            links,
            ids: HashSet::new(),
        }
    }
}

impl Paging {
    /// The page to ask for now; none at the end.
    #[expect(clippy::should_implement_trait, reason = "not an iterator: the caller must report each page in between")]
    pub fn next(&mut self) -> Option<String> {
        let next = self.next.take()?;
        self.asked.clone_from(&next);
        Some(next)
    }

    /// Believes an empty last page only when it is empty twice: a service that is starting, or lost its database for a
    /// moment, may answer with nothing. Costs one more request for each listing that is truly empty.
    pub fn sceptical(mut self) -> Self {
        self.sceptical = true;
        self
    }

    /// Tells what the page just read held: the ids of its records and its link to the next page.
    ///
    /// Hand the page on before or after, but keep it if this fails: a page that repeats some records may hold others.
    pub fn page<I>(&mut self, ids: impl IntoIterator<Item = I>, next: Option<String>) -> Result<(), BrokenPaging>
    where
        I: AsRef<str> + Hash,
    {
        self.pages += 1;
        let page = self.pages;
        let mut seen = 0_u64;
        for id in ids {
            seen += 1;
            if !self.ids.insert(self.hasher.hash_one(id.as_ref())) {
                return Err(BrokenPaging::RepeatedRecord { page, id: id.as_ref().to_owned() });
            }
        }
        self.records += seen;
        if let Some(next) = next {
            if seen == 0 {
                return Err(BrokenPaging::EmptyWithNext { page, next });
            }
            if !self.links.insert(self.hasher.hash_one(&next)) {
                return Err(BrokenPaging::RepeatedLink { page, next });
            }
            self.next = Some(next);
        } else if seen == 0 && self.sceptical && !self.doubted {
            self.next = Some(self.asked.clone());
        }
        self.doubted = seen == 0;
        Ok(())
    }

    /// Pages read so far.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Records seen so far.
    pub fn records(&self) -> u64 {
        self.records
    }
}
