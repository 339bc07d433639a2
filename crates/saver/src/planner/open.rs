//! Rows that were set aside because a part of them only another row knows ([`OpenRow`]): they are settled once everything
//! else was seen, through rows of this run first, then through stored ones.
//!
//! It goes in rounds: what one round settles may be what others wait for, and within a round the order does not matter.
//! What nobody knows in the end is told; a row without identity is left out, and its collection counts as not seen whole.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use stocktake_model::{CollectionIx, IssueKind, Missing, OpenRow, Retention, Rows, Unknown, UnknownPart, key};

use super::linking::ref_name;
use super::written::Written;
use super::{LEFT_OUT, Planner};
use crate::request::Wanted;
use crate::spill::SpillError;
use crate::stored::ByRef;

type Asked = BTreeMap<(CollectionIx, u8), BTreeSet<String>>;

/// What a round takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Rows of which everything is known.
    Known,
    /// Nobody will say more: rows with an identity, unless what they lack is a row that is open itself.
    Identified,
    /// All rows with an identity.
    Waiting,
    /// The rest, which is left out.
    Nameless,
}

impl Planner {
    /// Settles what can be settled, and says what must be looked up for the rest; nothing when there is no rest.
    pub(super) fn settle_open(&mut self) -> Result<Wanted, SpillError> {
        let mut late = std::mem::replace(&mut self.late, Rows::new(Arc::clone(&self.menu), self.stored.seed));
        self.push(&mut late);
        self.sound()?;
        while !self.open.is_empty() {
            let mut settled = Rows::new(Arc::clone(&self.menu), self.stored.seed);
            let before = self.open.len();
            for takes in [Takes::Known, Takes::Identified, Takes::Waiting, Takes::Nameless] {
                let ask = self.round(takes, &mut settled)?;
                if self.open.len() < before {
                    break;
                }
                if !ask.is_empty() {
                    let refs = ask.iter().flat_map(|((ix, by), keys)| keys.iter().map(|key| (*ix, *by, key.clone())));
                    self.asked.extend(refs);
                    return Ok(Wanted { by_ref: ask, ..Wanted::default() });
                }
            }
            if Self::needs_everything(&self.scope) || settled.is_empty() {
                self.push(&mut settled);
                self.sound()?;
            } else {
                return Ok(self.read_late(settled));
            }
        }
        Ok(Wanted::default())
    }

    /// Moves the rows it takes from those that are open to `settled`. Gives the questions it met.
    fn round(&mut self, takes: Takes, settled: &mut Rows) -> Result<Asked, SpillError> {
        let open = std::mem::take(&mut self.open);
        let (mut ask, mut taken, mut told) = (Asked::new(), HashSet::new(), Vec::new());
        let mut finder = Finder::new(self, &open);
        for (at, row) in open.iter().enumerate() {
            let mut waits = false;
            let mut find = |target: CollectionIx, by: u8, text: &str| match finder.find(target, by, text) {
                Found::Row(identity) => Some(identity),
                Found::NotAsked => {
                    ask.entry((target, by)).or_default().insert(text.to_owned());
                    None
                }
                Found::Waits => {
                    waits = true;
                    None
                }
                Found::Nobody | Found::Several => None,
            };
            let unknown = row.unknown(&self.menu, &mut find);
            let identified = unknown.iter().all(|u| u.part != UnknownPart::Identity);
            let take = match takes {
                Takes::Known => unknown.is_empty(),
                Takes::Identified => identified && !waits,
                Takes::Waiting => identified,
                Takes::Nameless => true,
            };
            if take {
                taken.insert(at);
                settled.settle(row, &mut |target, by, text| match finder.find(target, by, text) {
                    Found::Row(identity) => Some(identity),
                    _ => None,
                });
                let tell = |u: Unknown| (row.collection, row.shown(), finder.several(&u.missing), u);
                // Of a row that is left out nothing else matters.
                told.extend(unknown.into_iter().filter(|u| identified || u.part == UnknownPart::Identity).map(tell));
            }
        }
        if let Some(failure) = finder.failure {
            return Err(failure);
        }
        self.open = open.into_iter().enumerate().filter(|(at, _)| !taken.contains(at)).map(|(_, row)| row).collect();
        for (ix, shown, several, unknown) in told {
            if unknown.part == UnknownPart::Identity {
                self.doubted.entry(ix).or_insert(LEFT_OUT);
            }
            self.tell_unknown(ix, &shown, several, &unknown);
        }
        Ok(ask)
    }

    fn tell_unknown(&mut self, ix: CollectionIx, shown: &str, several: bool, unknown: &Unknown) {
        let Missing { target, by, key } = &unknown.missing;
        let (kind, who) = if several {
            (IssueKind::AmbiguousRef, "more than one row has")
        } else {
            (IssueKind::UnresolvedLink, "no row has")
        };
        let so = match unknown.part {
            UnknownPart::Identity => "the record was left out",
            UnknownPart::Link => "the link is set when the record is read again and one does",
            UnknownPart::SecondaryKey => "nobody finds this row by it until the record is read again and one does",
        };
        let target = self.menu.get(*target);
        let message = format!("in {} {who} {} '{key}'; {so}", target.name, ref_name(target, *by));
        self.issue(kind, ix, shown, Some(unknown.name), message);
    }

    /// Targeted runs know of no stored row by an identity that was open: they are compared when these are read.
    fn read_late(&mut self, settled: Rows) -> Wanted {
        let mut wanted = Wanted::default();
        for (ix, of) in settled.iter() {
            for row in of.iter() {
                wanted.rows.entry(ix).or_default().insert(row.key().to_owned());
                let keys = self.late_keys.entry(ix).or_default();
                keys.insert((0, row.key().to_owned()));
                keys.extend(row.secondary_keys().map(|(by, text)| (by, text.to_owned())));
                for (_, link) in row.links().filter(|(_, link)| link.by == 0) {
                    wanted.rows.entry(link.target).or_default().insert(link.key.to_owned());
                }
            }
        }
        self.late = settled;
        wanted
    }
}

enum Found {
    Row(String),
    /// A row that is open itself has that key.
    Waits,
    NotAsked,
    Nobody,
    Several,
}

/// Finds identities by secondary keys, in the state of a round's beginning.
struct Finder<'a> {
    planner: &'a Planner,
    written: Written<'a>,
    /// The first; nothing is found from then on.
    failure: Option<SpillError>,
    /// Keys of rows that are open, and their collections.
    claimed: HashSet<(CollectionIx, u8, &'a str)>,
    open: BTreeSet<CollectionIx>,
    stored: HashMap<(CollectionIx, u8, &'a str), Vec<&'a ByRef>>,
}

impl<'a> Finder<'a> {
    fn new(planner: &'a Planner, open: &'a [OpenRow]) -> Self {
        let mut stored: HashMap<_, Vec<&ByRef>> = HashMap::new();
        for row in &planner.answers.by_ref {
            stored.entry((row.collection, row.by, row.key.as_str())).or_default().push(row);
        }
        let claims = open.iter().flat_map(|row| row.secondary.iter().map(|(by, key)| (row.collection, *by, key.as_str())));
        Self {
            planner,
            written: Written::new(planner),
            failure: None,
            claimed: claims.collect(),
            open: open.iter().map(|row| row.collection).collect(),
            stored,
        }
    }

    fn find(&mut self, target: CollectionIx, by: u8, text: &str) -> Found {
        if self.failure.is_some() {
            return Found::Nobody;
        }
        self.look(target, by, text).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            Found::Nobody
        })
    }

    fn look(&mut self, target: CollectionIx, by: u8, text: &str) -> Result<Found, SpillError> {
        let Self { planner, written, .. } = self;
        if self.claimed.contains(&(target, by, text)) {
            return Ok(Found::Waits);
        }
        let hash = key::hash(planner.stored.seed, text);
        let asked = planner.asked.contains(&(target, by, text.to_owned()));
        let answers = self.stored.get(&(target, by, text)).map_or(&[][..], Vec::as_slice);
        let named = |row: &ByRef| Found::Row(row.reference.clone());
        if planner.seen.has(target, by, hash) {
            let Some(at) = planner.seen.entry(target, by, hash) else { return Ok(Found::Several) };
            if let Some(row) = written.row(target, at)? {
                return Ok(Found::Row(row.key().to_owned()));
            }
            // It is unchanged, so its identity was not kept, but stands in the database beside the same key.
            let id = planner.stored.indexes[target.index()].entries[at].row.id;
            let stored = answers.iter().find(|row| row.id == id);
            return Ok(stored.map_or(if asked { Found::Nobody } else { Found::NotAsked }, |row| named(row)));
        }
        if !asked {
            return Ok(Found::NotAsked);
        }
        let mut stays = Vec::new();
        for row in answers {
            stays.extend(stay(planner, &self.open, written, row)?.map(|live| (live, *row)));
        }
        let one_of = |of_live: bool| {
            let mut rows = stays.iter().filter(|(live, _)| *live == of_live).map(|(_, row)| row);
            (rows.next(), rows.next())
        };
        // A live row before one that is gone: the key is its now.
        Ok(match (one_of(true), one_of(false)) {
            ((Some(row), None), _) | ((None, _), (Some(row), None)) => named(row),
            ((None, _), (None, _)) => Found::Nobody,
            _ => Found::Several,
        })
    }

    fn several(&mut self, missing: &Missing) -> bool {
        matches!(self.find(missing.target, missing.by, &missing.key), Found::Several)
    }
}

/// Whether a stored row that keeps its key is live after this run; none when it has another key now, or is deleted.
fn stay(
    planner: &Planner,
    open: &BTreeSet<CollectionIx>,
    written: &mut Written<'_>,
    row: &ByRef,
) -> Result<Option<bool>, SpillError> {
    let collection = planner.menu.get(row.collection);
    let index = &planner.stored.indexes[row.collection.index()];
    let at = index.find(key::hash(planner.stored.seed, &row.reference));
    if let Some(at) = at.filter(|at| index.entries[*at].seen) {
        let Some(written) = written.row(row.collection, at)? else { return Ok(Some(true)) };
        let parts = collection.secondary_refs[usize::from(row.by) - 1].parts;
        let sent = |part: &&str| collection.field(part).is_some_and(|field| written.get(field).is_some());
        return Ok((!parts.iter().all(sent)).then_some(true));
    }
    if collection.never_delete || collection.link_only {
        return Ok(Some(!row.archived));
    }
    let (ix, coverage) = (row.collection, &planner.coverage);
    let whole = coverage.is_about_all_of(ix, &planner.menu, &planner.scope) && coverage.is_complete(ix);
    let unseen = whole && !planner.doubted.contains_key(&row.collection) && !open.contains(&row.collection);
    let gone = planner.coverage.gone.iter().any(|(ix, key)| *ix == row.collection && *key == row.reference);
    Ok(match collection.retention {
        _ if !unseen && !gone => Some(!row.archived),
        Retention::Archive => Some(false),
        Retention::Delete | Retention::WithOwner => None,
    })
}
