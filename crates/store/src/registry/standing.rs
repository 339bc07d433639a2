//! Whether a provider can be signed in to, as far as is known: states, what is found, and what a finding makes of a state.
//! Pure; knows no kind of provider, no error of an API and no database.
//!
//! Nothing that passes by itself may stop a worker that works. So only two states do: settings that are incomplete, which
//! no time mends, and a rejection that a second one confirmed. One rejection is shown at once and stops nothing: sign-in
//! services answer 401 for moments while their own database or their keys are replaced. Everything else that goes wrong
//! says nothing of the credentials; it is shown after some failures in a row, and one success takes it back.

use serde::Serialize;

/// So many rejections in a row are believed.
const CONFIRMED: i64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// Nobody has tried since they were given.
    Unknown,
    Valid,
    /// The other side does not take them.
    Invalid,
    /// Nobody answers, or only to say that it cannot.
    Unreachable,
    /// The settings do not make a connection.
    Incomplete,
    /// Somebody answers what cannot be understood.
    Error,
}

impl CredentialState {
    const ALL: [Self; 6] = [Self::Unknown, Self::Valid, Self::Invalid, Self::Unreachable, Self::Incomplete, Self::Error];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unreachable => "unreachable",
            Self::Incomplete => "incomplete",
            Self::Error => "error",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.name() == text).unwrap_or(Self::Unknown)
    }
}

/// What a try to sign in showed, in a person's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Signed in.
    Works,
    /// The credentials are not taken.
    Rejected(String),
    /// No try could be made with these settings.
    Incomplete(String),
    /// No answer, or one that says to come again later.
    NotReached(String),
    /// An answer that makes no sense.
    Broken(String),
}

/// What is known of a provider's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub state: CredentialState,
    /// What was found last, unless it was good.
    pub message: Option<String>,
    /// Findings in a row that point away from `valid`: rejections while `invalid`, failures otherwise.
    pub failures: i64,
}

impl Standing {
    /// Of credentials that were just given.
    pub const fn unknown() -> Self {
        Self { state: CredentialState::Unknown, message: None, failures: 0 }
    }

    /// What the finding makes of it. `to_unreachable` failures in a row are needed before they are called a state.
    #[must_use]
    pub fn after(&self, finding: &Finding, to_unreachable: u32) -> Self {
        use CredentialState::{Error, Incomplete, Invalid, Unreachable, Valid};
        match finding {
            Finding::Works => Self { state: Valid, message: None, failures: 0 },
            Finding::Rejected(why) => {
                let before = if self.state == Invalid { self.failures } else { 0 };
                Self::failing(Invalid, why, before + 1)
            }
            Finding::Incomplete(why) => Self::failing(Incomplete, why, 1),
            Finding::NotReached(why) => self.failed(Unreachable, why, to_unreachable),
            Finding::Broken(why) => self.failed(Error, why, to_unreachable),
        }
    }

    /// A failure that says nothing of the credentials.
    fn failed(&self, becomes: CredentialState, why: &str, enough: u32) -> Self {
        use CredentialState::{Incomplete, Invalid, Unknown};
        let (state, failures) = match self.state {
            // What was rejected is not made good by nobody answering.
            Invalid => return self.clone(),
            // Somebody could be asked, so the settings do make a connection.
            Incomplete => (Unknown, 1),
            state => (state, self.failures + 1),
        };
        Self::failing(if failures >= i64::from(enough) { becomes } else { state }, why, failures)
    }

    fn failing(state: CredentialState, why: &str, failures: i64) -> Self {
        Self { state, message: Some(why.to_owned()), failures }
    }

    /// Whether it is no use to go on: the same is found until a person changes something.
    pub fn stops_workers(&self) -> bool {
        match self.state {
            CredentialState::Incomplete => true,
            CredentialState::Invalid => self.failures >= CONFIRMED,
            _ => false,
        }
    }

    /// Whether one more try soon would settle whether workers must stop.
    pub fn wants_confirmation(&self) -> bool {
        self.state == CredentialState::Invalid && !self.stops_workers()
    }
}

#[cfg(test)]
mod tests {
    use CredentialState::{Error, Incomplete, Invalid, Unknown, Unreachable, Valid};

    use super::*;

    /// W works, R rejected, I incomplete, N not reached, B broken.
    fn finding(letter: char) -> Finding {
        let why = letter.to_string();
        match letter {
            'W' => Finding::Works,
            'R' => Finding::Rejected(why),
            'I' => Finding::Incomplete(why),
            'N' => Finding::NotReached(why),
            _ => Finding::Broken(why),
        }
    }

    fn after(findings: &str) -> Standing {
        findings.chars().fold(Standing::unknown(), |standing, letter| standing.after(&finding(letter), 3))
    }

    #[test]
    fn every_way_through_the_states() {
        for (findings, state, failures, stops) in [
            ("", Unknown, 0, false),
            ("W", Valid, 0, false),
            // A rejection is shown at once and believed when it comes again.
            ("R", Invalid, 1, false),
            ("WR", Invalid, 1, false),
            ("WRR", Invalid, 2, true),
            ("WRRR", Invalid, 3, true),
            ("WRW", Valid, 0, false),
            ("WRWR", Invalid, 1, false),
            ("WRRW", Valid, 0, false),
            // Nobody answering neither confirms nor takes back a rejection.
            ("WRN", Invalid, 1, false),
            ("WRNNNN", Invalid, 1, false),
            ("WRNB", Invalid, 1, false),
            ("WRNR", Invalid, 2, true),
            ("WRRNNN", Invalid, 2, true),
            // Failures before it do not count as rejections.
            ("WNNR", Invalid, 1, false),
            ("WNNNNR", Invalid, 1, false),
            // A network is given time, and one success is enough.
            ("WN", Valid, 1, false),
            ("WNN", Valid, 2, false),
            ("WNNN", Unreachable, 3, false),
            ("WNNNNNNNNN", Unreachable, 9, false),
            ("WNNWNN", Valid, 2, false),
            ("WNNNW", Valid, 0, false),
            ("NN", Unknown, 2, false),
            ("NNN", Unreachable, 3, false),
            ("WBB", Valid, 2, false),
            ("WBBB", Error, 3, false),
            ("WNNB", Error, 3, false),
            ("WBBBN", Unreachable, 4, false),
            // No time mends settings; that somebody can be asked shows that they were mended.
            ("I", Incomplete, 1, true),
            ("WI", Incomplete, 1, true),
            ("WII", Incomplete, 1, true),
            ("IN", Unknown, 1, false),
            ("INNN", Unreachable, 3, false),
            ("IR", Invalid, 1, false),
            ("IW", Valid, 0, false),
            ("RI", Incomplete, 1, true),
            ("RRI", Incomplete, 1, true),
        ] {
            let standing = after(findings);
            let found = (standing.state, standing.failures, standing.stops_workers());
            assert_eq!(found, (state, failures, stops), "after '{findings}'");
            assert_eq!(standing.wants_confirmation(), state == Invalid && failures == 1, "after '{findings}'");
        }
    }

    /// Whatever happened before: a failure that is not about credentials or settings stops nobody who worked.
    #[test]
    fn what_passes_by_itself_never_stops_a_worker() {
        let letters = ['W', 'R', 'I', 'N', 'B'];
        for n in 0..letters.len().pow(5) {
            let findings: String = (0..5).map(|at| letters[n / letters.len().pow(at) % letters.len()]).collect();
            let before = after(&findings);
            for passing in ['N', 'B'] {
                let then = before.after(&finding(passing), 1);
                assert!(before.stops_workers() || !then.stops_workers(), "'{findings}', then {passing}");
            }
            assert!(!before.after(&Finding::Works, 1).stops_workers());
        }
    }

    #[test]
    fn the_last_trouble_is_told_and_forgotten_when_it_works() {
        assert_eq!(after("WNB").message.as_deref(), Some("B"));
        assert_eq!(after("WRN").message.as_deref(), Some("R"));
        assert_eq!(after("WNBW").message, None);
        assert!(CredentialState::ALL.into_iter().all(|state| CredentialState::parse(state.name()) == state));
    }
}
