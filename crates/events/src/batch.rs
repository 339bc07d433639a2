//! Caught events on their way to a handler: many in one value, so that catching costs one row however many there are.
//!
//! A JSON array of `[key, via, body]`, compressed by lz4 behind its length (four bytes, little endian). Bodies are texts, not
//! nested JSON: they come back byte by byte as they were caught.

use bytes::Bytes;
use stocktake_provider::RawEvent;

/// Told to a person who has to look at what is stored.
#[derive(Debug, thiserror::Error)]
#[error("the stored events cannot be read: {0}")]
pub struct BadBatch(String);

/// What a body that is no UTF-8 becomes is told to nobody: events are JSON, anything else is [`stocktake_provider::Poison`].
pub fn pack(events: &[RawEvent]) -> Vec<u8> {
    let plain: Vec<_> = events.iter().map(|e| (&e.key, &e.via, String::from_utf8_lossy(&e.body))).collect();
    // Three texts: nothing in them that JSON could not say.
    let text = serde_json::to_vec(&plain).unwrap_or_default();
    lz4_flex::compress_prepend_size(&text)
}

/// A batch unpacked has no more bytes: several times what a catcher puts into one, however much its JSON had to be escaped.
const MOST: usize = 64 << 20;

pub fn unpack(body: &[u8]) -> Result<Vec<RawEvent>, BadBatch> {
    // Room for what it says is made before anything is unpacked: a spoilt length must not take gigabytes.
    let says = body.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    if says > MOST {
        return Err(BadBatch(format!("it says that it has {says} bytes; more than {MOST} are not believed")));
    }
    let text = lz4_flex::decompress_size_prepended(body).map_err(|error| BadBatch(error.to_string()))?;
    let plain: Vec<(String, String, String)> = serde_json::from_slice(&text).map_err(|error| BadBatch(error.to_string()))?;
    Ok(plain.into_iter().map(|(key, via, body)| RawEvent { key, via, body: Bytes::from(body) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_back_as_they_were() {
        let event = |n: usize| RawEvent {
            key: format!("key-{n}"),
            via: "nova notifications.info".to_owned(),
            body: Bytes::from(format!(r#"{{"name":"vm \"{n}\" \u00e9","x":[1,2]}}"#)),
        };
        let events: Vec<_> = (0..500).map(event).collect();
        let packed = pack(&events);
        assert!(packed.len() < events.iter().map(|e| e.body.len()).sum::<usize>() / 2, "like events compress");
        assert_eq!(unpack(&packed).expect("the same"), events);
        assert_eq!(unpack(&pack(&[])).expect("none"), []);
        assert!(unpack(&packed[..packed.len() / 2]).is_err(), "half a batch is none");
        assert!(unpack(b"nonsense").is_err());
    }

    #[test]
    fn a_length_nobody_would_store_is_not_believed() {
        let mut packed = pack(&[]);
        packed[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = unpack(&packed).expect_err("four gigabytes").to_string();
        assert!(error.contains("4294967295 bytes"), "{error}");
    }
}
