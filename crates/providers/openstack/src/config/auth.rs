//! Who signs in, how, and to what: the choice between ways, made from the settings.

use stocktake_provider::{Configuration, ConnectError, Secret};

use super::read::{missing, wrong};

/// A thing Keystone knows by id, or by a name within a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    Id(String),
    Name { name: String, domain: Domain },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    Id(String),
    Name(String),
}

/// How to sign in.
#[derive(Debug, Clone)]
pub enum Method {
    Password { user: Named, password: Secret },
    ApplicationCredential { credential: Credential, secret: Secret },
    Token(Secret),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    Id(String),
    Name { name: String, user: Named },
}

/// What the token shall be good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInScope {
    Project(Named),
    Domain(Domain),
    System,
    /// Whatever Keystone gives: the user's default project, an application credential's own project, or nothing.
    Default,
}

impl Method {
    pub(super) fn read(c: &Configuration) -> Result<Self, ConnectError> {
        match auth_type(c)? {
            AuthType::Password => {
                Ok(Self::Password { user: user(c)?, password: secret(c, "password", "give the user's password")? })
            }
            AuthType::ApplicationCredential => {
                let secret = secret(c, "application_credential_secret", "give the credential's secret")?;
                let credential = match (c.setting("application_credential_id"), c.setting("application_credential_name")) {
                    (Some(id), _) => Credential::Id(id.to_owned()),
                    (None, Some(name)) => Credential::Name { name: name.to_owned(), user: user(c)? },
                    (None, None) => {
                        return Err(missing("application_credential_id", "give the credential's id, or its name and user"));
                    }
                };
                Ok(Self::ApplicationCredential { credential, secret })
            }
            AuthType::Token => Ok(Self::Token(secret(c, "token", "give a token, or sign in another way")?)),
        }
    }
}

impl SignInScope {
    pub(super) fn read(c: &Configuration) -> Result<Self, ConnectError> {
        if auth_type(c)? == AuthType::ApplicationCredential {
            // It carries its own project; Keystone refuses a request for another.
            return Ok(Self::Default);
        }
        if let Some(all) = c.setting("system_scope") {
            return if all == "all" { Ok(Self::System) } else { Err(wrong("system_scope", all, "only 'all' is known")) };
        }
        if let Some(project) = named(c, "project_id", "project_name", &["project_domain", "domain"]) {
            return Ok(Self::Project(project));
        }
        Ok(domain(c, &["domain"]).map_or(Self::Default, Self::Domain))
    }
}

#[derive(PartialEq, Eq)]
enum AuthType {
    Password,
    ApplicationCredential,
    Token,
}

fn auth_type(c: &Configuration) -> Result<AuthType, ConnectError> {
    match c.setting("auth_type") {
        Some("password" | "v3password") => Ok(AuthType::Password),
        Some("v3applicationcredential" | "application_credential") => Ok(AuthType::ApplicationCredential),
        Some("token" | "v3token") => Ok(AuthType::Token),
        Some(other) => {
            Err(wrong("auth_type", other, "use password, v3applicationcredential or v3token; others are not supported"))
        }
        None if c.secret("application_credential_secret").is_some() => Ok(AuthType::ApplicationCredential),
        None if c.secret("token").is_some() && c.secret("password").is_none() => Ok(AuthType::Token),
        None => Ok(AuthType::Password),
    }
}

fn user(c: &Configuration) -> Result<Named, ConnectError> {
    named(c, "user_id", "username", &["user_domain", "domain"])
        .ok_or_else(|| missing("username", "give the user's name, or user_id"))
}

fn named(c: &Configuration, id: &str, name: &str, domains: &[&str]) -> Option<Named> {
    if let Some(id) = c.setting(id) {
        return Some(Named::Id(id.to_owned()));
    }
    let name = c.setting(name)?.to_owned();
    let domain = domain(c, domains).unwrap_or_else(|| Domain::Id("default".to_owned()));
    Some(Named::Name { name, domain })
}

/// The first of these that is given. `domain` stands for all where nothing more precise is said, as other clients have it.
fn domain(c: &Configuration, prefixes: &[&str]) -> Option<Domain> {
    prefixes.iter().find_map(|prefix| {
        let id = c.setting(&format!("{prefix}_id")).map(|id| Domain::Id(id.to_owned()));
        id.or_else(|| c.setting(&format!("{prefix}_name")).map(|name| Domain::Name(name.to_owned())))
    })
}

fn secret(c: &Configuration, name: &str, advice: &str) -> Result<Secret, ConnectError> {
    c.secret(name).cloned().ok_or_else(|| missing(name, advice))
}
