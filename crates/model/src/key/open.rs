//! Keys with a part that only another row knows: a link by a secondary ref inside a key stands for the *identity* of the
//! row that has that ref, which whoever writes the key does not know.

use super::{Key, push_text};
use crate::menu::CollectionIx;

/// Tells the identity (text form) of the row of a collection that answers to a key by a secondary ref, if one is known.
pub type Find<'f> = dyn FnMut(CollectionIx, u8, &str) -> Option<String> + 'f;

/// What could not be found: the row of `target` that answers to `key` (text form) by its ref `by`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub target: CollectionIx,
    pub by: u8,
    pub key: String,
}

/// A part that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Open {
    /// Which part it is, counted from 0.
    part: u8,
    /// Where its text belongs in the text form.
    at: u32,
    /// The collection and ref by which `key` finds the row; none when `key` is the row's identity and itself open.
    through: Option<(CollectionIx, u8)>,
    key: Key,
}

impl Key {
    /// A link inside the key by a secondary ref of its target: the part becomes the identity of the row of `target` that
    /// has `key` by its ref `by` (counted from 1), once that row is known.
    pub fn and_link_by(mut self, target: CollectionIx, by: u8, key: impl Into<Self>) -> Self {
        let key = key.into();
        if by == 0 {
            return self.and_link(&key);
        }
        self.separate();
        self.blank |= key.is_blank();
        self.leave_open(Some((target, by)), key);
        self
    }

    /// Whether a part is not known yet.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn leave_open(&mut self, through: Option<(CollectionIx, u8)>, key: Self) {
        self.open.get_or_insert_default().push(Open { part: self.parts - 1, at: self.encoded.len() as u32, through, key });
    }

    /// The key with its open parts filled in, or the first of them that is unknown.
    pub fn settle(&self, find: &mut Find<'_>) -> Result<Self, Missing> {
        self.fill(|open| open.identity(find))
    }

    /// The parts that are open and unknown, by their numbers counted from 0.
    pub fn unknown_parts(&self, find: &mut Find<'_>) -> Vec<(u8, Missing)> {
        self.open
            .iter()
            .flat_map(|open| open.iter())
            .filter_map(|open| open.identity(find).err().map(|missing| (open.part, missing)))
            .collect()
    }

    /// What people are shown of an open key: its parts as far as they are known, refs in the place of the others.
    pub fn shown(&self) -> String {
        self.fill(|open| Ok(open.key.shown())).map_or_else(|_| self.encoded.clone(), |shown| shown.encoded)
    }

    fn fill(&self, mut text: impl FnMut(&Open) -> Result<String, Missing>) -> Result<Self, Missing> {
        let (mut encoded, mut from) = (String::with_capacity(self.encoded.len() + 48), 0);
        for open in self.open.iter().flat_map(|open| open.iter()) {
            let at = open.at as usize;
            encoded.push_str(&self.encoded[from..at]);
            push_text(&mut encoded, &text(open)?);
            from = at;
        }
        encoded.push_str(&self.encoded[from..]);
        Ok(Self { encoded, open: None, ..self.clone() })
    }
}

impl Open {
    fn identity(&self, find: &mut Find<'_>) -> Result<String, Missing> {
        let key = self.key.settle(find)?.encoded;
        match self.through {
            Some((target, by)) => find(target, by, &key).ok_or(Missing { target, by, key }),
            None => Ok(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETS: CollectionIx = CollectionIx(0);
    const SUBNETS: CollectionIx = CollectionIx(1);

    #[test]
    fn open_parts_are_filled_in_where_they_belong_however_deep() {
        let mut find = |of: CollectionIx, by: u8, text: &str| match (of, by, text) {
            (NETS, 1, "blue") => Some("n/1".to_owned()),
            (SUBNETS, 2, "n~11/low") => Some("s1".to_owned()),
            _ => None,
        };
        let subnet = |name| Key::new().and_link_by(NETS, 1, "blue").and_text(name);
        let key = Key::text("a").and_link_by(SUBNETS, 2, subnet("low")).and_link(&subnet("x")).and_int(3);
        assert!(key.is_open());
        let known = Key::text("a").and_text("s1").and_link(&Key::text("n/1").and_text("x")).and_int(3);
        assert_eq!(key.settle(&mut find).as_ref().map(Key::as_str), Ok(known.as_str()));
        let unknown = Key::text("a").and_link_by(SUBNETS, 2, subnet("high"));
        let missing = Missing { target: SUBNETS, by: 2, key: "n~11/high".to_owned() };
        assert_eq!(unknown.settle(&mut find), Err(missing.clone()));
        assert_eq!(unknown.unknown_parts(&mut find), [(1, missing)]);
        assert_eq!(Key::new().and_link_by(NETS, 1, "red").and_text("x").shown(), "red/x");
        assert!(Key::new().and_link_by(NETS, 1, "").is_blank());
    }
}
