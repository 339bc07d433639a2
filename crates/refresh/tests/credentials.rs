//! What refreshes show of a provider's credentials, kept with the provider, on both databases.
#![allow(clippy::unwrap_used)]

mod support;

use stocktake_fakecloud::{Fault, FaultRule, Service};
use stocktake_store::registry::{self, CredentialState, RunFilter, RunState, Standing};
use stocktake_testkit::{TestDatabase, postgres, sqlite};
use support::World;

/// No patience, so that a fault that stays is soon told.
const IMPATIENT: [(&str, &str); 3] = [("timeout", "0.3"), ("attempts", "2"), ("longest_wait", "0.1")];
const STRANGER: [(&str, &str); 1] = [("username", "nobody")];

async fn after(world: &World, settings: &[(&str, &str)]) -> Standing {
    world.refresh_as(settings, stocktake_model::Scope::Full).await;
    registry::get(&world.store, world.provider_id).await.unwrap().credentials
}

async fn runs_tell(database: TestDatabase) {
    let world = World::small(database).await;
    let control = world.cloud.control();
    assert_eq!(after(&world, &[]).await.state, CredentialState::Valid);

    // One service that fails says nothing of the credentials.
    control.add_fault(FaultRule::new(Fault::ServerError(503)).service(Service::Volume));
    assert_eq!(after(&world, &IMPATIENT).await, Standing { state: CredentialState::Valid, message: None, failures: 0 });
    control.clear_faults();

    control.add_fault(FaultRule::new(Fault::ServerError(503)).service(Service::Identity));
    for failures in 1..=4 {
        let standing = after(&world, &IMPATIENT).await;
        let state = if failures < 3 { CredentialState::Valid } else { CredentialState::Unreachable };
        assert_eq!((standing.state, standing.failures), (state, failures), "{standing:?}");
        assert!(!standing.stops_workers() && standing.message.is_some(), "{standing:?}");
    }
    control.clear_faults();
    assert_eq!(after(&world, &[]).await.state, CredentialState::Valid);

    let once = after(&world, &STRANGER).await;
    assert!(once.state == CredentialState::Invalid && once.wants_confirmation() && !once.stops_workers(), "{once:?}");
    assert!(once.message.as_deref().is_some_and(|why| why.contains("401")), "{once:?}");
    let last = RunFilter { limit: Some(1), ..RunFilter::default() };
    let run = registry::list_runs(&world.store, &last).await.unwrap().remove(0);
    assert_eq!(run.state, RunState::Failed);
    assert!(run.usage.calls > 0, "calls were made, whatever came of them");
    assert!(after(&world, &STRANGER).await.stops_workers());
    assert_eq!(after(&world, &[]).await.state, CredentialState::Valid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_tell_on_sqlite() {
    runs_tell(sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_tell_on_postgres() {
    runs_tell(postgres().await).await;
}
