//! How far the credential sees, and whether that is all there is to see.
//!
//! Several services show the own project's without a word to those who may not see more. Taken for everything, that
//! would delete every other project's rows the day a role is taken away. So "own project" counts as everything only
//! where a person said so, with the setting `projects`.

use stocktake_model::Listed;
use stocktake_provider::{Configuration, ConnectError};

use crate::api::Session;

use super::listings::Everybody;

/// What the provider stands for, as a person set it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Projects {
    /// All projects, if the credential has the role; otherwise nothing is known of the others.
    #[default]
    Auto,
    /// All projects; the credential's roles see them, whatever they are called.
    All,
    /// The credential's own project and nothing else.
    Own,
}

impl Projects {
    pub(crate) fn read(configuration: &Configuration) -> Result<Self, ConnectError> {
        match configuration.setting("projects") {
            None | Some("auto") => Ok(Self::Auto),
            Some("all") => Ok(Self::All),
            Some("own") => Ok(Self::Own),
            Some(other) => {
                Err(ConnectError { field: "projects".to_owned(), message: format!("it is auto, all or own, not '{other}'") })
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Reach {
    projects: Projects,
    /// By its roles the credential sees every project.
    privileged: bool,
    pub(crate) user: String,
    pub(crate) scope: String,
    project: Option<String>,
}

impl Reach {
    pub(crate) fn of(session: &Session, projects: Projects) -> Self {
        Self {
            projects,
            privileged: projects == Projects::All || session.system || session.has_role("admin"),
            user: session.user_id.clone(),
            scope: session.scope(),
            project: session.project_id.clone(),
        }
    }

    /// Whether to ask for every project's.
    pub(crate) fn asks_for_all(&self) -> bool {
        self.projects != Projects::Own
    }

    /// Whether those who run the cloud are asked as well.
    pub(crate) fn asks_operators(&self) -> bool {
        self.projects != Projects::Own
    }

    pub(crate) fn is_privileged(&self) -> bool {
        self.privileged
    }

    /// Projects whose quotas the credential may read.
    pub(crate) fn readable(&self, projects: Vec<String>) -> Vec<String> {
        if self.privileged && self.asks_for_all() { projects } else { self.project.clone().into_iter().collect() }
    }

    /// Whether a 404 means that there is no such thing, rather than that it is somebody else's.
    pub(crate) fn sees_what_it_should(&self) -> bool {
        self.privileged || self.projects == Projects::Own
    }

    /// How far a listing saw that was read to its end: in words, and whether that is everything.
    ///
    /// `refused`: every project's were asked for and refused.
    pub(crate) fn of_listing(&self, everybody: Everybody, refused: bool) -> (Option<String>, Listed) {
        let sees_all = match everybody {
            Everybody::Same => return (None, Listed::Complete),
            Everybody::User => return (Some("own user's only".to_owned()), Listed::Complete),
            Everybody::Asked(_) => self.asks_for_all() && !refused,
            Everybody::Silent(_) | Everybody::Operators => self.asks_for_all() && self.privileged && !refused,
        };
        match (sees_all, self.projects) {
            (true, _) => (Some("all projects".to_owned()), Listed::Complete),
            (false, Projects::Own) => (Some("own project, as set".to_owned()), Listed::Complete),
            (false, _) => {
                let scope = &self.scope;
                let error = format!(
                    "only what {scope} sees; for every project it needs the role admin or system reader, and if this is \
                     all there is to see, set projects=own"
                );
                (Some("own project only".to_owned()), Listed::Partial { errors: vec![error] })
            }
        }
    }
}
