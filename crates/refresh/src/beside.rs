//! What is asked for with the targets of a run: rows that change or go when a target does, by a rule only the provider
//! knows (a deleted VM takes some of its ports along, others stay). Absence from a target's own answer says nothing about
//! them, so each that did not come by itself becomes a target.

use std::collections::HashSet;

use stocktake_model::{CollectionIx, Menu, Rows, Scope, Target, key};
use stocktake_saver::Stored;

/// Stored rows beside the targets that the run has neither seen nor asked for, by name or as part of a collection. `seen`:
/// by collection and hash of the identity.
pub(crate) fn unseen(
    stored: &Stored,
    (menu, seed): (&Menu, u64),
    scope: &Scope,
    seen: impl Fn(CollectionIx, u128) -> bool,
) -> Vec<Target> {
    let asked: HashSet<&Target> = scope.targets().iter().collect();
    let target =
        |(ix, text): &(CollectionIx, String)| Target { collection: menu.get(*ix).name.to_owned(), reference: text.clone() };
    let unseen = stored.beside().iter().filter(|(ix, text)| !seen(*ix, key::hash(seed, text)));
    unseen.map(target).filter(|t| !asked.contains(t) && !scope.is_about_all_of(&t.collection)).collect()
}

/// Moves the rows of `more` to `rows`, without those that were seen: a row may come with two targets. Rows whose identity
/// is not known yet come along as they are; whether they are there already nobody can tell before it is.
pub(crate) fn append_unseen(rows: &mut Rows, more: &mut Rows, seen: impl Fn(CollectionIx, u128) -> bool) {
    for (ix, of) in more.iter() {
        for row in of.iter().filter(|row| !seen(ix, row.head().key_hash)) {
            rows.push_copy(ix, row);
        }
    }
    let taken: Vec<_> = more.iter().map(|(ix, _)| ix).collect();
    for ix in taken {
        more.forget(ix);
    }
    rows.append(more);
}

/// Says of a row whether it is among these now.
pub(crate) fn among(rows: &Rows) -> impl Fn(CollectionIx, u128) -> bool + use<> {
    let seen: HashSet<_> =
        rows.iter().flat_map(|(ix, of)| of.iter().map(move |row| (ix.index(), row.head().key_hash))).collect();
    move |ix, key_hash| seen.contains(&(ix.index(), key_hash))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stocktake_model::menus::container::{container_groups, containers};
    use stocktake_model::{Key, menus};

    use super::*;

    #[test]
    fn what_came_before_stays_and_rows_without_an_identity_yet_come_along() {
        let menu = Arc::new(Menu::builder().pick(menus::all()).build().expect("a sound menu"));
        let (groups, parts) = (menu.expect_ix("container_groups"), menu.expect_ix("containers"));
        let rows = |keys: &[&str]| {
            let mut rows = Rows::new(Arc::clone(&menu), 7);
            for key in keys {
                rows.row(groups, *key).text(container_groups::phase, keys[0]).finish();
            }
            rows
        };
        let (mut snapshot, mut more) = (rows(&["p1"]), rows(&["p2", "p1"]));
        let pod = Key::text("shop").and_text("web");
        more.row(parts, Key::new().and_link_by(groups, 1, pod).and_text("nginx")).text(containers::status, "up").finish();
        let seen = among(&snapshot);
        append_unseen(&mut snapshot, &mut more, seen);
        let keys: Vec<_> = snapshot.of(groups).iter().map(|row| row.key().to_owned()).collect();
        assert_eq!(keys, ["p1", "p2"]);
        assert_eq!(snapshot.take_open().len(), 1);
    }
}
