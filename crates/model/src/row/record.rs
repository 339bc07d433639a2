//! A row as one stretch of bytes, for those who put rows aside and take them up again in the same run. Not a format that
//! anything may keep: it changes with the program.

use super::Span;
use super::stored::{CollectionRows, Head, SecondaryKey};

/// Digest, digest of the document, hash of the identity, lengths of identity, body and document, number of secondary keys.
const FIXED: usize = 8 + 8 + 16 + 3 * 4 + 1;

impl CollectionRows {
    /// Writes the row at `at` to the end of `out`.
    pub fn write_record(&self, at: usize, out: &mut Vec<u8>) {
        let view = self.view(at);
        let head = view.head;
        let secondary = &self.secondary[head.secondary.start as usize..][..head.secondary.len as usize];
        out.extend_from_slice(&head.digest.to_le_bytes());
        out.extend_from_slice(&head.raw_digest.to_le_bytes());
        out.extend_from_slice(&head.key_hash.to_le_bytes());
        for span in [head.key, head.body, head.raw] {
            out.extend_from_slice(&span.len.to_le_bytes());
        }
        out.push(secondary.len() as u8);
        for SecondaryKey { by, key } in secondary {
            out.push(*by);
            out.extend_from_slice(&key.len.to_le_bytes());
        }
        for span in [head.key, head.body, head.raw].into_iter().chain(secondary.iter().map(|s| s.key)) {
            out.extend_from_slice(span.of(&self.bytes));
        }
    }

    /// Adds a row from what [`Self::write_record`] wrote, and nothing behind it; false when it is not that.
    #[must_use]
    pub fn push_record(&mut self, record: &[u8]) -> bool {
        self.try_push_record(record).is_some()
    }

    fn try_push_record(&mut self, record: &[u8]) -> Option<()> {
        let (mut fixed, mut rest) = record.split_at_checked(FIXED)?;
        let digest = u64::from_le_bytes(number(&mut fixed)?);
        let raw_digest = u64::from_le_bytes(number(&mut fixed)?);
        let key_hash = u128::from_le_bytes(number(&mut fixed)?);
        let mut lens = [0u32; 3];
        for len in &mut lens {
            *len = u32::from_le_bytes(number(&mut fixed)?);
        }
        let [count] = number(&mut fixed)?;
        let first = self.secondary.len();
        for _ in 0..count {
            let [by] = number(&mut rest)?;
            let key = Span { start: 0, len: u32::from_le_bytes(number(&mut rest)?) };
            self.secondary.push(SecondaryKey { by, key });
        }
        let mut at = self.append(rest).start;
        let mut next = |len: u32| {
            let span = Span { start: at, len };
            at += len;
            span
        };
        let [key, body, raw] = lens.map(&mut next);
        for secondary in &mut self.secondary[first..] {
            secondary.key = next(secondary.key.len);
        }
        let secondary = Span { start: first as u32, len: count.into() };
        self.heads.push(Head { key_hash, digest, raw_digest, key, body, raw, secondary });
        (at as usize == self.bytes.len()).then_some(())
    }

    /// Makes this the one row of a record, whatever it held.
    #[must_use]
    pub fn set_record(&mut self, record: &[u8]) -> bool {
        self.clear();
        self.push_record(record)
    }
}

fn number<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}
