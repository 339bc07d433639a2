//! How often what changed is asked for.

use std::time::Duration;

use stocktake_provider::{Configuration, ConnectError};

use super::read::wrong;

/// From the end of one round of questions to the beginning of the next.
pub(super) fn every(c: &Configuration) -> Result<Duration, ConnectError> {
    const USUAL: Duration = Duration::from_secs(10);
    let Some(text) = c.setting("events_poll_every") else { return Ok(USUAL) };
    let seconds = text.parse::<f64>().ok().filter(|s| (0.1..=3600.0).contains(s)).map(Duration::from_secs_f64);
    seconds.ok_or_else(|| wrong("events_poll_every", text, "give seconds, from 0.1 to 3600"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(setting: Option<&str>) -> Result<Duration, String> {
        let mut c = Configuration::default();
        c.settings.extend(setting.map(|value| ("events_poll_every".to_owned(), value.to_owned())));
        every(&c).map_err(|e| e.to_string())
    }

    #[test]
    fn rounds_are_neither_endless_nor_without_a_pause() {
        assert_eq!(read(None), Ok(Duration::from_secs(10)));
        assert_eq!(read(Some("2.5")), Ok(Duration::from_millis(2_500)));
        for wrong in ["0", "0.05", "4000", "10s", "NaN"] {
            assert!(read(Some(wrong)).is_err_and(|e| e.contains("from 0.1 to 3600")), "{wrong}");
        }
    }
}
