//! Who may ask: users, passwords, tokens and what a role allows.
//!
//! Tokens are the one thing kept in memory per client; everything about a user follows from its index. Must not know
//! which service asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::ids::{Kind, Place, mix};
use crate::world::{FIRST_TENANT, FIRST_TENANT_USER, SERVICE_USERS, View};

/// Every user's password.
pub const PASSWORD: &str = "secret";
/// The secret of every application credential; a user's credential id is its user id, its name `stocktake`.
pub const APPLICATION_SECRET: &str = "application-secret";

/// What a token was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Project(u32),
    Domain,
    System,
    Unscoped,
}

/// What a token says about its bearer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bearer {
    pub user: u32,
    pub scope: Scope,
    pub expires: u64,
    pub method: &'static str,
    /// Whether the user had the admin's role when it was last asked.
    pub admin: bool,
}

impl Bearer {
    pub(crate) fn is_admin(&self) -> bool {
        self.admin
    }

    pub(crate) fn project(&self) -> Option<u32> {
        match self.scope {
            Scope::Project(p) => Some(p),
            _ => None,
        }
    }
}

/// The tokens that are valid now.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    valid: Mutex<HashMap<String, Bearer>>,
    issued: AtomicU64,
    /// The user `admin` has lost that role. As with Keystone's Fernet tokens, older ones stay good for what is left.
    demoted: AtomicBool,
}

impl Tokens {
    pub(crate) fn issue(&self, seed: u64, now: u64, bearer: Bearer) -> String {
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let part = |salt| mix(seed ^ number, Place::new(Kind::User, bearer.user), salt);
        let token = format!("gAAAAAB{:016x}{:016x}{number:x}", part(1), part(2));
        let mut valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        valid.retain(|_, b| b.expires > now);
        valid.insert(token.clone(), bearer);
        token
    }

    pub(crate) fn find(&self, token: &str, now: u64) -> Option<Bearer> {
        let valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        let bearer = valid.get(token).copied().filter(|b| b.expires > now)?;
        Some(Bearer { admin: self.is_admin(bearer.user), ..bearer })
    }

    pub(crate) fn is_admin(&self, user: u32) -> bool {
        user < FIRST_TENANT_USER && (user != 0 || !self.demoted.load(Ordering::Acquire))
    }

    pub(crate) fn demote_admin(&self) {
        self.demoted.store(true, Ordering::Release);
    }

    pub(crate) fn revoke(&self, token: &str) -> bool {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner).remove(token).is_some()
    }

    /// Forgets every token: the next use of any of them gets a 401, and logging in again works.
    pub(crate) fn revoke_all(&self) -> usize {
        let mut valid = self.valid.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *valid).len()
    }
}

/// `admin`, `nova`, `tenant-01-user`.
pub(crate) fn user_name(user: u32) -> String {
    match (user, user.checked_sub(FIRST_TENANT_USER)) {
        (0, _) => "admin".to_owned(),
        (_, Some(tenant)) => format!("tenant-{:02}-user", tenant + 1),
        (u, None) => SERVICE_USERS[u as usize - 1].to_owned(),
    }
}

/// `admin`, `service`, `tenant-01`.
pub(crate) fn project_name(project: u32) -> String {
    match project {
        0 => "admin".to_owned(),
        1 => "service".to_owned(),
        p => format!("tenant-{:02}", p - FIRST_TENANT + 1),
    }
}

/// The tenant's own user.
pub(crate) fn user_of_project(project: u32) -> u32 {
    project.checked_sub(FIRST_TENANT).map_or(0, |tenant| FIRST_TENANT_USER + tenant)
}

/// The projects a user has a role in.
pub(crate) fn projects_of(view: &View<'_>, user: u32) -> Vec<u32> {
    match (user, user.checked_sub(FIRST_TENANT_USER)) {
        (0, _) => (0..view.projects()).filter(|p| *p != 1).collect(),
        (_, Some(tenant)) => vec![FIRST_TENANT + tenant],
        _ => vec![1],
    }
}

pub(crate) fn find_user(view: &View<'_>, key: &str) -> Option<u32> {
    let by_id = view.place(key).filter(|p| p.kind == Kind::User && view.exists(*p)).map(|p| p.index);
    by_id.or_else(|| (0..view.span(Kind::User)).find(|u| user_name(*u) == key))
}

pub(crate) fn find_project(view: &View<'_>, key: &str) -> Option<u32> {
    let there = |p: &u32| view.exists(Place::new(Kind::Project, *p));
    let by_id = view.place(key).filter(|p| p.kind == Kind::Project).map(|p| p.index);
    by_id.or_else(|| (0..view.projects()).find(|p| project_name(*p) == key)).filter(there)
}

/// A user's roles; `admin`: as long as it has that one.
pub(crate) fn roles_of(user: u32, admin: bool) -> &'static [(u32, &'static str)] {
    match user {
        0 if !admin => &[(1, "member"), (2, "reader")],
        0 => &[(0, "admin"), (1, "member"), (2, "reader")],
        u if u < FIRST_TENANT_USER => &[(0, "admin")],
        _ => &[(1, "member"), (2, "reader")],
    }
}
