//! What is asked for with the targets of a run: rows that change or go when a target does, by a rule only the provider
//! knows (a deleted VM takes some of its ports along, others stay). Absence from a target's own answer says nothing about
//! them, so each that did not come by itself becomes a target.

use std::collections::HashSet;

use stocktake_model::{CollectionIx, Rows, Scope, Target, key};
use stocktake_saver::Stored;

/// Stored rows beside the targets that the run has neither seen nor asked for.
pub(crate) fn unseen(stored: &Stored, snapshot: &Rows, scope: &Scope) -> Vec<Target> {
    if stored.beside().is_empty() {
        return Vec::new();
    }
    let seen = seen(snapshot);
    let asked: HashSet<&Target> = scope.targets().iter().collect();
    let unseen = stored.beside().iter().filter(|(ix, text)| !seen.contains(&(ix.index(), key::hash(snapshot.seed(), text))));
    let target = |(ix, text): &(CollectionIx, String)| Target {
        collection: snapshot.menu().get(*ix).name.to_owned(),
        reference: text.clone(),
    };
    unseen.map(target).filter(|target| !asked.contains(target)).collect()
}

/// Moves the rows of `more` to the snapshot, without those that are in it already: a row may come with two targets.
pub(crate) fn append_unseen(snapshot: &mut Rows, more: &mut Rows) {
    let seen = seen(snapshot);
    for (ix, of) in more.iter() {
        for row in of.iter().filter(|row| !seen.contains(&(ix.index(), row.head().key_hash))) {
            snapshot.push_copy(ix, row);
        }
    }
    snapshot.issues.append(&mut more.issues);
}

fn seen(rows: &Rows) -> HashSet<(usize, u128)> {
    rows.iter().flat_map(|(ix, of)| of.iter().map(move |row| (ix.index(), row.head().key_hash))).collect()
}
