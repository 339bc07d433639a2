use stocktake_store::fleet::{self, ServerState};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, NONE, World};

pub(crate) async fn a_server_lives_as_long_as_its_lease(database: TestDatabase) {
    let world = World::new(database).await;
    let (kept, lost) = (world.server("kept", LONG).await, world.server("lost", NONE).await);
    fleet::renew_server(&world.store, kept, ServerState::Running, (10, 20), LONG).await.unwrap();
    assert_eq!(fleet::settle_lost_servers(&world.store).await.unwrap(), 1);
    assert_eq!(fleet::settle_lost_servers(&world.store).await.unwrap(), 0, "once is enough");
    let living = fleet::servers(&world.store, false).await.unwrap();
    assert_eq!(living.iter().map(|s| s.id).collect::<Vec<_>>(), [kept]);
    assert!(living[0].works());
    assert_eq!((living[0].rss_bytes, living[0].cpu_millis, living[0].roles.len()), (Some(10), Some(20), 1));
    let all = fleet::servers(&world.store, true).await.unwrap();
    let gone = all.iter().find(|s| s.id == lost).expect("its row stays");
    assert_eq!((gone.state, gone.alive, gone.works()), (ServerState::Lost, false, false));
    assert_eq!(fleet::purge_servers(&world.store, LONG).await.unwrap(), 0, "too young");
    assert_eq!(fleet::purge_servers(&world.store, NONE).await.unwrap(), 1);
}

pub(crate) async fn one_that_was_taken_for_lost_may_come_back(database: TestDatabase) {
    let world = World::new(database).await;
    let server = world.server("slow", NONE).await;
    fleet::settle_lost_servers(&world.store).await.unwrap();
    fleet::renew_server(&world.store, server, ServerState::Running, (0, 0), LONG).await.unwrap();
    let living = fleet::servers(&world.store, false).await.unwrap();
    assert!(living.len() == 1 && living[0].works() && living[0].ended_on.is_none() && living[0].end_reason.is_none());
}

pub(crate) async fn an_end_frees_what_was_assigned(database: TestDatabase) {
    let world = World::new(database).await;
    let (first, second) = (world.server("a", LONG).await, world.server("b", LONG).await);
    assert!(fleet::take(&world.store, "role:scheduler", first, LONG).await.unwrap().is_some());
    assert_eq!(fleet::take(&world.store, "role:scheduler", second, LONG).await.unwrap(), None);
    fleet::end_server(&world.store, first, "asked to stop").await.unwrap();
    assert!(fleet::take(&world.store, "role:scheduler", second, LONG).await.unwrap().is_some());
    let all = fleet::servers(&world.store, true).await.unwrap();
    let ended = all.iter().find(|s| s.id == first).unwrap();
    assert_eq!((ended.state, ended.end_reason.as_deref()), (ServerState::Stopped, Some("asked to stop")));
}
