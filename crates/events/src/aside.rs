//! What cannot be read is kept for people to look at, whoever finds it: as much as they need, in what databases can hold.

/// Of what cannot be read, so much is kept: enough for a person, whatever is sent to us.
const MOST: usize = 64 << 10;

pub(crate) fn cut(body: &[u8]) -> Vec<u8> {
    body[..body.len().min(MOST)].to_vec()
}

/// PostgreSQL's texts hold no NUL, and one must not keep all else from being stored.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
