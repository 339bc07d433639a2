//! The collections a provider uses, picked from a menu of the model, changed where it needs, with its own added.

use std::collections::HashMap;

use crate::collection::{Collection, Field, MAX_FIELDS, Retention};
use crate::row::{RowView, Rows};

/// Position of a collection in a [`Menu`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CollectionIx(pub u16);

impl CollectionIx {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Turns the records of a collection into rows of other collections, after everything was parsed and before the run is
/// planned. It replaces saving: records of a collection with a custom save are not written themselves.
pub type CustomSave = fn(records: &[RowView<'_>], out: &mut Rows);

type Incoming = Vec<Vec<(CollectionIx, Field, u8)>>;

#[derive(Debug, Clone)]
pub struct Menu {
    collections: Vec<Collection>,
    by_name: HashMap<&'static str, CollectionIx>,
    /// For each collection, for each of its links: the target's position.
    targets: Vec<Vec<CollectionIx>>,
    /// For each collection, the links that lead to it: (collection, field, usual ref number).
    incoming: Incoming,
    /// Owners before what they own, targets before the rows that link to them, as far as cycles allow.
    order: Vec<CollectionIx>,
    custom: Vec<Option<CustomSave>>,
    mapping_version: u32,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MenuError {
    #[error("collection '{0}' is on the menu twice")]
    Twice(&'static str),
    #[error("collection '{0}' is not on the menu")]
    Unknown(String),
    #[error("collection '{collection}': link '{link}' leads to '{target}', which is not on the menu; pick it too")]
    LinkTarget { collection: &'static str, link: &'static str, target: &'static str },
    #[error("collection '{collection}': {what} names '{field}', which is neither a column nor a link of it")]
    Field { collection: &'static str, what: &'static str, field: &'static str },
    #[error("collection '{0}' has more than {MAX_FIELDS} columns and links")]
    TooWide(&'static str),
    #[error("collection '{0}' is kept with its owner but names no owner")]
    NoOwner(&'static str),
    #[error("collection '{0}' has skeletal rows, so it must be archived, not deleted")]
    Skeletal(&'static str),
    #[error("collection '{collection}': link '{link}' goes by '{by}', which is not a secondary ref of its target")]
    LinkBy { collection: &'static str, link: &'static str, by: &'static str },
}

impl Menu {
    pub fn builder() -> MenuBuilder {
        MenuBuilder::default()
    }

    pub fn ix(&self, name: &str) -> Option<CollectionIx> {
        self.by_name.get(name).copied()
    }

    /// Position of a collection that the caller knows is on the menu.
    ///
    /// # Panics
    /// When it is not: a mistake in the provider's code, found by its first test.
    pub fn expect_ix(&self, name: &str) -> CollectionIx {
        self.ix(name).unwrap_or_else(|| panic!("collection '{name}' is not on the menu"))
    }

    pub fn get(&self, ix: CollectionIx) -> &Collection {
        &self.collections[ix.index()]
    }

    pub fn len(&self) -> usize {
        self.collections.len()
    }

    pub fn is_empty(&self) -> bool {
        self.collections.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (CollectionIx, &Collection)> {
        self.collections.iter().enumerate().map(|(i, c)| (CollectionIx(i as u16), c))
    }

    /// Target collection of the link at `field`.
    pub fn link_target(&self, ix: CollectionIx, field: Field) -> Option<CollectionIx> {
        let link = usize::from(field.0).checked_sub(self.get(ix).columns.len())?;
        self.targets[ix.index()].get(link).copied()
    }

    /// Ref number by which the link at `field` usually goes.
    pub fn usual_by(&self, ix: CollectionIx, field: Field) -> u8 {
        let link = self.get(ix).link(field);
        let target = self.link_target(ix, field).map(|target| self.get(target));
        link.zip(target).map_or(0, |(link, target)| target.ref_number(link.by))
    }

    /// The links that lead to a collection: where they stand and by which ref number they usually go.
    pub fn incoming(&self, ix: CollectionIx) -> &[(CollectionIx, Field, u8)] {
        &self.incoming[ix.index()]
    }

    /// Order of saving: a row's owner and link targets come first, except where a cycle makes that impossible.
    pub fn order(&self) -> &[CollectionIx] {
        &self.order
    }

    pub fn custom_save(&self, ix: CollectionIx) -> Option<CustomSave> {
        self.custom[ix.index()]
    }

    /// Raised whenever the provider's mapping changes its meaning, so that all rows are compared anew.
    pub fn mapping_version(&self) -> u32 {
        self.mapping_version
    }
}

#[derive(Debug, Default, Clone)]
pub struct MenuBuilder {
    collections: Vec<Collection>,
    custom: Vec<(&'static str, CustomSave)>,
    mapping_version: u32,
}

impl MenuBuilder {
    pub fn pick(mut self, collections: impl IntoIterator<Item = Collection>) -> Self {
        self.collections.extend(collections);
        self
    }

    /// Changes properties of a collection already picked.
    pub fn change(mut self, name: &str, change: impl FnOnce(&mut Collection)) -> Result<Self, MenuError> {
        let found = self.collections.iter_mut().find(|c| c.name == name);
        change(found.ok_or_else(|| MenuError::Unknown(name.to_owned()))?);
        Ok(self)
    }

    /// Changes properties of all collections picked.
    pub fn change_each(mut self, change: impl FnMut(&mut Collection)) -> Self {
        self.collections.iter_mut().for_each(change);
        self
    }

    pub fn custom_save(mut self, name: &'static str, save: CustomSave) -> Self {
        self.custom.push((name, save));
        self
    }

    pub fn mapping_version(mut self, version: u32) -> Self {
        self.mapping_version = version;
        self
    }

    pub fn build(self) -> Result<Menu, MenuError> {
        let mut by_name = HashMap::new();
        for (i, collection) in self.collections.iter().enumerate() {
            if by_name.insert(collection.name, CollectionIx(i as u16)).is_some() {
                return Err(MenuError::Twice(collection.name));
            }
            check(collection)?;
        }
        let mut targets = Vec::with_capacity(self.collections.len());
        for c in &self.collections {
            let of_links = c.links.iter().map(|link| {
                by_name.get(link.target).copied().ok_or(MenuError::LinkTarget {
                    collection: c.name,
                    link: link.name,
                    target: link.target,
                })
            });
            targets.push(of_links.collect::<Result<Vec<_>, _>>()?);
        }
        let incoming = incoming(&self.collections, &targets)?;
        let mut custom = vec![None; self.collections.len()];
        for (name, save) in self.custom {
            let ix = by_name.get(name).ok_or_else(|| MenuError::Unknown(name.to_owned()))?;
            custom[ix.index()] = Some(save);
        }
        let order = topological(&targets);
        Ok(Menu {
            collections: self.collections,
            by_name,
            targets,
            incoming,
            order,
            custom,
            mapping_version: self.mapping_version,
        })
    }
}

fn check(c: &Collection) -> Result<(), MenuError> {
    if c.columns.len() + c.links.len() > MAX_FIELDS {
        return Err(MenuError::TooWide(c.name));
    }
    if c.retention == Retention::WithOwner && c.owner.is_empty() {
        return Err(MenuError::NoOwner(c.name));
    }
    if c.skeletal && c.retention != Retention::Archive {
        return Err(MenuError::Skeletal(c.name));
    }
    let known = |what, field: &&'static str| {
        if *field == "ems_ref" || c.field(field).is_some() {
            Ok(())
        } else {
            Err(MenuError::Field { collection: c.name, what, field })
        }
    };
    c.manager_ref.iter().try_for_each(|f| known("manager_ref", f))?;
    c.nullable_ref.iter().try_for_each(|f| known("nullable_ref", f))?;
    c.owner.iter().try_for_each(|f| known("owner", f))?;
    c.asked_with.iter().try_for_each(|f| known("asked_with", f))?;
    c.secondary_refs.iter().flat_map(|s| s.parts).try_for_each(|f| known("a secondary ref", f))
}

fn incoming(collections: &[Collection], targets: &[Vec<CollectionIx>]) -> Result<Incoming, MenuError> {
    let mut incoming = vec![Vec::new(); collections.len()];
    for (i, c) in collections.iter().enumerate() {
        for (n, (link, target)) in c.links.iter().zip(&targets[i]).enumerate() {
            let by = collections[target.index()].ref_number(link.by);
            if let (Some(name), 0) = (link.by, by) {
                return Err(MenuError::LinkBy { collection: c.name, link: link.name, by: name });
            }
            incoming[target.index()].push((CollectionIx(i as u16), Field((c.columns.len() + n) as u8), by));
        }
    }
    Ok(incoming)
}

/// Depth-first, targets first; an edge that closes a cycle is ignored.
fn topological(targets: &[Vec<CollectionIx>]) -> Vec<CollectionIx> {
    fn visit(at: usize, targets: &[Vec<CollectionIx>], seen: &mut [bool], order: &mut Vec<CollectionIx>) {
        if std::mem::replace(&mut seen[at], true) {
            return;
        }
        for target in &targets[at] {
            visit(target.index(), targets, seen, order);
        }
        order.push(CollectionIx(at as u16));
    }
    let (mut seen, mut order) = (vec![false; targets.len()], Vec::with_capacity(targets.len()));
    for at in 0..targets.len() {
        visit(at, targets, &mut seen, &mut order);
    }
    order
}
