//! How the program ends: 0 ok, 1 failed, 2 wrong usage, 3 done in part. An error says what, where, and what to do.

use std::fmt;
use std::process::ExitCode;

use stocktake_events::RoutesError;
use stocktake_jobs::Unreadable;
use stocktake_rules::RulesError;
use stocktake_settings::SettingsError;
use stocktake_store::query::QueryError;

use crate::app::App;
use crate::output::Paint;
use crate::output::out::say;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Ok,
    Partial,
    Failed,
}

impl Exit {
    fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Partial => 3,
        }
    }

    /// The worse of two.
    pub(crate) fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

pub(crate) type Done = anyhow::Result<Exit>;

/// What was asked for makes no sense: the asker must change the command.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error whose fix is another command line.
pub(crate) fn misuse(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage(text.into()))
}

pub(crate) fn code(done: Done, app: &App) -> ExitCode {
    match done {
        Ok(exit) => ExitCode::from(exit.number()),
        Err(error) => {
            let paint = Paint::new(app.global.color_err());
            say(format!("{} {}", paint.bad("error:"), text(&error)));
            ExitCode::from(if is_usage(&error) { 2 } else { 1 })
        }
    }
}

/// The error with its causes; a cause that the text above it has told already is left out.
pub(crate) fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.is::<SettingsError>()
            || cause.is::<RulesError>()
            || cause.is::<Unreadable>()
            || cause.is::<RoutesError>()
            || cause.downcast_ref::<QueryError>().is_some_and(QueryError::is_usage)
    })
}

/// What clap found wrong, or was asked to print.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    // The reader may have gone away; there is nobody left to tell.
    let _ = error.print();
    ExitCode::from(code)
}
