//! Asking the cloud: which listings there are, how far the credential sees, and what was seen of the whole.
//!
//! Knows pages, not records: of a record only its id is read here, to follow pages and to know targets. Nothing is
//! dropped silently: a listing that could not be read to its end says so, and licenses no deletion.

mod collections;
mod fan_out;
mod full;
mod listings;
mod outcome;
pub(crate) mod page;
mod reach;
mod server_faults;
mod stacks;
mod targeted;
mod walk;

use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use stocktake_model::{Scope, Target};
use stocktake_provider::{BoxFuture, Collected, PageSink, Progress, ProviderError};

use crate::api::Api;
pub(crate) use collections::{cost, listable};
pub(crate) use listings::{Everybody, LISTINGS, Listing, OF_ONE, Whose, comes_with_its_owner, feeds, listing};
pub(crate) use reach::{Projects, Reach};
pub(crate) use targeted::TARGETABLE;

use outcome::Outcomes;

/// One run: what everything in it shares.
pub(crate) struct Run<'a> {
    pub(crate) api: &'a Api,
    pub(crate) reach: Reach,
    pub(crate) sink: &'a dyn PageSink,
    pub(crate) outcomes: Outcomes,
    /// Whether a server was seen that has volumes.
    pub(crate) has_attached_volumes: AtomicBool,
    /// Records handed on, by listing and id: in a run with single targets several may lead to one, and it is parsed once.
    pub(crate) sent: Mutex<HashSet<(&'static str, String)>>,
}

/// Collections that several services feed, where one that the cloud does not have takes nothing away: whatever its rows
/// belonged to was not seen either, and what was not seen keeps its own. Of services, zones and quotas that is not true,
/// nor of disks that are volumes.
const SILENT: [&str; 2] = ["labels", "hardwares"];

/// Reads what the scope asks for.
///
/// Fails only when nothing can be asked: no sign-in.
pub(crate) async fn collect(
    api: &Api,
    projects: Projects,
    scope: &Scope,
    sink: &dyn PageSink,
) -> Result<Collected, ProviderError> {
    let before = api.usage();
    let mut notices = api.notices();
    // A worker stays connected for days; roles are asked for anew, or a run would claim to see what it no longer may.
    let session = api.sign_in().await?;
    let run = Run {
        api,
        reach: Reach::of(&session, projects),
        sink,
        outcomes: Outcomes::default(),
        has_attached_volumes: AtomicBool::new(false),
        sent: Mutex::default(),
    };
    {
        let mut work = std::pin::pin!(ask(&run, scope));
        loop {
            tokio::select! {
                () = &mut work => break,
                Ok(notice) = notices.recv() => sink.progress(Progress::Notice(notice)),
            }
        }
    }
    let mut silent = SILENT.to_vec();
    if !run.has_attached_volumes.load(Relaxed) {
        silent.push("disks");
    }
    if api.has_lost_reach(&session) {
        run.outcomes.doubt("the sign-in lost a role or its scope while the run went on; what it did not see is unknown");
    }
    let mut collected = run.outcomes.collected(&silent);
    collected.usage = api.usage().since(before);
    Ok(collected)
}

/// Waits for all of these, a few at a time. Boxed: each is another type otherwise, and their borrows would have to be
/// named.
async fn all_of(futures: Vec<BoxFuture<'_, ()>>, at_once: usize) {
    stream::iter(futures).buffer_unordered(at_once).collect::<()>().await;
}

async fn ask(run: &Run<'_>, scope: &Scope) {
    match scope {
        Scope::Full => full::collect(run).await,
        Scope::Targets(targets) if targets.iter().any(Target::is_whole) => collections::collect(run, targets).await,
        Scope::Targets(targets) => targeted::collect(run, targets).await,
    }
}
