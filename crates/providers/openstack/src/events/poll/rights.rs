//! With which rights a listing was asked for, as a digest: what is missing under other rights is unseen, and not gone.

use xxhash_rust::xxh3::xxh3_64;

use crate::api::Session;
use crate::collect::Whose;

/// What a recount says.
pub(super) const OTHER: &str = "the credential sees it with other rights than before";

/// Of a sign-in. Some services leave out without a word what the roles do not allow.
pub(super) fn rights(session: &Session) -> u64 {
    let mut roles: Vec<_> = session.roles.iter().map(|role| role.to_ascii_lowercase()).collect();
    roles.sort_unstable();
    xxh3_64(format!("{}\n{}", session.scope(), roles.join("\n")).as_bytes())
}

/// Of a question.
pub(super) fn reach(rights: u64, whose: Whose<'_>) -> u64 {
    let whose = match whose {
        Whose::Everybody => "everybody",
        Whose::Project(project) => project,
        Whose::Shown => "shown",
    };
    xxh3_64(format!("{rights:016x} {whose}").as_bytes())
}
