//! States of jobs as words of the command line, and their colours.

use clap::ValueEnum;
use stocktake_queue::State;

use crate::output::paint::Tone;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Wanted {
    Waiting,
    Running,
    Retrying,
    Parked,
    Done,
    Cancelled,
    /// waiting, running, retrying and parked
    Open,
}

impl Wanted {
    pub(super) fn states(self) -> Vec<State> {
        match self {
            Self::Waiting => vec![State::Waiting],
            Self::Running => vec![State::Running],
            Self::Retrying => vec![State::Retrying],
            Self::Parked => vec![State::Parked],
            Self::Done => vec![State::Done],
            Self::Cancelled => vec![State::Cancelled],
            Self::Open => vec![State::Waiting, State::Running, State::Retrying, State::Parked],
        }
    }
}

pub(super) fn tone(state: State) -> Tone {
    match state {
        State::Waiting => Tone::Plain,
        State::Running | State::Done => Tone::Good,
        State::Retrying => Tone::Warn,
        State::Parked => Tone::Bad,
        State::Cancelled => Tone::Faint,
    }
}
