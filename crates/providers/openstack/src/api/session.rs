//! Who we are once signed in, and what the token said of it.

use std::time::SystemTime;

use stocktake_provider::Secret;

use super::catalogue::Catalogue;

/// A token and what it stands for. Its `Debug` shows no token.
#[derive(Debug)]
pub struct Session {
    pub user_id: String,
    pub user_name: String,
    /// The project the token is scoped to; none for domain and system scope and for unscoped tokens.
    pub project_id: Option<String>,
    pub project_name: Option<String>,
    /// The domain the token is scoped to.
    pub domain_id: Option<String>,
    /// Scoped to the system: sees all projects with a reader role.
    pub system: bool,
    /// Names of the roles held in that scope.
    pub roles: Vec<String>,
    pub catalogue: Catalogue,
    pub(super) token: Secret,
    pub(super) expires: Option<SystemTime>,
}

impl Session {
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|r| r.eq_ignore_ascii_case(name))
    }

    /// `project admin`, `system`, `domain default`, `no scope`.
    pub fn scope(&self) -> String {
        match (&self.project_name, &self.project_id, &self.domain_id) {
            _ if self.system => "system".to_owned(),
            (Some(name), ..) => format!("project {name}"),
            (None, Some(id), _) => format!("project {id}"),
            (None, None, Some(id)) => format!("domain {id}"),
            (None, None, None) => "no scope".to_owned(),
        }
    }
}
