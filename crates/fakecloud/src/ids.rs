//! Identity: every object is a `(Kind, index)` pair, and its uuid *is* that pair, enciphered under the seed.
//!
//! So a marker or a show request finds its row by arithmetic, without a table of ids. Knows nothing of HTTP, of rows or
//! of what changed. If the cipher changes, every id of every seed changes with it, and frozen test data no longer match.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One id space. Several kinds may share one listing (all the `Port*` kinds are `/ports`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    Server = 1,
    Flavor,
    Hypervisor,
    ComputeService,
    Aggregate,
    ServerGroup,
    Keypair,
    Network,
    Subnet,
    /// The first (usually only) port of a server; same index as the server.
    PortServer,
    /// The second port some servers have.
    PortExtra,
    PortRouter,
    PortGateway,
    PortDhcp,
    /// Neutron's own port behind a floating ip.
    PortFloating,
    Router,
    /// A floating ip that belongs to a server; same index as the server.
    FloatingServer,
    FloatingFree,
    SecurityGroup,
    SecurityRule,
    Agent,
    Image,
    /// The data volume of a server; same index as the server.
    VolumeData,
    /// The root disk of a server that boots from a volume; same index as the server.
    VolumeRoot,
    VolumeFree,
    Snapshot,
    Backup,
    VolumeType,
    AttachmentData,
    AttachmentRoot,
    Project,
    User,
    Service,
    Endpoint,
    Role,
    Stack,
    StackNested,
}

const KINDS: [Kind; 37] = [
    Kind::Server,
    Kind::Flavor,
    Kind::Hypervisor,
    Kind::ComputeService,
    Kind::Aggregate,
    Kind::ServerGroup,
    Kind::Keypair,
    Kind::Network,
    Kind::Subnet,
    Kind::PortServer,
    Kind::PortExtra,
    Kind::PortRouter,
    Kind::PortGateway,
    Kind::PortDhcp,
    Kind::PortFloating,
    Kind::Router,
    Kind::FloatingServer,
    Kind::FloatingFree,
    Kind::SecurityGroup,
    Kind::SecurityRule,
    Kind::Agent,
    Kind::Image,
    Kind::VolumeData,
    Kind::VolumeRoot,
    Kind::VolumeFree,
    Kind::Snapshot,
    Kind::Backup,
    Kind::VolumeType,
    Kind::AttachmentData,
    Kind::AttachmentRoot,
    Kind::Project,
    Kind::User,
    Kind::Service,
    Kind::Endpoint,
    Kind::Role,
    Kind::Stack,
    Kind::StackNested,
];

/// Where an object lives: its kind and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub kind: Kind,
    pub index: u32,
}

impl Place {
    pub(crate) fn new(kind: Kind, index: u32) -> Self {
        Self { kind, index }
    }
}

/// An uuid. `Display` writes it with dashes, [`Id::hex`] without (keystone's habit).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Id(u128);

impl Id {
    /// The 36 characters with dashes.
    pub(crate) fn dashed(self) -> [u8; 36] {
        let hex = self.hex();
        let mut out = [b'-'; 36];
        for (from, to) in [(0..8, 0), (8..12, 9), (12..16, 14), (16..20, 19), (20..32, 24)] {
            let len = from.len();
            out[to..to + len].copy_from_slice(&hex[from]);
        }
        out
    }

    /// The 32 characters without dashes.
    pub(crate) fn hex(self) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; 32];
        for (byte, pair) in self.0.to_be_bytes().iter().zip(out.as_chunks_mut::<2>().0) {
            *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        }
        out
    }

    fn parse(text: &str) -> Option<Self> {
        let mut value = 0_u128;
        let mut digits = 0;
        for c in text.chars() {
            if c == '-' {
                continue;
            }
            value = (value << 4) | u128::from(c.to_digit(16)?);
            digits += 1;
        }
        (digits == 32).then_some(Self(value))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.dashed()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 64 bit hash of a few numbers: the only source of chance in a simulated cloud.
pub(crate) fn mix(seed: u64, place: Place, salt: u64) -> u64 {
    let start = seed ^ (u64::from(place.index) | (place.kind as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    scramble(start ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93))
}

fn scramble(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

// Of the 128 bits, 4 say "version 4" and 2 "variant 1"; 62 are a hash of the place and 60 the place itself, masked by a
// hash of those 62. Of the 60, 20 are zero before masking, which (with the hash) tells a foreign uuid from one of ours.
const LOW_MASK: u64 = (1 << 62) - 1;
const HIGH_MASK: u64 = (1 << 60) - 1;
const ID_SALT: u64 = 0x1d;

/// The uuid of a place under a seed.
pub(crate) fn id_of(seed: u64, place: Place) -> Id {
    let low = mix(seed, place, ID_SALT) & LOW_MASK;
    let plain = (place.kind as u64) << 32 | u64::from(place.index);
    let high = (plain ^ scramble(low ^ seed)) & HIGH_MASK;
    let head = (high >> 12) << 16 | 0x4000 | (high & 0xfff);
    Id(u128::from(head) << 64 | u128::from(low | 1 << 63))
}

/// The place an uuid (dashed or not) stands for, or `None` when this cloud never gave it out.
pub(crate) fn place_of(seed: u64, text: &str) -> Option<Place> {
    let Id(value) = Id::parse(text)?;
    let (head, low) = ((value >> 64) as u64, value as u64 & LOW_MASK);
    let high = (head >> 16) << 12 | (head & 0xfff);
    let plain = (high ^ scramble(low ^ seed)) & HIGH_MASK;
    let kind = *KINDS.get(usize::try_from(plain >> 32).ok()?.checked_sub(1)?)?;
    let place = Place::new(kind, plain as u32);
    (id_of(seed, place).0 == value).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_leads_back_to_its_place() {
        for kind in KINDS {
            for index in [0, 1, 77, 49_999, u32::MAX] {
                let place = Place::new(kind, index);
                let text = id_of(42, place).to_string();
                assert_eq!(place_of(42, &text), Some(place));
                assert_eq!(place_of(42, &text.replace('-', "")), Some(place));
                assert_eq!(place_of(43, &text), None, "another seed must not know this id");
            }
        }
    }

    #[test]
    fn foreign_ids_are_unknown() {
        for text in ["", "x", "00000000-0000-0000-0000-000000000000", "é".repeat(32).as_str()] {
            assert_eq!(place_of(1, text), None);
        }
    }
}
