//! What systemd is told of this server, where systemd started it: that it is ready, that its loop turns, how it does.
//!
//! The watchdog is fed by the loop itself and by nothing beside it: whatever stops the loop stops the feeding.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

#[derive(Debug)]
pub(crate) struct Notify {
    /// How often it wants to hear that the loop turns: twice in the time it waits.
    every: Option<Duration>,
    fed: Option<Instant>,
    ready: bool,
    said: String,
}

impl Notify {
    pub(crate) fn new() -> Self {
        Self { every: sd_notify::watchdog_enabled().map(|limit| limit / 2), fed: None, ready: false, said: String::new() }
    }

    /// The loop came round.
    pub(crate) fn turned(&mut self) {
        if let Some(every) = self.every
            && self.fed.is_none_or(|fed| fed.elapsed() >= every)
        {
            tell(&[NotifyState::Watchdog]);
            self.fed = Some(Instant::now());
        }
    }

    /// It does its work. Said once.
    pub(crate) fn ready(&mut self) {
        if !self.ready {
            tell(&[NotifyState::Ready]);
            self.ready = true;
        }
    }

    pub(crate) fn stops(&mut self) {
        self.status("stopping: workers drain".to_owned());
        tell(&[NotifyState::Stopping]);
    }

    /// One line for `systemctl status`. Said when it is another.
    pub(crate) fn status(&mut self, status: String) {
        if status != self.said {
            tell(&[NotifyState::Status(&status)]);
            self.said = status;
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell, and that is no error.
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd was not told");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stocktake_settings::Settings;

    use crate::health;

    /// What the unit file says in seconds.
    fn said(name: &str) -> Duration {
        let unit = include_str!("../../../dist/systemd/stocktake.service");
        let value = unit.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).expect("it is set");
        Duration::from_secs(value.parse().expect("seconds"))
    }

    #[test]
    fn the_unit_waits_longer_than_the_server() {
        assert!(said("TimeoutStopSec") > Settings::default().server.drain_timeout);
        assert!(said("WatchdogSec") > health::limit());
    }
}
