//! Lists, objects and references, as leniently read as [`super::lenient`] reads single values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient::Text;

/// The id out of `"…"`, `{"id": "…"}` or nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct IdOf<'a>(pub(super) Text<'a>);

/// A list, or null for an empty one.
#[derive(Debug, Clone)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> List<T> {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

/// An object's entries in their order, or null for none.
#[derive(Debug, Clone)]
pub(super) struct Map<'a, T>(pub(super) Vec<(Cow<'a, str>, T)>);

impl<T> Default for Map<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Map<'_, T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for IdOf<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Id<'a> {
            type Value = IdOf<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id, or an object with one")
            }
            fn visit_unit<E: Error>(self) -> Result<IdOf<'a>, E> {
                Ok(IdOf::default())
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<IdOf<'a>, E> {
                Ok(IdOf(Text(Some(Cow::Borrowed(v)))))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<IdOf<'a>, E> {
                Ok(IdOf(Text(Some(Cow::Owned(v.to_owned())))))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IdOf<'a>, A::Error> {
                let mut id = Text::default();
                while let Some(name) = map.next_key::<Name<'de>>()? {
                    if name.0 == "id" { id = map.next_value()? } else { map.next_value::<IgnoredAny>().map(drop)? }
                }
                Ok(IdOf(id))
            }
        }
        deserializer.deserialize_any(Id(PhantomData))
    }
}

/// A name of an object's entry.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Key<'a> {
            type Value = Name<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(Key(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Items(PhantomData))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Map<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<'a, T>(PhantomData<(&'a (), T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Entries<'a, T> {
            type Value = Map<'a, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_unit<E: Error>(self) -> Result<Map<'a, T>, E> {
                Ok(Map::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map<'a, T>, A::Error> {
                let mut entries = Vec::new();
                while let Some((name, value)) = map.next_entry::<Name<'de>, T>()? {
                    entries.push((name.0, value));
                }
                Ok(Map(entries))
            }
        }
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lenient::Int;
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        sonic_rs::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn ids_come_bare_and_wrapped() {
        for json in ["\"x\"", r#"{"id": "x", "links": [{"id": "no"}]}"#] {
            assert_eq!(read::<IdOf<'_>>(json).expect("an id").0.filled(), Some("x"), "{json}");
        }
        for json in ["\"\"", "null", "{}"] {
            assert_eq!(read::<IdOf<'_>>(json).expect("no id").0.filled(), None, "{json}");
        }
    }

    #[test]
    fn null_is_an_empty_list_and_an_empty_object() {
        assert_eq!(read::<List<Int>>("null").expect("none").0, []);
        assert_eq!(read::<List<Int>>("[1, 2]").expect("two").0, [Int(Some(1)), Int(Some(2))]);
        assert!(read::<List<Int>>("{}").is_err());
        assert_eq!(read::<Map<'_, Text<'_>>>("null").expect("none").iter().count(), 0);
        let map = read::<Map<'_, Text<'_>>>(r#"{"b": "1", "a": null}"#).expect("two");
        assert_eq!(map.iter().map(|(k, v)| (k, v.get())).collect::<Vec<_>>(), [("b", Some("1")), ("a", None)]);
    }
}
