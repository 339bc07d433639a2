//! Whether what changed is asked for, and how often.

use std::time::Duration;

use stocktake_provider::{Configuration, ConnectError};

use super::read::wrong;

/// From the end of one round of questions to the beginning of the next. None where polling is not wanted.
pub(crate) fn poll_every(c: &Configuration) -> Result<Option<Duration>, ConnectError> {
    match c.setting("events") {
        Some("polling") => every(c).map(Some),
        None | Some("off") => Ok(None),
        Some(other) => Err(wrong("events", other, "use polling or off")),
    }
}

fn every(c: &Configuration) -> Result<Duration, ConnectError> {
    const USUAL: Duration = Duration::from_secs(10);
    let Some(text) = c.setting("events_poll_every") else { return Ok(USUAL) };
    let seconds = text.parse::<f64>().ok().filter(|s| (0.1..=3600.0).contains(s)).map(Duration::from_secs_f64);
    seconds.ok_or_else(|| wrong("events_poll_every", text, "give seconds, from 0.1 to 3600"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<Duration>, String> {
        let mut c = Configuration::default();
        c.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        poll_every(&c).map_err(|e| e.to_string())
    }

    #[test]
    fn polling_is_asked_for_by_name() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("events", "off"), ("events_poll_every", "never")]), Ok(None));
        assert_eq!(read(&[("events", "polling")]), Ok(Some(Duration::from_secs(10))));
        assert_eq!(read(&[("events", "polling"), ("events_poll_every", "2.5")]), Ok(Some(Duration::from_millis(2_500))));
        for wrong in ["0", "0.05", "4000", "10s", "NaN"] {
            let told = read(&[("events", "polling"), ("events_poll_every", wrong)]);
            assert!(told.is_err_and(|e| e.contains("from 0.1 to 3600")), "{wrong}");
        }
    }
}
