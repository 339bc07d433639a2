//! Names with gaps: `compute.instance.power_*.end`. A star stands for anything, also for nothing and for dots; all else
//! stands for itself.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// What stands between the stars. One piece: there is no star.
    pieces: Vec<String>,
}

impl Glob {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), pieces: text.split('*').map(ToOwned::to_owned).collect() }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for one name alone.
    pub fn is_literal(&self) -> bool {
        self.pieces.len() == 1
    }

    pub fn matches(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else { return name == self.text };
        let Some(rest) = name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        // Each at its first place: whatever a later one left over, a star would take.
        let found =
            middle.iter().try_fold(rest, |rest, piece| rest.find(piece.as_str()).map(|at| &rest[at + piece.len()..]));
        found.is_some()
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let cases = [
            ("a.b", "a.b", true),
            ("a.b", "a.b.c", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a.*", "a.", true),
            ("a.*", "a", false),
            ("*.end", "x.end", true),
            ("*.end", "x.end.", false),
            ("a.power_*.end", "a.power_off.end", true),
            ("a.power_*.end", "a.power_off.start", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*b*", "abc", true),
            ("a**b", "ab", true),
            ("ä*ö", "äüö", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (glob, name, matches) in cases {
            assert_eq!(Glob::new(glob).matches(name), matches, "{glob} {name}");
        }
        assert!(Glob::new("a.b").is_literal() && !Glob::new("a.*").is_literal());
    }
}
