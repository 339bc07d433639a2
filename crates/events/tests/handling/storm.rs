use stocktake_queue::JobId;
use stocktake_refresh::requests::{self, Ask};
use stocktake_testkit::TestDatabase;

use super::support::{World, power};

/// Events about more objects than a run takes: each batch leaves rows, and the run is given one.
pub(crate) async fn so_many_objects_become_their_collection(database: TestDatabase) {
    const BATCH: usize = 1_000;
    let world = World::new(database).await;
    let batch =
        |from: usize| (from..from + BATCH).map(|n| power(&format!("k{n}"), &format!("vm-{n:06}"))).collect::<Vec<_>>();
    for from in (0..requests::MANY).step_by(BATCH) {
        world.handle(&batch(from)).await;
    }
    let none = requests::condense(&world.store, world.provider, &["vms"]).await.unwrap();
    assert!(none.is_empty(), "just so many are left to be reckoned");
    world.handle(&[power("one more", "vm-x"), power("v", "vm-000007")]).await;
    let none = requests::condense(&world.store, world.provider, &["flavors"]).await.unwrap();
    assert!(none.is_empty(), "what cannot be asked for whole stays as it is");
    assert_eq!(requests::condense(&world.store, world.provider, &["vms"]).await.unwrap(), ["vms"]);
    let attempt = requests::Attempt { job: JobId(1), token: 1 };
    let claimed = requests::claim(&world.store, world.provider, attempt).await.unwrap();
    let asks: Vec<_> = claimed.iter().map(|asked| (&asked.ask, asked.trigger.as_str())).collect();
    assert_eq!(asks, [(&Ask::Collection("vms".to_owned()), "event")]);
    // What comes while it is served stays for the next run.
    world.handle(&[power("meanwhile", "vm-000001")]).await;
    // An attempt that was taken over neither takes away nor gives back nor takes what the next one holds.
    let late = requests::Attempt { token: 0, ..attempt };
    let nothing = requests::served(world.store.kind(), late, claimed.iter().map(|asked| asked.id).collect());
    assert_eq!(world.store.batch(&[nothing]).await.unwrap(), [0]);
    assert_eq!(requests::release(&world.store, late).await.unwrap(), 0);
    let left = requests::claim(&world.store, world.provider, late).await.unwrap();
    assert!(left.iter().all(|asked| asked.id != claimed[0].id), "{left:?}");
    let served = requests::served(world.store.kind(), attempt, claimed.iter().map(|asked| asked.id).collect());
    world.store.batch(&[served]).await.unwrap();
    assert_eq!(world.asked().await, ["vms=vm-000001 1"]);
}
