//! A database's address. It may carry a password, so it is shown without.

use std::fmt;

use super::Value;
use crate::plain::Plain;

/// Empty: none was given.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Address(String);

impl Address {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// With its password, for connecting.
    pub fn expose(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }

    /// The parts of the address that are a password: behind the user's name, or `password=` in the query.
    fn passwords(&self) -> Vec<std::ops::Range<usize>> {
        let Some(scheme) = self.0.find("://").map(|at| at + 3) else { return Vec::new() };
        // Rather too much than too little: a password may hold '/' and '@', which should have been escaped.
        let end = self.0[scheme..].find('?').map_or(self.0.len(), |at| scheme + at);
        let mut found = Vec::new();
        if let Some(at) = self.0[scheme..end].rfind('@').map(|at| scheme + at)
            && let Some(colon) = self.0[scheme..at].find(':').map(|colon| scheme + colon + 1)
            && colon < at
        {
            found.push(colon..at);
        }
        let mut from = (end + 1).min(self.0.len());
        for pair in self.0[from..].split('&') {
            if let Some(password) = pair.strip_prefix("password=").filter(|p| !p.is_empty()) {
                found.push(from + pair.len() - password.len()..from + pair.len());
            }
            from += pair.len() + 1;
        }
        found
    }

    pub fn has_password(&self) -> bool {
        !self.passwords().is_empty()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for range in self.passwords() {
            write!(f, "{}…", &self.0[from..range.start])?;
            from = range.end;
        }
        f.write_str(&self.0[from..])
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

impl Value for Address {
    const FORM: &'static str = "sqlite:PATH or postgres://user@host/name";

    fn read(plain: &Plain) -> Result<Self, String> {
        match plain {
            Plain::Text(text) => Ok(Self(text.trim().to_owned())),
            other => Err(format!("it is {}; write {}", other.kind(), Self::FORM)),
        }
    }

    fn shown(&self) -> Plain {
        super::shown(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_seen_and_not_shown() {
        for (url, shown) in [
            ("postgres://u:hidden@db/x", "postgres://u:…@db/x"),
            ("postgresql://u:hi@d/den@db", "postgresql://u:…@db"),
            ("postgres://db/x?sslmode=require&password=hidden", "postgres://db/x?sslmode=require&password=…"),
            ("postgres://u:hidden@db/x?password=hidden&a=b", "postgres://u:…@db/x?password=…&a=b"),
        ] {
            let address = Address::new(url);
            assert!(address.has_password(), "{url}");
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?} {}", address.shown()).contains("den"), "{url}");
            assert_eq!(address.expose(), Some(url));
        }
        for url in [
            "postgres://u@db:5432/x",
            "postgres://u:@db/x",
            "postgres:///x?host=/run",
            "sqlite:a:b@c.db",
            "inventory.db",
            "",
        ] {
            let address = Address::new(url);
            assert!(!address.has_password(), "{url}");
            assert_eq!(address.to_string(), url);
        }
    }
}
