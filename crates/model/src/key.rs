//! Identities: typed tuples with one text form.
//!
//! The text form is injective, so it can be a database key: parts are joined by `/`; inside a text part `~` is written
//! `~0` and `/` is `~1`; an empty text is `~e`, a null `~n`, an integer `~i` and its digits, a boolean `~t` or `~f`. A
//! link inside a key is the text form of the linked row's identity, escaped as a text part; one by a secondary ref stays
//! open until that row is known (`open`). The integer 1 and the text
//! "1", or ("a/b", "c") and ("a", "b/c"), therefore differ.

mod open;

use std::fmt::Write as _;

pub use open::{Find, Missing};

/// A key under construction. `Key::text("42")` is the common case: one id given by the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    encoded: String,
    parts: u8,
    blank: bool,
    /// Which parts are null, one bit each.
    nulls: u64,
    /// Parts that are not known yet, in their order; boxed, since keys are moved often and seldom have any.
    #[expect(clippy::box_collection, reason = "a word instead of three")]
    open: Option<Box<Vec<open::Open>>>,
}

impl Key {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn text(value: &str) -> Self {
        Self::new().and_text(value)
    }

    pub fn int(value: i64) -> Self {
        Self::new().and_int(value)
    }

    pub fn and_text(mut self, value: &str) -> Self {
        self.separate();
        self.blank |= value.is_empty();
        push_text(&mut self.encoded, value);
        self
    }

    pub fn and_int(mut self, value: i64) -> Self {
        self.separate();
        let _ = write!(self.encoded, "~i{value}");
        self
    }

    pub fn and_bool(mut self, value: bool) -> Self {
        self.separate();
        self.encoded.push_str(if value { "~t" } else { "~f" });
        self
    }

    pub fn and_null(mut self) -> Self {
        self.nulls |= 1u64.checked_shl(u32::from(self.parts)).unwrap_or(0);
        self.separate();
        self.encoded.push_str("~n");
        self
    }

    pub fn and_opt_text(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.and_text(value),
            None => self.and_null(),
        }
    }

    /// A link inside the key: the primary identity of the linked row.
    pub fn and_link(mut self, target: &Key) -> Self {
        self.separate();
        self.blank |= target.is_blank();
        if target.is_open() {
            self.leave_open(None, target.clone());
        } else {
            push_text(&mut self.encoded, &target.encoded);
        }
        self
    }

    /// A key whose text form is known, e.g. read from the database.
    pub fn from_encoded(encoded: &str) -> Self {
        let blank = encoded.is_empty() || encoded == "~e";
        Self { encoded: encoded.to_owned(), parts: 1, blank, ..Self::default() }
    }

    /// Whether the part at `at`, counted from 0, is null.
    pub fn is_null(&self, at: usize) -> bool {
        self.nulls.checked_shr(at as u32).is_some_and(|nulls| nulls & 1 == 1)
    }

    /// The text form; of an open key, without what is not known yet.
    pub fn as_str(&self) -> &str {
        &self.encoded
    }

    /// True when there is no part, or a text part is empty: such a key identifies nothing.
    pub fn is_blank(&self) -> bool {
        self.blank || self.parts == 0
    }

    fn separate(&mut self) {
        // Room for two ids and a word: one allocation is cheaper than doubling.
        if self.parts == 0 {
            self.encoded.reserve(96);
        } else {
            self.encoded.push('/');
        }
        self.parts += 1;
    }
}

impl From<&str> for Key {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<&String> for Key {
    fn from(value: &String) -> Self {
        Self::text(value)
    }
}

fn push_text(out: &mut String, value: &str) {
    if value.is_empty() {
        out.push_str("~e");
    } else if needs_escape(value) {
        for c in value.chars() {
            match c {
                '~' => out.push_str("~0"),
                '/' => out.push_str("~1"),
                // PostgreSQL's text cannot hold it.
                '\0' => out.push_str("~z"),
                c => out.push(c),
            }
        }
    } else {
        out.push_str(value);
    }
}

/// The parts a text form is made of, where all are texts (or links) and nulls; none where one is a number or a flag.
pub fn texts(encoded: &str) -> Option<Vec<Option<String>>> {
    let part = |part: &str| match part {
        "~n" => Some(None),
        "~e" => Some(Some(String::new())),
        "~t" | "~f" => None,
        number if number.starts_with("~i") => None,
        text => Some(Some(text.replace("~1", "/").replace("~z", "\0").replace("~0", "~"))),
    };
    encoded.split('/').map(part).collect()
}

/// Looks at every byte instead of stopping early: that is several at a time.
fn needs_escape(value: &str) -> bool {
    value.bytes().fold(false, |found, b| found | matches!(b, b'~' | b'/' | 0))
}

/// Hash of an identity's text form; 128 bits, so that two of a billion keys meet with a chance below 10⁻²⁰.
pub fn hash(seed: u64, key: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128_with_seed(key.as_bytes(), seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_injective() {
        let keys = [
            Key::text("a/b").and_text("c"),
            Key::text("a").and_text("b/c"),
            Key::text("a").and_text("b").and_text("c"),
            Key::text("a~1b").and_text("c"),
            Key::text("1"),
            Key::int(1),
            Key::text("~i1"),
            Key::new().and_null(),
            Key::text(""),
            Key::text("n"),
            Key::new().and_bool(true),
            Key::text("x").and_link(&Key::text("a").and_text("b")),
            Key::text("x").and_text("a").and_text("b"),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().map(Key::as_str).collect();
        assert_eq!(distinct.len(), keys.len(), "{distinct:?}");
    }

    #[test]
    fn texts_come_back_out_of_a_key() {
        let linked = Key::text("a/b").and_null();
        let key = Key::text("x~1/y").and_null().and_text("").and_link(&linked);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts(key.as_str()), Some(vec![some("x~1/y"), None, some(""), some(linked.as_str())]));
        assert_eq!(texts(Key::text("x").and_int(1).as_str()), None);
    }

    #[test]
    fn blank_keys_are_known() {
        assert!(Key::new().is_blank());
        assert!(Key::text("").is_blank());
        assert!(Key::text("vm").and_text("").is_blank());
        assert!(Key::text("x").and_link(&Key::text("")).is_blank());
        assert!(!Key::text("vm").and_null().is_blank());
    }
}
