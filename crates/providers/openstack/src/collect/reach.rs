//! How far the credential sees, and whether that is all there is to see.
//!
//! Several services show the own project's without a word to those who may not see more. Taken for everything, that
//! would delete every other project's rows the day a role is taken away. So "own project" counts as everything only
//! where a person said so, with the setting `projects`.

use stocktake_model::Listed;
use stocktake_provider::{Configuration, ConnectError};

use crate::api::{Service, Session};

use super::listings::{Everybody, Listing, Whose};
use crate::parse::decode;

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
    /// By its role the credential sees every project: `admin` in a project or the system, or what a person said. A
    /// reader of the system does not: Neutron and Glance show it nothing, without a word; an admin of a domain neither.
    privileged: bool,
    pub(crate) user: String,
    pub(crate) scope: String,
    project: Option<String>,
    system: bool,
    domain: bool,
}

impl Reach {
    pub(crate) fn of(session: &Session, projects: Projects) -> Self {
        Self {
            projects,
            privileged: projects == Projects::All || session.has_role("admin") && session.domain_id.is_none(),
            user: session.user_id.clone(),
            scope: session.scope(),
            project: session.project_id.clone(),
            system: session.system,
            domain: session.domain_id.is_some(),
        }
    }

    /// Whose records to ask for.
    pub(crate) fn asks(&self) -> Whose<'_> {
        match &self.project {
            _ if self.asks_for_all() => Whose::Everybody,
            Some(project) => Whose::Project(project),
            // Such listings are excused before.
            None => Whose::Shown,
        }
    }

    fn asks_for_all(&self) -> bool {
        self.projects != Projects::Own
    }

    /// Why the own project's cannot be asked for.
    pub(crate) fn without_project(&self) -> Option<String> {
        let none = !self.asks_for_all() && self.project.is_none();
        none.then(|| format!("projects=own is set, but the sign-in is to {}; sign in to a project", self.scope))
    }

    /// Whether a record is one that a run for the own project must not take.
    pub(crate) fn is_anothers(&self, listing: &Listing, record: &str) -> bool {
        let Whose::Project(own) = self.asks() else { return false };
        decode::text_at(record, listing.owner_at()).is_some_and(|owner| owner != own)
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
    pub(crate) fn of_listing(&self, listing: &Listing, refused: bool) -> (Option<String>, Listed) {
        let privileged = self.privileged;
        let sees_all = match listing.everybody {
            Everybody::Same => return (None, Listed::Complete),
            Everybody::User => return (Some("own user's only".to_owned()), Listed::Complete),
            Everybody::Asked(_) => self.asks_for_all() && !refused,
            // Refused, or all there is; but Neutron filters without a word.
            Everybody::Operators if self.system && listing.service != Service::Network => self.asks_for_all() && !refused,
            Everybody::Silent(_) | Everybody::Operators => self.asks_for_all() && privileged && !refused,
        };
        if sees_all && self.domain && listing.name == "projects" {
            let error = format!("only projects that {} sees; sign in to a project or the system to see all", self.scope);
            return (Some("projects of the domain".to_owned()), Listed::Partial { errors: vec![error] });
        }
        match (sees_all, self.projects) {
            (true, _) => (Some("all projects".to_owned()), Listed::Complete),
            (false, Projects::Own) => {
                let shared = matches!(listing.service, Service::Network | Service::Image);
                let left_out = if shared { "; shared and public ones of others are left out" } else { "" };
                (Some(format!("own project, as set{left_out}")), Listed::Complete)
            }
            (false, _) => {
                let scope = &self.scope;
                let error = if refused && privileged {
                    // Heat is shipped so, for everybody who signs in to a project.
                    let rule = if listing.service == Service::Orchestration { " (rule stacks:global_index)" } else { "" };
                    format!(
                        "only what {scope} sees; the {} service's policy refuses it every project's{rule}",
                        listing.service
                    )
                } else if self.project.is_some() {
                    format!(
                        "only what {scope} sees; for every project it needs the role admin, and if this is all there is to \
                         see, set projects=own"
                    )
                } else {
                    format!(
                        "only what {scope} sees; for every project it needs the role admin in a project or the system, and \
                         if its roles show every project, set projects=all"
                    )
                };
                let reach = if self.project.is_some() { "own project only" } else { "what the sign-in sees" };
                (Some(reach.to_owned()), Listed::Partial { errors: vec![error] })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::listings::listing;
    use super::*;

    fn reach(privileged: bool, project: Option<&str>, system: bool, domain: bool) -> Reach {
        let (user, scope, project) = ("u".to_owned(), "x".to_owned(), project.map(str::to_owned));
        Reach { projects: Projects::Auto, privileged, user, scope, project, system, domain }
    }

    fn complete(reach: &Reach, name: &str) -> bool {
        reach.of_listing(listing(name).expect(name), false).1.is_complete()
    }

    #[test]
    fn what_filters_without_a_word_is_whole_for_admins_only() {
        let admin = reach(true, Some("p"), false, false);
        let reader = reach(false, None, true, false);
        for name in ["servers", "projects", "hypervisors"] {
            assert!(complete(&admin, name) && complete(&reader, name), "{name}");
        }
        for name in ["ports", "images", "volumes", "agents", "compute_quotas"] {
            assert!(complete(&admin, name) && !complete(&reader, name), "{name}");
        }
        assert!(!reader.sees_what_it_should(), "a 404 may be another's");
    }

    #[test]
    fn projects_of_a_domain_are_not_all() {
        let of_domain = Reach { projects: Projects::All, ..reach(true, None, false, true) };
        let (reach, listed) = of_domain.of_listing(listing("projects").expect("projects"), false);
        assert_eq!(reach.as_deref(), Some("projects of the domain"));
        assert!(matches!(listed, Listed::Partial { .. }));
        assert!(complete(&of_domain, "ports"), "as a person said");
    }

    #[test]
    fn another_projects_record_is_told_by_its_owner() {
        let own = Reach { projects: Projects::Own, ..reach(true, Some("p"), false, false) };
        let servers = listing("servers").expect("servers");
        assert!(own.is_anothers(servers, r#"{"id": "s", "tenant_id": "q"}"#));
        assert!(!own.is_anothers(servers, r#"{"id": "s", "tenant_id": "p"}"#));
        assert!(!reach(true, Some("p"), false, false).is_anothers(servers, r#"{"id": "s", "tenant_id": "q"}"#));
        let nowhere = Reach { project: None, ..own };
        assert!(nowhere.without_project().is_some_and(|error| error.contains("sign in to a project")));
    }
}
