//! Recorded notifications, as many as are wanted: each time round their ids are others.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use serde_json::Value;
use stocktake_provider::RawEvent;

/// As many objects of a kind there are.
const OBJECTS: usize = 1_000;

pub struct Samples {
    /// Text before and after each id, and which way it came.
    all: Vec<Sample>,
}

struct Sample {
    via: String,
    text: String,
    /// Where ids end in the text: their last digits are changed.
    ids: Vec<usize>,
    /// Where the id of the message itself ends.
    message: usize,
}

/// So many digits at the end of an id are changed.
const DIGITS: usize = 8;

impl Samples {
    pub fn recorded() -> Result<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/providers/openstack/tests/notifications");
        let mut all = Vec::new();
        for name in ["unversioned.json", "versioned.json"] {
            let path = format!("{folder}/{name}");
            let text = std::fs::read_to_string(&path).with_context(|| format!("no recorded notifications in {path}"))?;
            let recorded: Vec<Value> = serde_json::from_str(&text)?;
            all.extend(recorded.iter().map(Sample::of).collect::<Result<Vec<_>>>()?);
        }
        Ok(Self { all })
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn size(&self) -> usize {
        self.all.iter().map(|sample| sample.text.len()).sum::<usize>() / self.all.len()
    }

    /// The nth event of a cloud of a thousand objects of each kind.
    pub fn event(&self, n: usize) -> RawEvent {
        self.event_of(n, OBJECTS)
    }

    pub fn event_of(&self, n: usize, objects: usize) -> RawEvent {
        self.all[n % self.all.len()].vary(n, n % objects)
    }

    /// One about a server of its own each.
    pub fn server_event(&self, n: usize) -> RawEvent {
        let kind = r#""event_type":"compute.instance.update""#;
        let sample = self.all.iter().find(|sample| sample.text.contains(kind)).unwrap_or(&self.all[0]);
        sample.vary(n, n)
    }
}

impl Sample {
    fn of(recorded: &Value) -> Result<Self> {
        let word = |name: &str| recorded[name].as_str().unwrap_or_default();
        let notification = &recorded["notification"];
        let (text, id) = (notification.to_string(), notification["message_id"].as_str().context("a message without id")?);
        let message = text.find(id).context("an id that is not in its text")? + id.len();
        let ends = (36..=text.len()).filter(|end| text.is_char_boundary(*end) && text.is_char_boundary(end - 36));
        let ids = ends.filter(|end| is_uuid(&text[end - 36..*end])).collect();
        Ok(Self { via: format!("{} {}", word("exchange"), word("routing_key")), text, ids, message })
    }

    fn vary(&self, n: usize, object: usize) -> RawEvent {
        let mut text = self.text.clone();
        for end in &self.ids {
            let value = if *end == self.message { n } else { object };
            text.replace_range(end - DIGITS..*end, &format!("{value:08x}"));
        }
        RawEvent { key: text[self.message - 36..self.message].to_owned(), via: self.via.clone(), body: Bytes::from(text) }
    }
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
