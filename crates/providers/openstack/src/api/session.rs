//! Who we are once signed in, and what the token said of it.

use stocktake_provider::Secret;
use tokio::time::Instant;

use super::catalogue::Catalogue;
use super::keystone::Grant;

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
    /// Scoped to the system, for which not every service has a role but admin.
    pub system: bool,
    /// Names of the roles held in that scope.
    pub roles: Vec<String>,
    pub catalogue: Catalogue,
    pub(super) token: Secret,
    /// From then on a new token is got before asking further.
    pub(super) stale_from: Option<Instant>,
    /// Counts the sign-ins, to tell one token from the next.
    pub(super) serial: u64,
}

impl Session {
    pub(super) fn new(grant: Grant, token: Secret, serial: u64) -> Self {
        let stale_from = grant.good_for().map(|d| Instant::now() + d);
        let (project_id, project_name) = grant.project.map(|p| (p.id, p.name)).unzip();
        Self {
            user_id: grant.user.id,
            user_name: grant.user.name,
            project_id,
            project_name,
            domain_id: grant.domain.map(|d| d.id),
            system: grant.system.is_some(),
            roles: grant.roles.into_iter().map(|r| r.name).collect(),
            catalogue: grant.catalog,
            token,
            stale_from,
            serial,
        }
    }

    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|r| r.eq_ignore_ascii_case(name))
    }

    /// Whether a role of an earlier sign-in is missing, or the scope is another.
    pub(super) fn sees_less_than(&self, earlier: &Self) -> bool {
        let scope = |s: &Self| (s.project_id.clone(), s.domain_id.clone(), s.system);
        scope(self) != scope(earlier) || earlier.roles.iter().any(|role| !self.has_role(role))
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

    pub(super) fn is_stale(&self) -> bool {
        self.stale_from.is_some_and(|from| Instant::now() >= from)
    }
}
