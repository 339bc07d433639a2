//! Where something listens, or that it does not.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::{Value, text};
use crate::plain::Plain;

/// None: off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

impl Listen {
    /// For this host alone.
    pub fn local(port: u16) -> Self {
        Self(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("off"),
        }
    }
}

impl Value for Listen {
    const FORM: &'static str = "an address with a port (127.0.0.1:9440, [::]:9440), or off";

    fn read(plain: &Plain) -> Result<Self, String> {
        match text(plain, Self::FORM)? {
            "off" => Ok(Self(None)),
            text => text.parse().map(|address| Self(Some(address))).map_err(|_| format!("'{text}' is not {}", Self::FORM)),
        }
    }

    fn shown(&self) -> Plain {
        super::shown(self)
    }
}
